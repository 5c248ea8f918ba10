"""Numbers over folds: every post counts once, as judged by a model that did not learn from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from mental_health_classifier.contracts import InputError, Predictions
from mental_health_classifier.evaluation.agreement import (
    least_half_width,
    predict_the_same,
    with_least_width,
)
from mental_health_classifier.evaluation.intervals import (
    Behind,
    Interval,
    Statistic,
    at_weight_one,
    author_numbers,
    draw_predictions,
)
from mental_health_classifier.evaluation.metrics import PartMetrics, posts_behind
from mental_health_classifier.evaluation.operating_point import OperatingPoint
from mental_health_classifier.evaluation.ratios import mean_of_known, ratio
from mental_health_classifier.evaluation.shares import ShareOfPosts

COUNTED = ("accuracy", "balanced_accuracy", "f1_macro")
"""Functions of how often each class was rightly given, has, and was given."""
RANKED = ("recall_at_spec80", "partial_auc")
"""Functions of the order of posts by score; scores of different models have none. The area under
precision and recall is not among them: its mean over small folds is too high."""


class FoldPredictions(NamedTuple):
    """What the model of one fold said of the posts of that fold."""

    test: Predictions
    point: OperatingPoint
    """Where it alerts, from its own validation part."""


@dataclass(frozen=True, slots=True)
class FoldNumber:
    """One number of a model over all folds."""

    value: float | None
    interval: Interval | None
    """95 %, over other authors."""
    lowest: float | None
    """Of single folds."""
    highest: float | None
    difference: float | None
    """How much better than the yardstick of the same folds; None: there was none."""
    difference_interval: Interval | None


class FoldMetrics:
    """The numbers of all folds together as a function of how often each post counts.

    What counts posts is counted over all folds, what ranks them is the mean of the folds.

    Source: Forman and Scholz, Apples-to-Apples in Cross-Validation Studies, SIGKDD Explorations 12,
    2010 (F1 of pooled counts and the mean of areas are the ones without bias).
    """

    def __init__(self, folds: Sequence[FoldPredictions]) -> None:
        self.posts = _pooled([fold.test for fold in folds])
        without_ranks = replace(self.posts.task, priority_class=None)
        self._pooled = PartMetrics(replace(self.posts, task=without_ranks))
        self._single = [PartMetrics(fold.test) for fold in folds]
        self._ends = np.cumsum([0, *(len(fold.test) for fold in folds)])
        self._shares = _shares(self.posts, folds)

    def __call__(self, weights: np.ndarray) -> dict[str, np.ndarray]:
        """For weights of shape `(draws, n)` every number, one value a draw, shape `(draws,)`."""
        counted = self._pooled(weights)
        numbers = {key: counted[key] for key in COUNTED}
        by_fold = [
            measure(weights[:, first:last])
            for measure, (first, last) in zip(self._single, pairwise(self._ends), strict=True)
        ]
        for key in RANKED:
            if key in by_fold[0]:
                numbers[key] = mean_of_known(np.stack([each[key] for each in by_fold], axis=1))
        for key, share in self._shares.items():
            numbers[key] = ratio(weights @ share.counted, weights @ share.of)
        return numbers

    @property
    def behind(self) -> dict[str, Behind]:
        """The posts that numbers are about, see `posts_behind`. Means over classes behave like
        shares: without Wilson's interval theirs would hold too seldom, see the tests."""
        everybody = np.ones(len(self.posts), bool)
        means = dict.fromkeys(COUNTED, Behind(everybody, "like a share"))
        of_shares = {key: Behind(share.of, "share") for key, share in self._shares.items()}
        return means | posts_behind(self.posts) | of_shares


