import numpy as np
import pytest
from scipy.stats import norm, t

from mental_health_classifier.contracts import Predictions, Task
from mental_health_classifier.evaluation.intervals import (
    author_numbers,
    draw_by_author,
    hull,
    wilson_interval,
)


def predictions_by(authors):
    n = 4 if authors is None else len(authors)
    return Predictions(
        part="test",
        task=Task.categorical("diagnosis", ("control", "suicide"), "suicide"),
        post_ids=[f"post-{i}" for i in range(n)],
        authors=authors,
        labels=np.zeros(n, dtype=np.int64),
        probabilities=np.full((n, 2), 0.5),
    )


def weighted_mean_of(values):
    return lambda weights: {"mean": weights @ values / weights.sum(axis=1)}


@pytest.mark.parametrize(
    ("successes", "n", "low", "high"),
    [(45, 50, 0.7864, 0.9565), (50, 50, 0.9287, 1.0), (0, 50, 0.0, 0.0713), (1, 2, 0.0945, 0.9055)],
)
def test_wilson_interval_has_its_published_values(successes, n, low, high):
    interval = wilson_interval(successes, n)
    assert interval == pytest.approx((low, high), abs=5e-5)
    assert interval[0] >= 0 and interval[1] <= 1


def test_the_hull_of_intervals_holds_both_and_takes_what_is_known():
    assert hull((0.2, 0.5), (0.3, 0.6)) == (0.2, 0.6)
    assert hull(None, (0.3, 0.6)) == (0.3, 0.6)
    assert hull((0.2, 0.5), None) == (0.2, 0.5)
    assert hull(None, None) is None


def test_posts_of_one_author_form_a_group():
    assert author_numbers(predictions_by(["b", "a", "b", "c"])).tolist() == [0, 1, 0, 2]


def test_posts_without_a_known_author_stand_for_themselves():
    assert author_numbers(predictions_by(None)).tolist() == [0, 1, 2, 3]
    groups = author_numbers(predictions_by(["a", None, "", float("nan"), "a"]))
    assert groups.tolist() == [0, 1, 2, 3, 0]


def test_the_bootstrap_of_a_mean_has_the_width_that_theory_gives():
    values = np.random.default_rng(1).normal(size=400)
    low, high = draw_by_author(weighted_mean_of(values), np.arange(400), draws=4000).interval(
        "mean"
    )
    half_width = 1.96 * values.std() / np.sqrt(400)
    assert (low, high) == pytest.approx(
        (values.mean() - half_width, values.mean() + half_width), abs=0.1 * half_width
    )


def test_the_bootstrap_agrees_with_a_plain_loop_over_authors():
    generator = np.random.default_rng(2)
    groups = np.sort(generator.integers(30, size=120))
    groups = np.unique(groups, return_inverse=True)[1]
    values = generator.normal(size=120) + groups % 3
    posts_of = [np.flatnonzero(groups == group) for group in range(groups.max() + 1)]
    means = []
    for _ in range(5000):
        authors = generator.integers(len(posts_of), size=len(posts_of))
        means.append(np.concatenate([values[posts_of[author]] for author in authors]).mean())
    # Few authors: quantiles of t in place of the normal, and a variance of n - 1.
    sizes = np.bincount(groups)
    few = sizes.sum() ** 2 / (sizes**2).sum()
    level = norm.cdf(t.ppf(0.025, few - 1) * np.sqrt(few / (few - 1)))
    low, high = np.quantile(means, [level, 1 - level])
    interval = draw_by_author(weighted_mean_of(values), groups, draws=5000).interval("mean")
    assert interval == pytest.approx((low, high), abs=0.05 * (high - low))


def test_alike_posts_of_few_authors_say_less_than_as_many_posts_of_many():
    groups = np.repeat(np.arange(20), 10)
    values = np.repeat(np.random.default_rng(3).normal(size=20), 10)

    def width(of_groups):
        interval = draw_by_author(weighted_mean_of(values), of_groups, draws=2000).interval("mean")
        return interval[1] - interval[0]

    # Ten equal posts an author: as if there were a tenth of the posts, hence sqrt(10) times wider,
    # and a little more, because twenty people are few: t has 19 degrees of freedom in place of 199.
    few = t.ppf(0.975, 19) * np.sqrt(20 / 19) / (t.ppf(0.975, 199) * np.sqrt(200 / 199))
    assert width(groups) / width(np.arange(200)) == pytest.approx(np.sqrt(10) * few, rel=0.1)


def test_every_draw_holds_each_kind_of_post():
    is_priority = np.arange(50) == 7
    seen = []

    def count(weights):
        seen.append((weights @ is_priority, weights @ ~is_priority, weights.sum(axis=1)))
        return {"priority": weights @ is_priority}

    draw_by_author(count, np.arange(50), must_hold=(is_priority, ~is_priority), draws=2000)
    drawn = seen[:-1]  # the last are the posts as they are
    priority, others, total = (np.concatenate(counts) for counts in zip(*drawn, strict=True))
    assert len(total) == 2000
    assert priority.min() >= 1 and others.min() >= 1
    assert (total == 50).all()
    # Drawn again and not topped up: the count is binomial given that it is not zero.
    assert (priority == 1).mean() == pytest.approx(50 * 0.02 * 0.98**49 / (1 - 0.98**50), abs=0.04)


def test_what_is_the_same_in_every_draw_has_no_interval():
    one_author = draw_by_author(
        weighted_mean_of(np.array([0.0, 1.0])), np.zeros(2, dtype=int), draws=100
    ).intervals()
    assert one_author == {}


def test_draws_that_leave_a_number_undefined_are_left_out_of_its_interval():
    intervals = draw_by_author(
        lambda weights: {"mean": np.where(weights[:, 0] > 0, weights[:, 0], np.nan)},
        np.arange(5),
        draws=500,
    ).intervals()
    assert intervals["mean"][0] == 1


def test_the_same_posts_are_judged_on_the_same_draws_whatever_the_chunks(monkeypatch):
    values = np.random.default_rng(4).normal(size=60)
    first = draw_by_author(weighted_mean_of(values), np.arange(60), draws=300).intervals()
    again = draw_by_author(weighted_mean_of(values), np.arange(60), draws=300).intervals()
    monkeypatch.setattr("mental_health_classifier.evaluation.intervals.CELLS_AT_A_TIME", 60 * 7)
    in_chunks = draw_by_author(weighted_mean_of(values), np.arange(60), draws=300).intervals()
    assert first == again == in_chunks
