from collections import Counter
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from mental_health_classifier.contracts import InputError, Predictions, Task
from mental_health_classifier.evaluation.folds import (
    FoldMetrics,
    FoldPredictions,
    num_authors,
    numbers_over_folds,
)
from mental_health_classifier.evaluation.intervals import at_weight_one
from mental_health_classifier.evaluation.operating_point import (
    OperatingPoint,
    threshold_for_specificity,
)

TASK = Task.categorical("condition", ("other", "suicide"), "suicide")


def fold_of(labels, scores, *, threshold, first=0, authors=None) -> FoldPredictions:
    scores = np.asarray(scores, dtype=float)
    test = Predictions(
        part="test",
        task=TASK,
        post_ids=[f"post{first + place}" for place in range(len(scores))],
        authors=authors,
        labels=np.asarray(labels),
        probabilities=np.stack([1 - scores, scores], axis=1),
    )
    return FoldPredictions(test, OperatingPoint(threshold))


FOLDS = [
    fold_of([1, 1, 0, 0], [0.9, 0.4, 0.6, 0.1], threshold=0.5),
    fold_of([1, 0, 0], [0.2, 0.3, 0.1], threshold=0.15, first=4),
]


def test_posts_are_counted_over_all_folds_and_ranked_within_each() -> None:
    found = numbers_over_folds([FOLDS], [], draws=100)
    expected = {
        "accuracy": 4 / 7,
        # 1 of 3 suicide posts among 2 so predicted, 3 of 4 others among 5.
        "recall/suicide": 1 / 3,
        "recall/other": 3 / 4,
        "balanced_accuracy": (1 / 3 + 3 / 4) / 2,
        "f1_macro": (2 / 5 + 6 / 9) / 2,
        # Each fold alerts at its own threshold: .9 and .6 of the first, .2 and .3 of the second.
        "operating_point/recall": 2 / 3,
        "operating_point/specificity": 2 / 4,
        "operating_point/alert_rate": 4 / 7,
        # Up to a false positive rate of .2 recall is 1/2 in the first and 0 in the second; of areas
        # from .02 (chance) to .2 the scaled one is from .5 to 1 (McClish 1989).
        "partial_auc": ((1 + (0.1 - 0.02) / 0.18) / 2 + (1 + (0 - 0.02) / 0.18) / 2) / 2,
        # Without a false alarm one of two is found, and none of one.
        "recall_at_spec80": (1 / 2 + 0) / 2,
    }
    assert {key: each.value for key, each in found.items()} == pytest.approx(expected)
    accuracy = found["accuracy"]
    assert (accuracy.lowest, accuracy.highest) == pytest.approx((2 / 4, 2 / 3))
    assert accuracy.interval is not None
    assert accuracy.interval[0] < 4 / 7 < accuracy.interval[1]
    assert accuracy.difference is None


def test_a_number_of_several_seeds_is_their_mean() -> None:
    better = [FOLDS[0], fold_of([1, 0, 0], [0.6, 0.3, 0.1], threshold=0.15, first=4)]
    found = numbers_over_folds([FOLDS, better], [], draws=100)
    assert found["accuracy"].value == pytest.approx((4 / 7 + 5 / 7) / 2)
    assert found["accuracy"].highest == 1


def test_a_yardstick_is_measured_on_the_same_posts() -> None:
    found = numbers_over_folds([FOLDS], [FOLDS], draws=100)
    assert found["accuracy"].difference == 0
    yardstick = [FOLDS[0], fold_of([1, 0, 0], [0.6, 0.3, 0.1], threshold=0.15, first=4)]
    found = numbers_over_folds([FOLDS], [yardstick], draws=100)
    assert found["accuracy"].difference == pytest.approx(-1 / 7)


def test_a_post_of_two_folds_is_refused() -> None:
    with pytest.raises(InputError, match=r"^3 posts are in more than one fold"):
        FoldMetrics([FOLDS[0], fold_of([1, 0, 0], [0.2, 0.3, 0.1], threshold=0.1, first=1)])


