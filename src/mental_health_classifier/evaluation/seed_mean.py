"""Mean of a number over the seeds of a configuration, with its interval over authors and seeds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from mental_health_classifier.evaluation.intervals import CONFIDENCE, Interval


def ends_around_mean(
    mean: Any, spread: Any, num_models: Any, *, below: Any, above: Any
) -> tuple[Any, Any]:
    """Lower and upper end of the interval of a mean over other authors and other seeds.

    Two intervals become one: that over authors, whose ends lie as far from the mean as those of
    single seeds do from their numbers on average, and Student's over seeds. The former is no less
    than it should be, since what single seeds make of single posts evens out in a mean. Of one
    model only the former is known.

    Args:
        mean, spread, num_models: mean, standard deviation and number of different models; numbers
            or arrays of them.
        below, above: mean distance of the ends of the seeds' own intervals from their numbers; NaN
            where these have none.

    Source: Zou and Donner, Statistics in Medicine 27, 2008 (variance estimates recovery).
    """
    # scipy.stats has the same number and takes a second longer to import.
    from scipy.special import stdtrit

    several = np.asarray(num_models) > 1
    quantile = stdtrit(np.maximum(np.asarray(num_models, float) - 1, 1), (1 + CONFIDENCE) / 2)
    half = np.where(several, quantile * np.asarray(spread, float), 0.0)
    half = half / np.sqrt(np.maximum(np.asarray(num_models, float), 1))
    is_known = several | ~np.isnan(below)
    low, high = (np.hypot(np.nan_to_num(each), half) for each in (below, above))
    return np.where(is_known, mean - low, np.nan), np.where(is_known, mean + high, np.nan)


def interval_of_mean(
    values: Sequence[float], intervals: Sequence[Interval | None], *, is_share: bool
) -> Interval | None:
    """The same of one number.

    Args:
        values: of every different model.
        intervals: of each on its posts; None where it has none.
        is_share: whether the number lies between 0 and 1, and so the interval has to.
    """
    known = [(v, ends) for v, ends in zip(values, intervals, strict=True) if ends is not None]
    low, high = ends_around_mean(
        np.mean(values),
        np.std(values, ddof=1) if len(values) > 1 else np.nan,
        len(values),
        below=np.mean([v - ends[0] for v, ends in known]) if known else np.nan,
        above=np.mean([ends[1] - v for v, ends in known]) if known else np.nan,
    )
    if np.isnan(low):
        return None
    return (max(float(low), 0.0), min(float(high), 1.0)) if is_share else (float(low), float(high))
