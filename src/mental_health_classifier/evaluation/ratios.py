"""Ratios and means that are NaN where nothing was counted."""

from __future__ import annotations

import numpy as np


def ratio(numerator: np.ndarray, denominator: np.ndarray) -> np.ndarray:
    """Quotient, NaN where nothing was counted."""
    undefined = np.full(np.broadcast_shapes(numerator.shape, denominator.shape), np.nan)
    return np.divide(numerator, denominator, out=undefined, where=denominator > 0)


def mean_of_known(values: np.ndarray) -> np.ndarray:
    """Means along the last dimension of what is known; NaN where nothing is."""
    is_known = ~np.isnan(values)
    return ratio(np.where(is_known, values, 0).sum(axis=-1), is_known.sum(axis=-1))
