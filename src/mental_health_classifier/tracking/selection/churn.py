"""Disagreement about whom to alert, between models that differ in their seed alone."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import TYPE_CHECKING

from mental_health_classifier.contracts import InputError
from mental_health_classifier.tracking.record.assessments import stored_predictions
from mental_health_classifier.tracking.record.run_summary import RunSummary

if TYPE_CHECKING:
    import numpy as np


def alert_churn(runs: Sequence[RunSummary]) -> float | None:
    """Share of priority posts of test on which two seeds disagree, averaged over all pairs.

    None: there is no priority class, or the predictions of a run are gone.
    """
    import numpy as np

    try:
        alerts = [_alerts_for_priority_posts(run) for run in runs]
    except (OSError, InputError):
        return None
    if len(alerts) < 2 or any(each is None for each in alerts):
        return None
    pairs = [np.mean(a != b) for a, b in combinations(alerts, 2)]
    return float(np.mean(pairs))


def _alerts_for_priority_posts(run: RunSummary) -> np.ndarray | None:
    """Whether each priority post is alerted at the frozen threshold, in the order of the posts."""
    threshold = run.metrics.get("test/operating_point/threshold")
    if threshold is None or run.data.get("priority_class") is None:
        return None
    predictions = stored_predictions(run, ["test"])["test"]
    return (predictions.priority_scores >= threshold)[predictions.is_priority]
