"""Tests of two models beside the verdict: McNemar's of alerts, permutation of seeds, Holm's."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from mental_health_classifier.contracts import Predictions
from mental_health_classifier.evaluation.intervals import Interval
from mental_health_classifier.evaluation.operating_point import OperatingPoint

MAX_PERMUTATIONS = 2**16
"""All ways to exchange seeds are counted up to so many; beyond, so many are drawn."""


def mcnemar_exact(num_only_first: int, num_only_second: int) -> float:
    """Chance that posts which only one of two models finds fall as unevenly, or more, by luck.

    Source: the exact binomial form of McNemar's test; posts that both find or both miss say
    nothing about which is better.
    """
    from scipy.stats import binomtest

    discordant = num_only_first + num_only_second
    return float(binomtest(num_only_first, discordant).pvalue) if discordant else 1.0


def permutation_test(differences: Sequence[float], *, seed: int = 0) -> float:
    """Chance of a mean difference as far from zero if either sign were as likely, for each seed.

    Five pairs can say no less than 2 / 32: with so few, look at the interval.
    """
    given = np.asarray(differences, dtype=float)
    observed = abs(given.mean())
    if 2 ** len(given) <= MAX_PERMUTATIONS:
        signs = np.array(list(itertools.product((1, -1), repeat=len(given))))
        drawn = 0
    else:
        generator = np.random.default_rng(seed)
        signs = generator.choice((1, -1), size=(MAX_PERMUTATIONS, len(given)))
        drawn = 1  # what was observed is one of the draws, so that no chance is ever 0
    is_as_far = np.abs((signs * given).mean(axis=1)) >= observed - 1e-12
    return float((is_as_far.sum() + drawn) / (len(signs) + drawn))


def t_interval(differences: Sequence[float], *, confidence: float) -> Interval | None:
    """Range of the mean difference over other seeds; None for a single pair."""
    from scipy.stats import t

    n = len(differences)
    if n < 2:
        return None
    mean = float(np.mean(differences))
    half = float(t.ppf((1 + confidence) / 2, n - 1) * np.std(differences, ddof=1) / np.sqrt(n))
    return mean - half, mean + half


def holm_adjusted(p_values: Sequence[float]) -> list[float]:
    """p values that many looks at the data do not make smaller.

    Source: Holm, A Simple Sequentially Rejective Multiple Test Procedure, 1979.
    """
    from statsmodels.stats.multitest import multipletests

    return np.asarray(multipletests(p_values, method="holm")[1]).tolist()


def alerts_compared(
    first: Mapping[str, Predictions],
    second: Mapping[str, Predictions],
    *,
    specificity_floor: float,
) -> dict[str, Any] | None:
    """Which priority posts of test only one of two models alerts, and McNemar's test of it.

    Each alerts at its own threshold from val. None: no class has priority, or no threshold will do.

    Args:
        first, second: predictions for `val` and, on the same posts for both, `test`.
        specificity_floor: of the thresholds, on val.

    Returns:
        `n` priority posts, `found_by_both`, `only_first`, `only_second`, `p`, and the
        `specificities` that both have on test: where these differ, so may what is found.
    """
    if first["test"].task.priority_class is None:
        return None
    found, specificities = [], []
    for given in (first, second):
        test = given["test"]
        point = OperatingPoint.chosen_on(given["val"], specificity=specificity_floor)
        if point.threshold is None:
            return None
        is_alerted = point.alerts(test)
        found.append(is_alerted[test.is_priority])
        specificities.append(1 - float(is_alerted[~test.is_priority].mean()))
    only_first, only_second = int((found[0] & ~found[1]).sum()), int((found[1] & ~found[0]).sum())
    return {
        "n": len(found[0]),
        "found_by_both": int((found[0] & found[1]).sum()),
        "only_first": only_first,
        "only_second": only_second,
        "specificities": specificities,
        "p": mcnemar_exact(only_first, only_second),
    }
