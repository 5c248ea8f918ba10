"""Predictions, curves and assessments of runs that `written_runs` wrote."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from mental_health_classifier.contracts import Predictions, Task
from mental_health_classifier.storage.json_lines import append_record, open_records
from mental_health_classifier.tracking.record.assessments import task_of, write_assessment
from mental_health_classifier.tracking.record.prediction_files import write_predictions
from mental_health_classifier.tracking.record.run_summary import read_run


def predictions_of(task: Task, *, posts: int = 120, skill: float = 2.0) -> Predictions:
    """What a model says that knows its classes as well as `skill` has it; classes take turns."""
    generator = np.random.default_rng(0)
    labels = np.arange(posts) % task.num_classes
    logits = generator.normal(size=(posts, task.num_classes))
    logits[np.arange(posts), labels] += skill
    odds = np.exp(logits)
    return Predictions(
        part="test",
        task=task,
        post_ids=[f"post{number}" for number in range(posts)],
        authors=None,
        labels=labels,
        probabilities=(odds / odds.sum(axis=1, keepdims=True)).round(6),
    )


def complete_run(directory: Path, *, skill: float = 2.0) -> Path:
    """Adds test predictions, a training curve and a decision curve to a written run."""
    run = read_run(directory)
    task = task_of(run)
    (directory / "predictions").mkdir()
    write_predictions(predictions_of(task, skill=skill), directory / "predictions" / "test.csv")
    with open_records(directory / "metrics.jsonl") as handle:
        for step in range(40):
            append_record(handle, {"step": step, "epoch": 0, "train/loss": 2.0 / (step + 1)})
        append_record(handle, {"step": 39, "epoch": 0, "val/accuracy": 0.5, "val/loss": 1.5})
    if task.priority_class is not None:
        points = [
            {
                **{"threshold": threshold, "net_benefit": 0.1 - threshold / 10},
                **{"interval": [0.05 - threshold / 10, 0.15], "net_benefit_of_alerting_all": 0.05},
            }
            for threshold in (0.1, 0.2, 0.5)
        ]
        numbers = {"ece": 0.1, "brier": 0.5, "log_loss": 0.9}
        calibration = {"temperature": 1.2, "before": numbers, "after": numbers}
        write_assessment(directory, "calibration", {**calibration, "decision_curve": points})
    return directory
