"""Decision about each post from its probabilities: alert, refer to a person, or no alert."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

import numpy as np

from mental_health_classifier.contracts import Predictions
from mental_health_classifier.evaluation.shares import ShareOfPosts, measure_shares

Action = Literal["alert", "refer", "no_alert"]

REFER_SHARE = 0.1
"""Share of posts, on val, that is read by a person because they come closest to an alert."""
NEAR_THRESHOLD = 0.5
"""Share of the threshold from which on posts are read, in records that do not say `refer_from`."""
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
    refer_from: float,
    reasons_to_refer: Sequence[str | None],
) -> list[Decision]:
    """Decides for each post; whatever is in doubt goes to a person, never to no alert.

    Args:
        probabilities: shape `(n, C)`; rows that are not finite are referred.
        priority_index: place of the priority class.
        threshold: from the certificate: a post with a text that reaches it is alerted, whatever
            else is said.
        refer_from: below the threshold: a post that reaches it is referred.
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
        elif score >= refer_from:
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


def start_of_band(scores: np.ndarray, *, threshold: float) -> float:
    """From which score on posts without an alert are referred.

    Args:
        scores: of val, shape `(n,)`.
        threshold: from which on posts are alerted.

    Returns:
        The lowest score at which the band below the threshold holds no more than REFER_SHARE of the
        posts; the threshold itself where not even its highest score leaves it so few.
    """
    below = np.unique(scores[scores < threshold])[::-1]
    held = np.array([(scores >= score).sum() for score in below]) - (scores >= threshold).sum()
    allowed = below[held <= REFER_SHARE * len(scores)]
    return float(allowed[-1]) if len(allowed) else threshold


def load_of(
    predictions: Predictions, *, threshold: float, refer_from: float, bootstrap_draws: int
) -> dict[str, Any]:
    """What deciding so does to posts whose text is not in doubt.

    Returns:
        `recall` and `false_alarm_rate` of alerts, `recall_with_referred` and, of all posts,
        `alerted`, `referred` and `left`; each with `value`, `interval`, `n` posts and `authors`.
    """
    assert predictions.task.priority_index is not None
    decisions = decide(
        predictions.probabilities,
        priority_index=predictions.task.priority_index,
        threshold=threshold,
        refer_from=refer_from,
        reasons_to_refer=[None] * len(predictions),
    )
    actions = np.array([decision.action for decision in decisions])
    everything, is_priority = np.ones(len(actions), dtype=bool), predictions.is_priority
    is_alerted = actions == "alert"
    shares = {
        "recall": ShareOfPosts(is_alerted, is_priority),
        "recall_with_referred": ShareOfPosts(actions != "no_alert", is_priority),
        "false_alarm_rate": ShareOfPosts(is_alerted, ~is_priority),
        "alerted": ShareOfPosts(is_alerted, everything),
        "referred": ShareOfPosts(actions == "refer", everything),
        "left": ShareOfPosts(actions == "no_alert", everything),
    }
    measured = measure_shares(shares, predictions, draws=bootstrap_draws)
    return {name: share._asdict() for name, share in measured.items()}
