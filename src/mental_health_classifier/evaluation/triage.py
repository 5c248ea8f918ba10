"""Triage: recall of the priority class by the share of posts that are read."""

from __future__ import annotations

from typing import Any

import numpy as np

from mental_health_classifier.contracts import Predictions
from mental_health_classifier.evaluation.intervals import (
    at_weight_one,
    author_numbers,
    bootstrap_intervals,
)
from mental_health_classifier.evaluation.roc import RankedPosts

REVIEWER_SENSITIVITIES = (1.0, 0.9, 0.8)
"""Shares of the priority posts in front of them that people notice."""
WANTED_RECALLS = (0.90, 0.95, 0.99)
SHARES_READ = tuple(round(share / 20, 2) for share in range(1, 21))


def assess_triage(predictions: Predictions, *, bootstrap_draws: int) -> dict[str, Any]:
    """Recall by the share of posts that are read, the most probable first.

    A post is found when it is read and the reader notices it, so that recall is at most the
    reader's sensitivity.

    Returns:
        `curve`: a point for each of SHARES_READ with the recall by reviewer sensitivity.
        `shares_needed`: by reviewer sensitivity and wanted recall, the share that has to be read
        and its interval; None where no share is enough.
    """
    ranked = RankedPosts(predictions.priority_scores, predictions.is_priority)

    def shares_needed(weights: np.ndarray) -> dict[str, np.ndarray]:
        curve = ranked.curve(weights)
        read = curve.true_alerts + curve.false_alerts
        recalls = curve.true_alerts / curve.true_alerts[:, -1:]
        needed = {}
        for sensitivity in REVIEWER_SENSITIVITIES:
            for wanted in WANTED_RECALLS:
                is_enough = recalls * sensitivity >= wanted - 1e-12
                first = is_enough.argmax(axis=1)
                share = read[np.arange(len(read)), first] / read[:, -1]
                needed[f"{sensitivity:g}/{wanted:g}"] = np.where(
                    is_enough.any(axis=1), share, np.nan
                )
        return needed

    values = at_weight_one(shares_needed, len(predictions))
    intervals = bootstrap_intervals(
        shares_needed,
        author_numbers(predictions),
        must_hold=[predictions.is_priority],
        draws=bootstrap_draws,
    )
    return {
        "curve": [
            {
                "share_read": share,
                "recall": {
                    f"{sensitivity:g}": sensitivity * recall
                    for sensitivity in REVIEWER_SENSITIVITIES
                },
            }
            for share, recall in zip(
                SHARES_READ,
                recalls_at_shares(predictions.priority_scores, predictions.is_priority),
                strict=True,
            )
        ],
        "shares_needed": {
            key: None if share is None else {"share": share, "interval": intervals.get(key)}
            for key, share in values.items()
        },
    }


def recalls_at_shares(scores: np.ndarray, is_priority: np.ndarray) -> np.ndarray:
    """Share of priority posts among the first ones by score, for each of SHARES_READ.

    Among equal scores the order is left open, and so they count in proportion: a score that says
    nothing finds as large a share as is read.
    """
    ranked = RankedPosts(scores, is_priority)
    curve = ranked.curve(np.ones((1, len(scores))))
    read = np.concatenate([[0], (curve.true_alerts + curve.false_alerts)[0]]) / len(scores)
    found = np.concatenate([[0], curve.true_alerts[0]]) / curve.true_alerts[0, -1]
    return np.interp(SHARES_READ, read, found)
