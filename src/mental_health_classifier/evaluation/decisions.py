"""Decision about each post from its probabilities: alert, refer to a person, or no alert."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np

Action = Literal["alert", "refer", "no_alert"]

NEAR_THRESHOLD = 0.5
"""A post that reaches this share of the threshold is read by a person, though not alerted."""
MAX_UNCERTAINTY = 0.95
"""Share of the largest entropy above which no class was recognised."""
EMPTY = "empty_text"
"""Reason to refer a text without a letter: what a model says of it comes from nothing."""


class Decision(NamedTuple):
    action: Action
    reason: str
    """Code of what led to it."""
    uncertainty: float | None
    """Entropy of the probabilities, from 0, all on one class, to 1, all alike. None: not known."""


def decide(
    probabilities: np.ndarray,
    *,
    priority_index: int,
    threshold: float,
    reasons_to_refer: Sequence[str | None],
) -> list[Decision]:
    """Decides for each post; whatever is in doubt goes to a person, never to no alert.

    Args:
        probabilities: shape `(n, C)`; rows that are not finite are referred.
        priority_index: place of the priority class.
        threshold: from the certificate: a post with a text that reaches it is alerted, whatever
            else is said.
        reasons_to_refer: what speaks against the text of each post, or None.
    """
    decisions = []
    rows = zip(
        # Numbers of Python's own: to look into an array row by row takes ten times as long.
        np.all(np.isfinite(probabilities), axis=1).tolist(),
        probabilities[:, priority_index].tolist(),
        uncertainties(probabilities).tolist(),
        reasons_to_refer,
        strict=True,
    )
    for is_finite, score, doubt, reason in rows:
        if not is_finite:
            decisions.append(Decision("refer", reason or "internal_error", None))
            continue
        if reason == EMPTY:
            action, why = "refer", reason
        elif score >= threshold:
            action, why = "alert", "reached_threshold"
        elif reason is not None:
            action, why = "refer", reason
        elif score >= NEAR_THRESHOLD * threshold:
            action, why = "refer", "near_threshold"
        elif doubt > MAX_UNCERTAINTY:
            action, why = "refer", "low_confidence"
        else:
            action, why = "no_alert", "below_threshold"
        decisions.append(Decision(action, why, round(doubt, 6)))
    return decisions


def uncertainties(probabilities: np.ndarray) -> np.ndarray:
    """Entropy of each row as a share of its largest value, shape `(n,)`."""
    inner = np.clip(probabilities, 1e-12, 1)
    entropy = -(inner * np.log(inner)).sum(axis=1) / np.log(probabilities.shape[1])
    return np.clip(entropy, 0, 1)
