"""Verdicts against SciPy's t tests, against values worked by hand, and in simulated worlds."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import norm, t, ttest_ind, ttest_rel

from mental_health_classifier.contracts import InputError, Predictions, Task
from mental_health_classifier.evaluation.verdict import (
    MeasuredModel,
    measured_model,
    verdict_on,
)

TASK = Task.categorical("condition", ("control", "suicide"), "suicide")
KEY = "recall_at_spec80"
DRAWS = 2000


def predictions(scores, labels, authors=None) -> Predictions:
    scores = np.asarray(scores, dtype=float)
    return Predictions(
        part="test",
        task=TASK,
        post_ids=[f"p{row}" for row in range(len(scores))],
        authors=authors,
        labels=np.asarray(labels),
        probabilities=np.column_stack([1 - scores, scores]).round(6),
    )


def configuration(values, *, drawn=None, seeds=None, posts=2000, **changes) -> list[MeasuredModel]:
    """Models with these numbers, each of other predictions."""
    # Of so many posts that their steps are of no account, unless said.
    test = predictions([0.1] * posts + [0.9] * posts, [0] * posts + [1] * posts)
    generator = np.random.default_rng(abs(hash(tuple(values))) % 2**32)
    # Unless said, draws of a number that other authors would hardly change.
    drawn = generator.normal(size=(len(values), DRAWS)) * 1e-9 if drawn is None else drawn
    return [
        MeasuredModel(
            replace(test, probabilities=np.tile([x, 1 - x], (2 * posts, 1))),
            {KEY: value},
            {KEY: drawn[place]},
            None if seeds is None else seeds[place],
            **changes,
        )
        for place, (value, x) in enumerate(zip(values, generator.random(len(values)), strict=True))
    ]


OF_FEW = 2000 / 1999
"""By what the variance of draws of 2,000 authors is too small."""
FIRST, SECOND = [0.81, 0.84, 0.79, 0.86], [0.76, 0.80, 0.78, 0.77]


def test_without_doubt_about_authors_equal_seeds_are_the_paired_t_test() -> None:
    seeds = [1, 2, 3, 10]
    other = configuration(SECOND, seeds=seeds)[::-1]  # in whatever order
    found = verdict_on(configuration(FIRST, seeds=seeds), other, KEY)
    wanted = ttest_rel(FIRST, SECOND).confidence_interval(0.95)
    assert found.interval == pytest.approx((wanted.low, wanted.high))
    assert found.is_paired and found.difference == pytest.approx(0.0475)


def test_without_doubt_about_authors_other_seeds_are_welchs_t_test() -> None:
    sides = configuration(FIRST, seeds=[1, 2, 3, 4]), configuration(SECOND, seeds=[5, 6, 7, 8])
    found = verdict_on(*sides, KEY, questions=3)
    wanted = ttest_ind(FIRST, SECOND, equal_var=False).confidence_interval(1 - 0.05 / 3)
    assert found.interval == pytest.approx((wanted.low, wanted.high))
    assert not found.is_paired and found.confidence == pytest.approx(1 - 0.05 / 3)


def test_two_fixed_models_differ_by_what_other_authors_make_of_them() -> None:
    drawn = np.random.default_rng(0).normal(size=(2, DRAWS)) * 0.03
    sides = [
        configuration([value], drawn=[each], is_deterministic=True)
        for value, each in zip((0.9, 0.8), drawn, strict=True)
    ]
    found = verdict_on(*sides, KEY)
    half = norm.ppf(0.975) * np.std(drawn[0] - drawn[1], ddof=1) * OF_FEW**0.5
    assert found.interval == pytest.approx((0.1 - half, 0.1 + half))
    assert (found.word, found.seeds_deviation) == ("better", 0)


def test_variances_add_up_and_degrees_of_freedom_are_those_of_satterthwaite() -> None:
    # Both seeds of the first move with the authors by one and the same amount: variance .0004,
    # once what draws of so many authors lack is made good.
    common = np.random.default_rng(1).normal(size=DRAWS)
    common = (common - common.mean()) / common.std(ddof=1) * 0.02 / OF_FEW**0.5
    sides = (
        configuration([0.80, 0.84, 0.82], drawn=[common] * 3, seeds=[1, 2, 3]),
        configuration([0.70], is_deterministic=True),
    )
    found = verdict_on(*sides, KEY)
    # .04**2 = .0016 would be two seeds' range; the variance of a seed is .0004, of three a third.
    total = 0.0004 + 0.0004 / 3
    freedom = total**2 / ((0.0004 / 3) ** 2 / 2)
    assert freedom == pytest.approx(32)
    half = t.ppf(0.975, 32) * total**0.5
    assert found.interval == pytest.approx((0.12 - half, 0.12 + half))
    assert found.authors_deviation == pytest.approx(0.02)
    assert found.seeds_deviation == pytest.approx((0.0004 / 3) ** 0.5)


@pytest.mark.parametrize(
    ("shift", "margin", "word"),
    [
        (0.1, 0.02, "better"),
        (-0.1, 0.02, "worse"),
        (0.0, 0.02, "not shown"),
        (0.0, 0.06, "tie"),
        (0.03, 0.06, "not shown"),  # not shown to differ, and not within the margin either
        (0.08, 0.2, "better"),  # a difference that is shown is none that may be passed over
    ],
)
def test_the_word_is_what_the_whole_interval_says(shift: float, margin: float, word: str) -> None:
    # Paired differences of shift +- .02 over five seeds: half-width 2.776 * .0316 / sqrt 5 = .039.
    seeds = [1, 2, 3, 4, 5]
    around = np.array([-0.04, -0.02, 0, 0.02, 0.04]) + shift
    second = configuration([0.5] * 5, seeds=seeds)
    found = verdict_on(configuration(around + 0.5, seeds=seeds), second, KEY, margin=margin)
    assert (found.word, found.margin) == (word, margin)


def test_one_seed_of_many_shows_nothing_however_large_the_difference() -> None:
    found = verdict_on(configuration([0.9]), configuration([0.1, 0.11, 0.12]), KEY)
    assert (found.word, found.lacks, found.seeds_needed) == ("not shown", "seeds", None)
    assert found.seeds_deviation is None and "two seeds or more" in found.explanation


def test_seeds_that_predict_the_same_are_one_model_without_variance() -> None:
    fixed = configuration([0.7]) * 4
    found = verdict_on(configuration(FIRST, seeds=[1, 2, 3, 4]), fixed, KEY)
    assert found.num_models == (4, 1) and found.word == "better"
    half = t.ppf(0.975, 3) * np.std(FIRST, ddof=1) / 2
    assert found.interval == pytest.approx((0.125 - half, 0.125 + half))


def test_seeds_of_one_number_are_no_surer_than_the_steps_it_comes_in() -> None:
    # Five priority posts: steps of .2, of whose square a twelfth is the least variance.
    seeds = [1, 2, 3]
    sides = [configuration([value] * 3, seeds=seeds, posts=5) for value in (0.8, 0.6)]
    found = verdict_on(*sides, KEY)
    assert found.seeds_deviation == pytest.approx(0.2 / (12 * 3) ** 0.5)


@pytest.mark.parametrize(
    ("posts", "word", "half"),
    [
        (35, "not shown", 0.0989),  # tables of Wilson's interval: up to .0989 of which 0 of 35
        (185, "not shown", 0.0203),
        (200, "tie", 0.0188),
    ],
)
def test_models_that_agree_on_few_posts_are_not_as_good_as_each_other(posts, word, half) -> None:
    # Both find all priority posts in every draw, by other probabilities.
    sides = [
        configuration([1.0], drawn=np.ones((1, DRAWS)), posts=posts, is_deterministic=True)
        for _ in range(2)
    ]
    sides[1] = [
        replace(
            sides[1][0],
            test=replace(sides[1][0].test, probabilities=sides[1][0].test.probabilities[:, ::-1]),
        )
    ]
    found = verdict_on(*sides, KEY)
    assert found.word == word
    assert found.interval == pytest.approx((-half, half), abs=5e-5)
    assert ("more authors in test" in found.explanation) == (word == "not shown")


def test_what_no_draw_of_authors_changes_may_change_with_others() -> None:
    seeds = [1, 2, 3]
    drawn = np.ones((3, DRAWS))
    perfect, other, useless = (
        configuration([value] * 3, seeds=seeds, drawn=drawn, posts=20) for value in (1, 0.9, 0)
    )
    found = verdict_on(perfect, other, KEY)
    assert (found.word, found.lacks) == ("not shown", "authors")
    assert found.interval == pytest.approx((0.1 - 0.1611, 0.1 + 0.1611), abs=5e-5)
    found = verdict_on(useless, perfect, KEY)
    assert found.word == "worse"
    assert found.interval == pytest.approx((-1, -0.8389), abs=5e-5)


def test_the_same_predictions_under_two_names_are_one_model() -> None:
    for seeds in ([1], [1, 2, 3]):
        one, same = (configuration([0.8, 0.9, 0.7][: len(seeds)], seeds=seeds) for _ in range(2))
        found = verdict_on(one, same[::-1], KEY)
        assert (found.word, found.difference, found.interval) == ("tie", 0, None)
        assert "one model" in found.explanation


def test_no_interval_of_a_difference_of_shares_goes_beyond_one() -> None:
    wide = np.random.default_rng(3).normal(size=DRAWS)
    sides = (
        configuration([0.95, 0.99], drawn=[wide] * 2),
        configuration([0.1], is_deterministic=True),
    )
    low, high = verdict_on(*sides, KEY).interval
    assert (low, high) == (-1, 1)


@pytest.mark.parametrize(
    ("seeds", "people", "said"),
    [
        (5, 40, ""),
        (3, 40, "it rests on 3 seeds"),
        (5, 6, "it rests on 6 posts whose authors are not known"),
        (3, 6, "it rests on 3 seeds, where 5 are needed to rely on it and on 6 posts whose"),
    ],
)
def test_a_claim_from_few_seeds_or_few_people_comes_with_a_caution(seeds, people, said) -> None:
    values = np.linspace(0.9, 0.95, seeds)
    first = configuration(values, seeds=range(seeds), posts=people)
    second = configuration([0.1], is_deterministic=True, posts=people)
    found = verdict_on(first, second, KEY)
    assert found.word == "better"
    assert found.explanation == "" if not said else said in found.explanation


def test_the_seeds_needed_are_the_fewest_that_give_the_power() -> None:
    # Differences of mean .04 and deviation .04, no doubt about authors: the power of a paired t
    # test at an effect of one deviation is .77 with 9 seeds and .80 with 10 (any table of it).
    seeds = [1, 2, 3]
    first = configuration([0.5, 0.54, 0.58], seeds=seeds)
    found = verdict_on(first, configuration([0.5] * 3, seeds=seeds), KEY)
    assert found.word == "not shown" and found.seeds_needed == 10
    assert "10 seeds on either side" in found.explanation and "power of .80" in found.explanation


def test_where_posts_are_too_few_no_number_of_seeds_would_do() -> None:
    wide = np.random.default_rng(2).normal(size=DRAWS) * 0.05
    seeds = [1, 2, 3]
    first = configuration([0.5, 0.54, 0.58], drawn=[wide] * 3, seeds=seeds)
    found = verdict_on(first, configuration([0.5] * 3, seeds=seeds), KEY)
    assert (found.word, found.lacks, found.seeds_needed) == ("not shown", "authors", None)
    assert "more authors in test" in found.explanation


def test_other_posts_and_numbers_that_are_not_there_are_refused() -> None:
    other = configuration([0.5, 0.6])
    moved = [
        replace(each, test=replace(each.test, post_ids=[f"p{row}" for row in range(9, 4009)]))
        for each in other
    ]
    with pytest.raises(
        InputError, match="4000 posts and another on 4000, of which 3991 are the sa"
    ):
        verdict_on(other, moved, KEY)
    with pytest.raises(InputError, match="no recall_at_spec80"):
        verdict_on(configuration([np.nan, 0.5]), other, KEY)


POSTS, PRIORITY, SEEDS = 138, 37, 5


def world(generator, *, skills=(1.6, 1.6), is_one_family=False):
    """Two configurations of five seeds on posts that hang together by author.

    What a configuration makes of a post or an author differs between the two, so that they do
    differ on these posts even if they do not on all that could be written.
    """
    labels = np.zeros(POSTS, dtype=np.int64)
    labels[generator.permutation(POSTS)[:PRIORITY]] = 1
    authors = generator.integers(POSTS // 3, size=POSTS)

    def by_author_and_post(size):
        of_author = generator.normal(size=POSTS)[authors]
        return size * (0.7 * of_author + 0.7 * generator.normal(size=POSTS))

    base = by_author_and_post(1.4)
    names = [f"a{author}" for author in authors]
    sides = []
    for place, skill in enumerate(skills):
        own = by_author_and_post(0.6)
        side = []
        for number in range(SEEDS):
            luck = skill + generator.normal() * 0.15
            logits = base + own + generator.normal(size=POSTS) * 0.5 + luck * labels - 1
            scores = 1 / (1 + np.exp(-logits))
            seed = number if is_one_family else 10 * place + number
            side.append(measured_model(predictions(scores, labels, names), seed=seed, draws=400))
        sides.append(side)
    return sides


def share(words, *wanted) -> float:
    return sum(word in wanted for word in words) / len(words)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("command", "is_one_family"), [("impact", True), ("compare --test", False)]
)
def test_equal_configurations_are_seldom_called_different(command, is_one_family, show) -> None:
    # impact takes seeds in pairs; compare --test does where they are the same, and else cannot.
    generator = np.random.default_rng(14)
    equal, different = [], []
    for _ in range(400):
        equal.append(verdict_on(*world(generator, is_one_family=is_one_family), KEY).word)
    for _ in range(100):
        sides = world(generator, skills=(3.0, 1.6), is_one_family=is_one_family)
        different.append(verdict_on(*sides, KEY).word)
    false, true = share(equal, "better", "worse"), share(different, "better")
    show(
        f"{command}: {false:.3f} of equal configurations called different, "
        f"{true:.2f} of better ones found, {share(different, 'worse'):.2f} called worse"
    )
    assert false <= 0.07
    assert true >= 0.6 and share(different, "worse") == 0
