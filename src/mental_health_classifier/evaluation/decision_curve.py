"""Decision curve: net benefit of alerting by the model, beside alerting everybody or nobody."""

from __future__ import annotations

from typing import Any

import numpy as np

from mental_health_classifier.contracts import Predictions
from mental_health_classifier.evaluation.intervals import author_numbers, draw_by_author

THRESHOLDS = (0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5)
"""At 0.1 a person would look at ten posts to find one priority post, and at no more."""


def decision_curve(predictions: Predictions, *, bootstrap_draws: int) -> list[dict[str, Any]]:
    """Net benefit of the priority class's alerts, a point for each of THRESHOLDS.

    Priority posts found, minus false alarms at the price that the threshold stands for, as a share
    of all posts. Alerting nobody is worth 0.

    Args:
        predictions: with calibrated probabilities; others are judged at thresholds nobody meant.
        bootstrap_draws: draws of authors behind the intervals.

    Source: Vickers and Elkin, Decision Curve Analysis, Medical Decision Making 2006.
    """
    thresholds = np.array(THRESHOLDS)
    prices = thresholds / (1 - thresholds)
    is_priority = predictions.is_priority
    is_alerted = predictions.priority_scores[:, None] >= thresholds
    gains = is_alerted * np.where(is_priority[:, None], 1.0, -prices)
    gains_of_all = np.where(is_priority[:, None], 1.0, -prices)

    def net_benefits(weights: np.ndarray) -> dict[str, np.ndarray]:
        benefits = weights @ gains / weights.sum(axis=1, keepdims=True)
        return {str(threshold): benefits[:, i] for i, threshold in enumerate(THRESHOLDS)}

    drawn = draw_by_author(net_benefits, author_numbers(predictions), draws=bootstrap_draws)
    return [
        {
            "threshold": threshold,
            "net_benefit": float(gains[:, i].mean()),
            "interval": drawn.interval(str(threshold)),
            "net_benefit_of_alerting_all": float(gains_of_all[:, i].mean()),
        }
        for i, threshold in enumerate(THRESHOLDS)
    ]
