"""Yardstick of a run beside other predictions of its posts: those of another program, or of an
export."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mental_health_classifier.contracts import PARTS, Predictions
from mental_health_classifier.evaluation.evaluate import compare_with_yardstick
from mental_health_classifier.tracking.record.assessments import task_of
from mental_health_classifier.tracking.record.prediction_files import read_predictions
from mental_health_classifier.tracking.record.run_summary import RunSummary

FOLDER = "predictions/yardstick"


def stored_yardstick(run: RunSummary) -> dict[str, Predictions]:
    """What the yardstick of a run said of its parts, as far as that is kept."""
    task = task_of(run)
    return {
        part: read_predictions(path, task)
        for part in PARTS[1:]
        if (path := run.directory / FOLDER / f"{part}.csv").exists()
    }


def beside_yardstick(
    run: RunSummary, test: Predictions, settings: Mapping[str, Any]
) -> dict[str, Any] | None:
    """The numbers of a run's yardstick, and how far other predictions are from them.

    Args:
        test: predictions of the run's test posts.
        settings: group `evaluation` of the configuration.

    Returns:
        What `RunRecord.finish` takes; None where the run has no yardstick, or its predictions are
        not kept.
    """
    stored = stored_yardstick(run).get("test")
    if run.yardstick is None or stored is None:
        return None
    difference = compare_with_yardstick(test, stored, bootstrap_draws=settings["bootstrap_draws"])
    return {
        **run.yardstick,
        "differences": difference.metrics,
        "difference_intervals": difference.intervals,
    }
