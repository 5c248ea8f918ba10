"""Whether two forms of one model decide alike about the same posts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from mental_health_classifier.contracts import Predictions
from mental_health_classifier.evaluation.calibration import calibrated

ALERT = 2
"""The highest of the actions, see `Thresholds.actions`."""


@dataclass(frozen=True, slots=True)
class Thresholds:
    """By what a model decides whether a post is alerted or referred to a person."""

    alert_from: float
    refer_from: float
    temperature: float | None
    """Of the probabilities that are compared with both. None: those that the model gives."""

    def actions(self, predictions: Predictions) -> np.ndarray:
        """0: no alert, 1: refer, 2: alert, for each post."""
        scores = calibrated(predictions, self.temperature).priority_scores
        return (scores >= self.refer_from).astype(int) + (scores >= self.alert_from)


def changed_decisions(
    before: Predictions, after: Predictions, *, thresholds: Thresholds | None
) -> np.ndarray:
    """Whether the class of each post or what is done about it is another, bool, shape `(n,)`.

    Args:
        before, after: of the same posts in the same order.
        thresholds: by which both decide. None: no class has priority, so that classes alone count.
    """
    is_other = before.probabilities.argmax(axis=1) != after.probabilities.argmax(axis=1)
    if thresholds is not None:
        is_other |= thresholds.actions(before) != thresholds.actions(after)
    return is_other


def parity(
    before: Mapping[str, Predictions],
    after: Mapping[str, Predictions],
    *,
    thresholds: Thresholds | None,
    parts: Sequence[str],
) -> dict[str, dict[str, float]]:
    """By part the `posts`, how many decisions among them `changed`, with `alerts_lost` and
    `alerts_gained`, and the `largest_difference` of a probability.

    Args:
        before, after, thresholds: see `changed_decisions`.
    """
    return {part: _parity(before[part], after[part], thresholds) for part in parts}


def _parity(
    before: Predictions, after: Predictions, thresholds: Thresholds | None
) -> dict[str, float]:
    lost = gained = 0
    if thresholds is not None:
        was, is_ = (thresholds.actions(each) == ALERT for each in (before, after))
        lost, gained = int((was & ~is_).sum()), int((is_ & ~was).sum())
    return {
        "posts": len(before),
        "changed": int(changed_decisions(before, after, thresholds=thresholds).sum()),
        "alerts_lost": lost,
        "alerts_gained": gained,
        "largest_difference": float(np.abs(before.probabilities - after.probabilities).max()),
    }
