"""Paired comparison of two models: bootstrap, McNemar's test and permutation of seeds."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np

from mental_health_classifier.contracts import InputError, Predictions
from mental_health_classifier.contracts.headline import headline_of
from mental_health_classifier.evaluation.evaluate import require_posts
from mental_health_classifier.evaluation.intervals import CONFIDENCE, Interval, intervals_by_author
from mental_health_classifier.evaluation.metrics import PartMetrics
from mental_health_classifier.evaluation.operating_point import threshold_for_specificity

LEVEL = 1 - CONFIDENCE
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


def t_interval_of_shares(shares: Sequence[float], *, confidence: float) -> Interval | None:
    """The same of a mean of shares, which is never below 0 or above 1."""
    found = t_interval(shares, confidence=confidence)
    return found and (max(found[0], 0.0), min(found[1], 1.0))


def holm_adjusted(p_values: Sequence[float]) -> list[float]:
    """p values that many looks at the data do not make smaller.

    Source: Holm, A Simple Sequentially Rejective Multiple Test Procedure, 1979.
    """
    from statsmodels.stats.multitest import multipletests

    return np.asarray(multipletests(p_values, method="holm")[1]).tolist()


def compare_runs(
    first: Sequence[tuple[Predictions, Predictions]],
    second: Sequence[tuple[Predictions, Predictions]],
    *,
    specificity_floor: float,
    bootstrap_draws: int,
    num_comparisons: int,
) -> dict[str, Any]:
    """Compares two models, or two groups of runs that differ in their seed, in the headline.

    Runs of two groups are taken in pairs, the first with the first. Intervals are of the mean
    difference on the same draws of authors, and as wide as the number of comparisons asks for.

    Args:
        first, second: of each run its predictions for val and for test.
        specificity_floor: of the threshold that McNemar's test alerts at, chosen on val.
        bootstrap_draws: draws of authors.
        num_comparisons: how many pairs of models are looked at; the more, the more have to be seen
            to differ by luck.

    Returns:
        `difference` (second minus first), its `interval` over other authors and, for groups, its
        `seed_interval` over other seeds; `verdict`: `second` or `first` is better in both, else
        `tie`;
        `mcnemar`, where there is one run on each side and a priority class; `permutation_p`, where
        there are two pairs at least.

    Raises:
        InputError: the runs were not tested on the same posts, or there are not as many on each
            side.
    """
    _check_sides(first, second)
    test = first[0][1]
    key = headline_of(test.task.priority_class)
    measures = [
        (PartMetrics(one[1]), PartMetrics(other[1]))
        for one, other in zip(first, second, strict=True)
    ]

    def mean_difference(weights: np.ndarray) -> dict[str, np.ndarray]:
        each = [other(weights)[key] - one(weights)[key] for one, other in measures]
        return {key: np.mean(each, axis=0)}

    one_draw = np.ones((1, len(test)))
    by_seed = [float((b(one_draw)[key] - a(one_draw)[key])[0]) for a, b in measures]
    confidence = 1 - LEVEL / num_comparisons
    interval = intervals_by_author(
        mean_difference, test, draws=bootstrap_draws, confidence=confidence
    ).get(key)
    seed_interval = t_interval(by_seed, confidence=confidence)
    result: dict[str, Any] = {
        "metric": f"test/{key}",
        "n": len(test),
        "num_pairs": len(first),
        "num_comparisons": num_comparisons,
        "difference": float(np.mean(by_seed)),
        "interval": interval,
        "differences_by_pair": by_seed,
        "seed_interval": seed_interval,
        "verdict": _verdict(interval, seed_interval),
        "mcnemar": None,
        "permutation_p": permutation_test(by_seed) if len(by_seed) > 1 else None,
    }
    if len(first) == 1 and test.task.priority_class is not None:
        result["mcnemar"] = _mcnemar_of(first[0], second[0], specificity_floor=specificity_floor)
    return result


def _check_sides(
    first: Sequence[tuple[Predictions, Predictions]],
    second: Sequence[tuple[Predictions, Predictions]],
) -> None:
    if len(first) != len(second) or not first:
        raise InputError(
            f"Groups are compared in pairs of runs: {len(first)} on one side and {len(second)} on "
            "the other have no pairs. Give as many runs on either side, with the same seeds."
        )
    wanted = first[0][1]
    for _, test in (*first, *second):
        require_posts(test)
        if test.task != wanted.task or list(test.post_ids) != list(wanted.post_ids):
            raise InputError(
                f"These runs were not tested on the same {len(wanted)} posts, so that a difference "
                "could be one of the posts. Compare runs of one corpus and one data.split_seed."
            )


def _verdict(interval: Interval | None, seed_interval: Interval | None) -> str:
    """Better is what is better for other authors and, where there are several, for other seeds."""
    known = [ends for ends in (interval, seed_interval) if ends is not None]
    if interval is not None and all(low > 0 for low, _ in known):
        return "second"
    if interval is not None and all(high < 0 for _, high in known):
        return "first"
    return "tie"


def _mcnemar_of(
    first: tuple[Predictions, Predictions],
    second: tuple[Predictions, Predictions],
    *,
    specificity_floor: float,
) -> dict[str, Any] | None:
    """Which priority posts only one of the two alerts, each at its own threshold from val."""
    found = []
    for val, test in (first, second):
        threshold = threshold_for_specificity(
            val.priority_scores, val.is_priority, specificity=specificity_floor
        )
        if threshold is None:
            return None
        found.append(test.priority_scores[test.is_priority] >= threshold)
    only_first, only_second = int((found[0] & ~found[1]).sum()), int((found[1] & ~found[0]).sum())
    return {
        "n": len(found[0]),
        "found_by_both": int((found[0] & found[1]).sum()),
        "only_first": only_first,
        "only_second": only_second,
        "p": mcnemar_exact(only_first, only_second),
    }
