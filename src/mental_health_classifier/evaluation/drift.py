"""Drift of posts away from those that a certificate rests on (population stability index)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

NUM_BINS = 10
LARGE_SHIFT = 0.2
"""Of the population stability index, from which on a shift is commonly held to matter."""


def histogram_of(values: np.ndarray) -> dict[str, Any]:
    """Where values lie: inner edges of bins of like mass, and the share of values in each bin."""
    inner = np.quantile(values, np.linspace(0, 1, NUM_BINS + 1)[1:-1], method="inverted_cdf")
    edges = np.unique(inner)
    return {
        "edges": edges.tolist(),
        "shares": (counts_in_bins(values, edges) / len(values)).tolist(),
        "n": len(values),
    }


def counts_in_bins(values: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """How many values lie below the first edge, between each two, and from the last one on."""
    return np.bincount(np.searchsorted(edges, values, side="right"), minlength=len(edges) + 1)


def shift_from(reference: Mapping[str, Any], counts: np.ndarray) -> dict[str, Any]:
    """How far counts are from a reference, and whether that is more than chance and large.

    Returns:
        `index`, the population stability index: 0 where nothing has shifted; `is_large`.
    """
    n, expected = int(counts.sum()), np.asarray(reference["shares"])
    # Half a post in an empty bin keeps the logarithm finite.
    found = (counts + 0.5) / (n + 0.5 * len(counts))
    usual = (expected * reference["n"] + 0.5) / (reference["n"] + 0.5 * len(counts))
    index = float(((found - usual) * np.log(found / usual)).sum())
    # By chance alone the index is about chi-squared with a degree of freedom for each bin but one.
    freedom = max(len(counts) - 1, 1)
    by_chance = (freedom + 3 * np.sqrt(2 * freedom)) * (1 / max(n, 1) + 1 / reference["n"])
    return {"index": index, "is_large": index > LARGE_SHIFT and index > by_chance}
