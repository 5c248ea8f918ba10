"""Ranks of models over several corpora, and how far apart they have to lie."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats

MIN_CORPORA = 5
"""By chance, one of two models is better on all of four once in eight times; of five, once in
sixteen."""
LEVEL = 0.05


@dataclass(frozen=True, slots=True)
class Ranks:
    """Of k models over N corpora."""

    mean: np.ndarray
    """Shape `(k,)`, 1 is best; equal numbers share the mean of their ranks."""
    p_value: float
    """Of Friedman's test that all models are alike; of two models, of the sign test."""
    critical_difference: float
    """Mean ranks that lie less far apart than this are not shown to differ (Nemenyi's test)."""


def mean_ranks(values: np.ndarray) -> Ranks:
    """Ranks the models on each corpus, the highest value first.

    Friedman's test and Nemenyi's critical difference, both at the level .05, as Demsar (2006),
    Statistical Comparisons of Classifiers over Multiple Data Sets, JMLR 7, has them.

    Args:
        values: shape `(N, k)`, a row a corpus, two models at least.

    Raises:
        ValueError: there are fewer than MIN_CORPORA corpora or two models, or a value is missing.
    """
    num_corpora, num_models = values.shape
    if num_corpora < MIN_CORPORA or num_models < 2 or not np.isfinite(values).all():
        raise ValueError(f"values of shape {values.shape} cannot be ranked")
    ranks = stats.rankdata(-values, axis=1)
    quantile = stats.studentized_range.ppf(1 - LEVEL, num_models, np.inf) / np.sqrt(2)
    return Ranks(
        ranks.mean(axis=0),
        _p_value(values, ranks),
        float(quantile * np.sqrt(num_models * (num_models + 1) / (6 * num_corpora))),
    )


def _p_value(values: np.ndarray, ranks: np.ndarray) -> float:
    if (ranks == ranks[:, :1]).all():
        return 1.0  # equal on every corpus, of which the tests know nothing
    if values.shape[1] == 2:  # too few for Friedman's distribution
        wins = int((values[:, 0] > values[:, 1]).sum())
        return float(stats.binomtest(wins, int((values[:, 0] != values[:, 1]).sum())).pvalue)
    return float(stats.friedmanchisquare(*values.T).pvalue)
