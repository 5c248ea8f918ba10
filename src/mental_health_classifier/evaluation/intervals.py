"""Confidence intervals: Wilson for shares, bootstrap over authors for all other numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from mental_health_classifier.contracts import AuxiliaryPredictions, Predictions

Interval = tuple[float, float]

Statistic = Callable[[np.ndarray], Mapping[str, np.ndarray]]
"""Numbers of posts that count more than once or not at all: weights of shape `(draws, n)` in, for
every number one value a draw out, shape `(draws,)`, NaN where a draw leaves it undefined."""

CONFIDENCE = 0.95

# Draws are handled so many cells at a time, which keeps the memory of any test part within some
# tens of megabytes.
CELLS_AT_A_TIME = 2**19


class Share(NamedTuple):
    """So many of so many posts."""

    counted: int
    of: int

    @classmethod
    def among(cls, is_counted: np.ndarray, is_here: np.ndarray) -> Share:
        """The posts counted of those that are here, both bool of shape `(n,)`."""
        return cls(int((is_counted & is_here).sum()), int(is_here.sum()))

    @property
    def value(self) -> float | None:
        """None where nothing was counted: never a zero that looks like a result."""
        return self.counted / self.of if self.of else None

    @property
    def interval(self) -> Interval | None:
        return wilson_interval(self.counted, self.of)


def wilson_interval(successes: int, n: int, *, confidence: float = CONFIDENCE) -> Interval | None:
    """Range that a share of `successes` in `n` is compatible with; None where nothing was counted.

    Source: Wilson, JASA 1927. Unlike a share plus or minus its standard error it stays honest at 0
    of n and at n of n.
    """
    # Imported here, because it takes a second and most of what reads records needs no share.
    from statsmodels.stats.proportion import proportion_confint

    if n == 0:
        return None
    ends = proportion_confint(successes, n, alpha=1 - confidence, method="wilson")
    low, high = np.array(ends, dtype=np.float64)
    return float(low), float(high)


def wilson_interval_of_f1(hits: int, errors: int) -> Interval | None:
    """Range that an F1 score is compatible with; `errors` are misses and false alarms together.

    F1 is a function of one share, of hits J among hits and errors: F1 = 2 J / (1 + J). The ends of
    the Wilson interval of that share are carried over.

    Source: Lam, Gopal and Qian, Confidence Intervals for the F1 Score, arXiv 2309.14621 ("Wilson
    indirect").
    """
    ends = wilson_interval(hits, hits + errors)
    return ends and (2 * ends[0] / (1 + ends[0]), 2 * ends[1] / (1 + ends[1]))


def hull(first: Interval | None, second: Interval | None) -> Interval | None:
    """Smallest interval that holds both; the other one where one is not known."""
    if first is None or second is None:
        return first or second
    return min(first[0], second[0]), max(first[1], second[1])


def author_numbers(predictions: Predictions | AuxiliaryPredictions) -> np.ndarray:
    """Which posts one person wrote: the number of each post's author, int64, shape `(n,)`.

    A post whose author is not known stands for itself; if a few people wrote many of those,
    intervals come out too narrow.
    """
    if predictions.authors is None:
        return np.arange(len(predictions))
    numbers: dict[object, int] = {}
    return np.array(
        [
            # A table of posts holds a missing author as None or NaN, a file as an empty cell.
            numbers.setdefault(author if isinstance(author, str) and author else row, len(numbers))
            for row, author in enumerate(predictions.authors)
        ]
    )


def at_weight_one(statistic: Statistic, num_posts: int) -> dict[str, float | None]:
    """The numbers of posts that count once each; None where they are not defined."""
    values = statistic(np.ones((1, num_posts))).items()
    return {key: None if np.isnan(value[0]) else float(value[0]) for key, value in values}


def intervals_by_author(
    statistic: Statistic, predictions: Predictions, *, draws: int, confidence: float = CONFIDENCE
) -> dict[str, Interval]:
    """`bootstrap_intervals` over the authors of predictions.

    With a priority class every draw holds a post of it and another one, those that there are.
    """
    kinds: list[np.ndarray] = []
    if predictions.task.priority_class is not None:
        kinds = [predictions.is_priority, ~predictions.is_priority]
    return bootstrap_intervals(
        statistic,
        author_numbers(predictions),
        must_hold=[kind for kind in kinds if kind.any()],
        draws=draws,
        confidence=confidence,
    )


def bootstrap_intervals(
    statistic: Statistic,
    authors: np.ndarray,
    *,
    must_hold: Sequence[np.ndarray],
    draws: int,
    seed: int = 0,
    confidence: float = CONFIDENCE,
) -> dict[str, Interval]:
    """Ranges in which numbers would fall had other authors been asked.

    Percentiles over draws of authors with replacement. All posts of an author are drawn together,
    because they resemble each other.

    Args:
        statistic: the numbers, as a function of how often each post counts.
        authors: number of each post's author, shape `(n,)`, from `author_numbers`.
        must_hold: kinds of posts, each bool of shape `(n,)` with at least one True. A draw without
            some kind is drawn again: no recall without a priority post, no specificity without
            another one.
        seed: not that of the run, so that runs on the same posts are judged on the same draws.

    Returns:
        The numbers that have an interval. One that came out the same in every draw has none (a
        perfect score, a single author): draws cannot say how sure it is.
    """
    collected: dict[str, list[np.ndarray]] = {}
    for weights in _draw_weights(authors, must_hold=must_hold, draws=draws, seed=seed):
        for key, values in statistic(weights).items():
            collected.setdefault(key, []).append(values)
    intervals = {}
    for key, chunks in collected.items():
        values = np.concatenate(chunks)
        values = values[~np.isnan(values)]
        if len(values) and values.min() < values.max():
            low, high = np.quantile(values, [(1 - confidence) / 2, (1 + confidence) / 2])
            intervals[key] = (float(low), float(high))
    return intervals


def _draw_weights(
    authors: np.ndarray, *, must_hold: Sequence[np.ndarray], draws: int, seed: int
) -> Iterator[np.ndarray]:
    """How often each post counts in each draw, in chunks of shape `(some draws, n)`."""
    assert all(kind.any() for kind in must_hold), "A kind without a post would be drawn for ever."
    generator = np.random.default_rng(seed)
    num_authors = int(authors.max()) + 1
    kinds = np.array(must_hold, dtype=np.float64).reshape(len(must_hold), len(authors))
    draws_at_a_time = max(1, CELLS_AT_A_TIME // len(authors))
    for first in range(0, draws, draws_at_a_time):
        weights = np.empty((min(draws_at_a_time, draws - first), len(authors)))
        missing = np.arange(len(weights))
        while len(missing):
            drawn = generator.integers(num_authors, size=(len(missing), num_authors))
            drawn += np.arange(len(missing))[:, None] * num_authors
            counts = np.bincount(drawn.ravel(), minlength=len(missing) * num_authors)
            weights[missing] = counts.reshape(len(missing), num_authors)[:, authors]
            missing = missing[(weights[missing] @ kinds.T == 0).any(axis=1)]
        yield weights
