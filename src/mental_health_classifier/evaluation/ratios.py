"""Ratios and means that are NaN where nothing was counted."""

from __future__ import annotations

import numpy as np


def ratio(numerator: np.ndarray, denominator: np.ndarray) -> np.ndarray:
    """Quotient, NaN where nothing was counted."""
    known = np.where(denominator > 0, denominator, np.nan)
    # Rows stay rows: sums of them then add the same numbers in the same order.
    return np.divide(numerator, known, order="C")


def mean_of_known(values: np.ndarray) -> np.ndarray:
    """Means along the last dimension of what is known; NaN where nothing is."""
    is_known = ~np.isnan(values)
    return ratio(np.where(is_known, values, 0).sum(axis=-1), is_known.sum(axis=-1))
