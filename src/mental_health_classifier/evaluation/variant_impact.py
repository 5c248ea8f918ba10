"""Impact of a clinical variant: differences between runs in pairs of equal seed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from mental_health_classifier.contracts import Predictions
from mental_health_classifier.contracts.headline import headline_of
from mental_health_classifier.evaluation.intervals import CONFIDENCE
from mental_health_classifier.evaluation.metrics import PartMetrics
from mental_health_classifier.evaluation.paired_comparison import t_interval

VOCABULARY_HIT = "has_vocabulary_hit"
"""The group of posts with an expression of the clinical vocabulary; its values are true, false."""
ROUNDING = 1e-12
"""Differences that cancel out leave no more than this."""


def paired_impact(differences: Sequence[float]) -> dict[str, Any]:
    """The mean of differences, one of each pair of seeds, and whether it is more than luck.

    Returns:
        `num_pairs`, `differences`, `mean`, `spread` (standard deviation), `interval` (t, 95 %, of
        the mean over other seeds), `pairs_needed` (see there) and `verdict`: `helps` or `hurts`
        where the interval excludes zero, else `not shown`; `not measured` with fewer than two
        pairs. Where all pairs differ by the same, as few posts can make them, nothing is known of
        the spread and so nothing is shown.
    """
    values = [float(value) for value in differences]
    interval = t_interval(values, confidence=CONFIDENCE)
    mean = float(np.mean(values)) if values else None
    spread = float(np.std(values, ddof=1)) if len(values) > 1 else None
    if spread is not None and np.isclose(spread, 0, atol=ROUNDING):
        spread = interval = None
    verdict = "not measured" if len(values) < 2 else "not shown"
    if interval is not None:
        low, high = interval
        verdict = "helps" if low > 0 else "hurts" if high < 0 else "not shown"
    return {
        "num_pairs": len(values),
        "differences": values,
        "mean": mean,
        "spread": spread,
        "interval": interval,
        "pairs_needed": None if mean is None or spread is None else pairs_needed(mean, spread),
        "verdict": verdict,
    }


def pairs_needed(mean: float, spread: float) -> int | None:
    """The fewest pairs whose interval would exclude zero, were mean and spread those observed.

    None: no number of pairs would, since the mean is zero.
    """
    from scipy.stats import norm, t

    if np.isclose(mean, 0, atol=ROUNDING):
        return None
    quantile = (1 + CONFIDENCE) / 2
    # The normal quantile is below that of t: a number that is too small, to count up from.
    pairs = max(2, int((norm.ppf(quantile) * spread / mean) ** 2))
    while t.ppf(quantile, pairs - 1) * spread / np.sqrt(pairs) >= abs(mean):
        pairs += 1
    return pairs


def headline_by_hit(predictions: Predictions, has_hit: np.ndarray) -> tuple[float, float]:
    """The headline among posts with an expression of the vocabulary, and among those without.

    NaN where there are no priority posts, or no others.

    Args:
        has_hit: bool, shape `(n,)`.
    """
    key = headline_of(predictions.task.priority_class)
    weights = np.stack([has_hit, ~has_hit]).astype(float)
    with_hit, without = PartMetrics(predictions)(weights)[key].tolist()
    return with_hit, without


def vocabulary_hits(predictions: Predictions) -> np.ndarray | None:
    """Which posts have an expression of the vocabulary, bool, shape `(n,)`. None: not recorded."""
    values = predictions.groups.get(VOCABULARY_HIT)
    return None if values is None else np.array(values) == "true"