def test_seeds_on_different_folds_are_refused() -> None:
    with pytest.raises(InputError, match=r"different posts.*data\.num_folds"):
        numbers_over_folds([FOLDS, FOLDS[::-1]], [], draws=100)


def test_without_a_priority_class_nothing_is_ranked() -> None:
    task = Task.categorical("condition", ("other", "suicide"), None)
    folds = [FoldPredictions(replace(fold.test, task=task), OperatingPoint(None)) for fold in FOLDS]
    assert set(at_weight_one(FoldMetrics(folds), 7)) == {
        *("accuracy", "balanced_accuracy", "f1_macro", "recall/other", "recall/suicide")
    }


def test_authors_are_drawn_as_a_whole() -> None:
    labels, scores = np.tile([1, 0], 100), np.tile([0.8, 0.2, 0.3, 0.7], 50)
    alone = [fold_of(labels, scores, threshold=0.5)]
    by_author = [fold_of(labels, scores, threshold=0.5, authors=[f"a{i // 4}" for i in range(200)])]
    right_or_wrong = [f"a{i // 2 % 2}-{i // 20}" for i in range(200)]
    hanging = [fold_of(labels, scores, threshold=0.5, authors=right_or_wrong)]

    def width(folds):
        low, high = numbers_over_folds([folds], [], draws=500)["accuracy"].interval
        return high - low

    assert num_authors(by_author[0].test) == 50
    assert width(hanging) > 1.5 * width(alone)


def make_posts(generator, *, people, posts_each):
    """Features, labels and authors of posts that hang together by author."""
    author = np.repeat(np.arange(people), posts_each)
    inclined = generator.normal(scale=1.0, size=people)[author]
    labels = (generator.normal(size=len(author)) + inclined > 0.6).astype(int)
    style = generator.normal(scale=0.7, size=(people, 6))[author]
    features = generator.normal(size=(len(author), 6)) + style
    features[:, :2] += labels[:, None] * 0.9
    return features, labels, author


def train(features, labels):
    """Least squares, turned into something between 0 and 1."""
    columns = np.hstack([features, np.ones((len(features), 1))])
    weights = np.linalg.lstsq(columns, labels - 0.4, rcond=None)[0]

    def score(others):
        return 1 / (1 + np.exp(-6 * (np.hstack([others, np.ones((len(others), 1))]) @ weights)))

    return score


@pytest.mark.slow
def test_the_intervals_hold_what_the_models_of_the_folds_reach_on_new_authors(
    show: Callable[[str], None],
) -> None:
    trials, num_folds = 300, 5
    # One post each, so that what holds for new authors is known to the third decimal.
    elsewhere = make_posts(np.random.default_rng(1), people=20_000, posts_each=1)
    held: Counter[str] = Counter()
    for trial in range(trials):
        generator = np.random.default_rng(1000 + trial)
        features, labels, author = make_posts(generator, people=100, posts_each=7)
        fold_of_author = generator.permutation(100) % num_folds
        folds, truths = [], []
        for fold in range(num_folds):
            is_test = fold_of_author[author] == fold
            score = train(features[~is_test], labels[~is_test])
            threshold = threshold_for_specificity(
                score(features[~is_test]), labels[~is_test] == 1, specificity=0.8
            )
            names = [f"a{each}" for each in author[is_test]]
            first = fold * 10_000
            folds.append(
                fold_of(
                    labels[is_test],
                    score(features[is_test]),
                    threshold=threshold,
                    first=first,
                    authors=names,
                )
            )
            there = fold_of(elsewhere[1], score(elsewhere[0]), threshold=threshold)
            truths.append(at_weight_one(FoldMetrics([there]), len(elsewhere[1])))
        for key, each in numbers_over_folds([folds], [], draws=300).items():
            truth = np.mean([of_fold[key] for of_fold in truths])
            held[key] += each.interval[0] <= truth <= each.interval[1]
    coverage = {key: round(count / trials, 3) for key, count in held.items()}
    show(f"coverage of pooled intervals, {trials} trials of 100 authors: {coverage}")
    assert min(coverage.values()) >= 0.93
