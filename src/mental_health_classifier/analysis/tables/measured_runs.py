"""Models of recorded runs on their test posts, each read and measured once."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from mental_health_classifier.contracts import InputError
from mental_health_classifier.evaluation.verdict import MeasuredModel, measured_model
from mental_health_classifier.tracking.record.assessments import stored_predictions, task_of
from mental_health_classifier.tracking.record.prediction_files import read_predictions
from mental_health_classifier.tracking.record.run_summary import RunSummary


class MeasuredRuns:
    """Keeps what it measured: drawing authors takes longer than all comparisons together."""

    def __init__(self) -> None:
        self._by_directory: dict[Path, MeasuredModel] = {}

    def of(self, runs: Iterable[RunSummary]) -> list[MeasuredModel]:
        """One model for each run.

        Raises:
            InputError: predictions of a run are missing, or were changed.
        """
        return [self._one(run) for run in runs]

    def yardstick_of(self, run: RunSummary) -> MeasuredModel:
        """The yardstick that was fitted on the posts of a run.

        Raises:
            InputError: its predictions are missing, or were changed.
        """
        path = run.directory / "predictions" / "yardstick" / "test.csv"
        if path not in self._by_directory:
            try:
                test = read_predictions(path, task_of(run))
            except FileNotFoundError:
                raise InputError(
                    f"Run {run.id or run.directory} has no predictions of a yardstick."
                ) from None
            self._by_directory[path] = measured_model(test, is_deterministic=True)
        return self._by_directory[path]

    def _one(self, run: RunSummary) -> MeasuredModel:
        if run.directory not in self._by_directory:
            self._by_directory[run.directory] = measured_model(
                stored_predictions(run, ("test",))["test"],
                seed=run.seed,
                # A learner that is no network draws nothing at random, but for a language model
                # the posts that it is shown; and of predictions from elsewhere without a seed there
                # are no others.
                is_deterministic=(
                    run.setting("model", "_target_") is not None
                    and not run.setting("model", "shots")
                )
                or (run.is_external and run.seed is None),
            )
        return self._by_directory[run.directory]
