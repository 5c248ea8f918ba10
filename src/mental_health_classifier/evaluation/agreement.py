"""Least width of a paired difference: how far models may differ that agree on all posts seen.

Draws of authors hold the posts seen alone. Where two models agree on all of these, or differ on all
by the same, every draw says that it is always so, however few they are.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from mental_health_classifier.contracts import Predictions
from mental_health_classifier.evaluation.intervals import (
    CONFIDENCE,
    Behind,
    Interval,
    author_numbers,
    effective_authors,
)
from mental_health_classifier.evaluation.metrics import MEANS_OVER_CLASSES, posts_behind


def least_half_width(
    test: Predictions,
    key: str,
    *,
    behind: Mapping[str, Behind] | None = None,
    confidence: float = CONFIDENCE,
) -> float:
    """The share of other posts on which two models may disagree that never do on these.

    z^2 / (n + z^2), Wilson's upper end of none of n: with it the interval of a difference is that
    of Tango for no disagreement. Beyond four posts that only one model gets right, draws are wider.
    Of a mean over classes it is the root of the sum of squares over classes, by their number.

    Args:
        key: of the number, as `PartMetrics` names it. n are the authors of the posts behind it.
        behind: which these are, where `posts_behind` does not say.

    Source: Tango, Equivalence test and confidence interval for the difference in proportions for
    the paired-sample design, Statistics in Medicine 17, 1998.
    """
    from scipy.special import ndtri

    authors = author_numbers(test)
    known = (posts_behind(test) if behind is None else behind).get(key)
    kinds = [np.ones(len(test), dtype=bool) if known is None else known.posts]
    if key in MEANS_OVER_CLASSES:
        kinds = [test.labels == place for place in np.unique(test.labels)]
    n = np.array([effective_authors(np.bincount(authors[kind])) for kind in kinds if kind.any()])
    squared = ndtri((1 + confidence) / 2) ** 2
    return float(np.linalg.norm(squared / (n + squared)) / max(len(n), 1))


def with_least_width(value: float, around: Interval | None, least: float) -> Interval:
    """The interval of a difference of shares, each end at least so far from its value.

    Args:
        around: over draws of authors. None: all of these gave the same.
    """
    low, high = around or (value, value)
    return max(min(low, value - least), -1.0), min(max(high, value + least), 1.0)


def predict_the_same(one: Predictions, other: Predictions) -> bool:
    """Whether both are one model, as far as these posts tell."""
    return np.array_equal(one.probabilities, other.probabilities)
