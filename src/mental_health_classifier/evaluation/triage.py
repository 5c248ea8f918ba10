"""Triage: recall of the priority class by the share of posts that are read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from mental_health_classifier.contracts import Predictions
from mental_health_classifier.evaluation.intervals import (
    Interval,
    author_numbers,
    draw_by_author,
    hull,
)
from mental_health_classifier.evaluation.roc import RankedPosts
from mental_health_classifier.evaluation.shares import ShareOfPosts, measure_shares

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

    drawn = draw_by_author(
        shares_needed,
        author_numbers(predictions),
        must_hold=[predictions.is_priority],
        draws=bootstrap_draws,
    )
    needed = {key: share for key, share in drawn.values.items() if share is not None}
    found = _intervals_by_recall(needed, ranked, predictions, draws=bootstrap_draws)
    intervals = {key: hull(drawn.interval(key), found[key]) for key in needed}
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
            for key, share in drawn.values.items()
        },
    }


def _intervals_by_recall(
    shares: Mapping[str, float], ranked: RankedPosts, predictions: Predictions, *, draws: int
) -> dict[str, Interval]:
    """Shares to read where recall is at the ends of its interval.

    To find nearly all posts, a sample's most hidden ones decide, and draws never hold one that is
    more hidden. What recall may be where so many are read does know of those.

    Source: Woodruff, Confidence Intervals for Medians and Other Position Measures, JASA 1952.
    """
    scores, is_priority = predictions.priority_scores, predictions.is_priority
    curve = ranked.curve(np.ones((1, len(scores))))
    read = (curve.true_alerts + curve.false_alerts)[0] / len(scores)
    recalls = curve.true_alerts[0] / curve.true_alerts[0, -1]
    alerted = {
        key: ShareOfPosts(
            scores >= ranked.thresholds[np.searchsorted(read, share - 1e-12)], is_priority
        )
        for key, share in shares.items()
    }

    def share_for(recall: float) -> float:
        # Where all posts of the sample are found, others may still be more hidden.
        is_enough = recalls >= recall
        return 1.0 if recall >= 1 - 1e-12 else float(read[is_enough.argmax()])

    ends = measure_shares(alerted, predictions, draws=draws)
    intervals = {key: share.interval or (0.0, 1.0) for key, share in ends.items()}
    return {key: (share_for(low), share_for(high)) for key, (low, high) in intervals.items()}


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
