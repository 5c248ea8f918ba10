"""The record of a run as its other processes see it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mental_health_classifier.contracts import AuxiliaryPredictions, Predictions
from mental_health_classifier.tracking.provenance.git import GitState
from mental_health_classifier.tracking.record.run_record import RunRecord
from mental_health_classifier.tracking.record.run_summary import RunSummary


class FollowedRecord(RunRecord):
    """A record that the first process of a run writes, so that nothing is written here.

    What it is given is dropped; only its folder, where choices and checkpoints are read, and its
    git state are those of the run.
    """

    def __init__(self, run: RunSummary) -> None:
        self.directory = run.directory.resolve()
        self.git = GitState(**run.run["git"])

    def stop_if_asked(self) -> None:
        """The first process is asked, and ends this one."""

    def keep_metrics(self) -> int:
        return 0

    def log_metrics(self, metrics: Mapping[str, Any], *, step: int, epoch: int | None) -> None:
        """Dropped."""

    def log_resources(self, resources: Mapping[str, Any]) -> None:
        """Dropped."""

    def note_model(self, **facts: Any) -> None:
        """Dropped."""

    def write_predictions(self, predictions: Predictions, folder: str = "predictions") -> Path:
        return self.directory / folder / f"{predictions.part}.csv"

    def write_auxiliary_predictions(self, predictions: AuxiliaryPredictions) -> None:
        """Dropped."""
