"""Variances of a difference of two configurations, over authors and over seeds, and how many seeds
would show it.

Source: Obuchowski and Rockette, Communications in Statistics 24, 1995 (the model: seeds are its
readers, authors its cases); Hillis, Statistics in Medicine 26, 2007 (degrees of freedom).
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mental_health_classifier.contracts import Predictions

POWER = 0.80
"""Chance of showing a difference of the observed size, for which seeds are counted."""
ROUNDING = 1e-12
"""Differences that cancel out leave no more than this."""
NORMAL_FROM = 1e5
"""Degrees of freedom from which on Student's t is the normal distribution to all digits shown."""


@dataclass(frozen=True, slots=True)
class Spread:
    """Variances that a difference of means has."""

    over_authors: float
    of_seeds: Sequence[tuple[float, int]]
    """Of independent groups of seeds the variance of one seed, and how many there are."""

    @property
    def over_seeds(self) -> float:
        return sum(variance / n for variance, n in self.of_seeds)

    @property
    def degrees_of_freedom(self) -> float:
        """Satterthwaite's, with those of authors, who are many, taken as infinite (Hillis 2007)."""
        doubt = sum((variance / n) ** 2 / (n - 1) for variance, n in self.of_seeds)
        return (self.over_authors + self.over_seeds) ** 2 / doubt if doubt else np.inf

    @property
    def deviation(self) -> float:
        return float(np.sqrt(self.over_authors + self.over_seeds))

    def half_width(self, confidence: float) -> float:
        return _quantile((1 + confidence) / 2, self.degrees_of_freedom) * self.deviation

    def power(self, difference: float, confidence: float) -> float:
        """Chance that the interval around such a difference leaves zero out."""
        from scipy.stats import nct, norm

        freedom, centre = self.degrees_of_freedom, abs(difference) / self.deviation
        quantile = _quantile((1 + confidence) / 2, freedom)
        if freedom > NORMAL_FROM:
            return float(norm.sf(quantile - centre))
        return float(nct.sf(quantile, freedom, centre))

    def with_seeds(self, n: int) -> Spread:
        return Spread(self.over_authors, [(variance, n) for variance, _ in self.of_seeds])


def seeds_needed(difference: float, spread: Spread, confidence: float) -> int | None:
    """The fewest seeds on either side that show such a difference with a chance of POWER.

    None: no number of seeds does, as the variance over authors stays.
    """
    if abs(difference) < ROUNDING:
        return None
    endless = Spread(spread.over_authors, ())
    if spread.over_authors and endless.power(difference, confidence) < POWER:
        return None
    if not spread.of_seeds:
        return 1

    def is_enough(n: int) -> bool:
        return spread.with_seeds(n).power(difference, confidence) >= POWER

    enough = 2
    while not is_enough(enough):
        enough *= 2
    return bisect_left(range(enough), True, lo=2, key=is_enough)


def variance_over_authors(one: np.ndarray, other: np.ndarray, *, is_paired: bool) -> float:
    """Variance over draws of authors that more seeds would not take away.

    It is the covariance of the differences of two different seeds: what a single seed adds of its
    own on a draw is in the variance of seeds already.

    Args:
        one, other: a number of each seed on the same draws, shape `(seeds, draws)`.
    """
    is_known = ~np.isnan(np.vstack([one, other])).any(axis=0)
    one, other = one[:, is_known], other[:, is_known]
    if is_paired:
        return max(_common_variance(one - other), 0.0)
    between = np.cov(np.vstack([one, other]))[: len(one), len(one) :].mean()
    return max(_common_variance(one) + _common_variance(other) - 2 * between, 0.0)


def _common_variance(drawn: np.ndarray) -> float:
    """Mean covariance of two different rows; of a single row its variance."""
    n = len(drawn)
    if n == 1:
        return float(np.var(drawn[0], ddof=1))
    covariance = np.cov(drawn)
    return float((covariance.sum() - np.trace(covariance)) / (n * (n - 1)))


def variances_of_seeds(
    one: np.ndarray, other: np.ndarray, *, is_paired: bool
) -> list[tuple[float, int]]:
    """See `Spread.of_seeds`; a single model has none.

    Args:
        one, other: a number of each seed, shape `(seeds,)`; in pairs the seeds are the same.
    """
    if is_paired:
        return [(float(np.var(one - other, ddof=1)), len(one))]
    return [(float(np.var(side, ddof=1)), len(side)) for side in (one, other) if len(side) > 1]


def rounding_variance(test: Predictions, key: str) -> float:
    """Variance that numbers have within the steps in which few posts let them come: seeds of the
    very same number are not known to agree any closer.

    Source: Sheppard's correction for grouping, a twelfth of the step squared.
    """
    is_of_priority = test.task.priority_class is not None and key.startswith("recall")
    return 1 / (12 * (int(test.is_priority.sum()) if is_of_priority else len(test)) ** 2)


def _quantile(chance: float, degrees_of_freedom: float) -> float:
    from scipy.stats import norm, t

    if degrees_of_freedom > NORMAL_FROM:
        return float(norm.ppf(chance))
    return float(t.ppf(chance, degrees_of_freedom))
