"""Checkpoint from which a training that was cut off goes on."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mental_health_classifier.contracts import InputError
from mental_health_classifier.training.checkpoint_files import read_checkpoint

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ResumePoint:
    """A whole checkpoint and what it says."""

    path: Path
    state: dict[str, Any]

    @property
    def metrics_bytes(self) -> int:
        """Size of metrics.jsonl when the checkpoint was made."""
        return self.state["metrics_bytes"]

    @property
    def selection(self) -> dict[str, Any] | None:
        """Which checkpoint was chosen, of a training that was finished and tidied up."""
        return self.state.get("selection")

    @property
    def batches_done(self) -> int:
        """Batches of the interrupted epoch that were trained on."""
        progress = self.state["loops"]["fit_loop"]["epoch_loop.batch_progress"]["current"]
        return progress["completed"]


def find_resume_point(run_directory: Path) -> ResumePoint | None:
    """The last checkpoint of a run. None: there is none that is whole, so it starts from the first
    step, which ends with the same weights."""
    path = run_directory / "checkpoints" / "last.safetensors"
    try:
        _, state = read_checkpoint(path)
    except FileNotFoundError:
        return None
    except InputError as error:
        log.warning("%s The run starts from its first step.", error)
        return None
    point = ResumePoint(path, state)
    metrics = run_directory / "metrics.jsonl"
    size = metrics.stat().st_size if metrics.exists() else 0
    if size < point.metrics_bytes:
        log.warning("%s lost lines. The run starts from its first step.", metrics)
        return None
    return point