def numbers_over_folds(
    by_seed: Sequence[Sequence[FoldPredictions]],
    yardsticks: Sequence[Sequence[FoldPredictions]],
    *,
    draws: int,
) -> dict[str, FoldNumber]:
    """What a model reaches on posts that it did not learn from, each counted once.

    Draws are of authors, over all folds at once: folds share none. Models of different folds learn
    from posts that overlap, so the spread of the folds is no standard error, and is not used. See
    docs/methods.md.

    Args:
        by_seed: of each seed every fold, in the same order. A number is the mean over seeds.
        yardsticks: of the same posts, of one seed or of each; empty: there is none.
        draws: draws of authors behind the intervals.

    Raises:
        InputError: a post is in two folds, or seeds are about different posts.
    """
    models = [FoldMetrics(folds) for folds in by_seed]
    beside = [FoldMetrics(folds) for folds in yardsticks]
    posts = models[0].posts
    for other in (*models, *beside):
        if other.posts.task != posts.task or list(other.posts.post_ids) != list(posts.post_ids):
            raise InputError(
                "The folds of different seeds hold different posts. Pool runs of one corpus, one "
                "data.split_seed and one data.num_folds."
            )
    model, yardstick = _mean(models), _mean(beside) if beside else None
    drawn = draw_predictions(model, posts, draws=draws, behind=models[0].behind)
    single = [
        at_weight_one(FoldMetrics([fold]), len(fold.test)) for folds in by_seed for fold in folds
    ]
    gap, least = None, dict[str, float]()
    if yardstick is not None:
        behind = models[0].behind
        least = {key: least_half_width(posts, key, behind=behind) for key in drawn.values}
        gap = draw_predictions(_difference(model, yardstick), posts, draws=draws)
    is_one_model = all(predict_the_same(each.posts, posts) for each in (*models, *beside))
    numbers = {}
    for key, value in drawn.values.items():
        known = [number for each in single if (number := each.get(key)) is not None]
        difference = None if gap is None else gap.values[key]
        numbers[key] = FoldNumber(
            value,
            drawn.interval(key),
            lowest=min(known, default=None),
            highest=max(known, default=None),
            difference=difference,
            difference_interval=None
            if gap is None or difference is None or is_one_model
            else with_least_width(difference, gap.interval(key), least[key]),
        )
    return numbers


def num_authors(posts: Predictions) -> int:
    """People who wrote the posts; a post without a known author counts as one."""
    return int(author_numbers(posts).max()) + 1


def _pooled(tests: Sequence[Predictions]) -> Predictions:
    post_ids = [name for test in tests for name in test.post_ids]
    if len(set(post_ids)) < len(post_ids):
        raise InputError(
            f"{len(post_ids) - len(set(post_ids))} posts are in more than one fold, so they would "
            "count twice. Pool runs of one corpus, one data.split_seed and one data.num_folds."
        )
    authors = [author for test in tests for author in test.authors or [""] * len(test)]
    return Predictions(
        part="test",
        task=tests[0].task,
        post_ids=post_ids,
        authors=authors if any(authors) else None,
        labels=np.concatenate([test.labels for test in tests]),
        probabilities=np.concatenate([test.probabilities for test in tests]),
    )


def _shares(posts: Predictions, folds: Sequence[FoldPredictions]) -> dict[str, ShareOfPosts]:
    """Shares of posts, of the operating point too: each model alerts at its own threshold."""
    predicted = posts.probabilities.argmax(axis=1)
    shares = {}
    if posts.task.priority_class is not None:
        is_alerted = np.concatenate([fold.point.alerts(fold.test) for fold in folds])
        here, others = posts.is_priority, ~posts.is_priority
        shares = {
            "operating_point/recall": ShareOfPosts(is_alerted & here, here),
            "operating_point/specificity": ShareOfPosts(~is_alerted & others, others),
            "operating_point/alert_rate": ShareOfPosts(is_alerted, np.ones(len(posts), bool)),
        }
    for name in posts.task.display_order:
        index = posts.task.class_names.index(name)
        is_class = posts.labels == index
        shares[f"recall/{name}"] = ShareOfPosts(is_class & (predicted == index), is_class)
    return shares


def _mean(models: Sequence[Statistic]) -> Statistic:
    def mean(weights: np.ndarray) -> dict[str, np.ndarray]:
        found = [model(weights) for model in models]
        return {
            key: mean_of_known(np.stack([each[key] for each in found], axis=1)) for key in found[0]
        }

    return mean


def _difference(model: Statistic, yardstick: Statistic) -> Statistic:
    def difference(weights: np.ndarray) -> dict[str, np.ndarray]:
        of_model, of_yardstick = model(weights), yardstick(weights)
        return {key: of_model[key] - of_yardstick[key] for key in of_model}

    return difference
