"""Callback that profiles some training steps."""

from __future__ import annotations

from typing import Any

import torch
from lightning.pytorch import Callback, LightningModule, Trainer
from torch.profiler import ProfilerActivity, profile

from mental_health_classifier.contracts.ranges import Count
from mental_health_classifier.tracking.record.run_record import RunRecord


class StepProfile(Callback):
    """Writes a table of operations, the costliest first, to logs/profile.txt of the run.

    Args:
        warmup_steps: steps before the first that is looked at; they pay for what is made once.
        profiled_steps: steps that are looked at.
        rows: of the table.
        record: of the run.
    """

    def __init__(
        self, *, warmup_steps: int, profiled_steps: int, rows: Count, record: RunRecord
    ) -> None:
        self._first = warmup_steps
        self._last = warmup_steps + profiled_steps - 1
        self._rows = rows
        self._folder = record.directory / "logs"
        self._profiler: profile | None = None

    def on_train_batch_start(
        self, trainer: Trainer, pl_module: LightningModule, batch: Any, batch_idx: int
    ) -> None:
        if trainer.global_step == self._first and trainer.is_global_zero:
            activities = [ProfilerActivity.CPU]
            if torch.cuda.is_available():
                activities.append(ProfilerActivity.CUDA)
            self._profiler = profile(activities=activities)
            self._profiler.start()

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        if trainer.global_step > self._last:
            self._write()

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self._write()

    def _write(self) -> None:
        if self._profiler is None:
            return
        self._profiler.stop()
        device = "cuda" if torch.cuda.is_available() else "cpu"
        table = self._profiler.key_averages().table(
            sort_by=f"self_{device}_time_total", row_limit=self._rows
        )
        self._profiler = None
        self._folder.mkdir(exist_ok=True)
        (self._folder / "profile.txt").write_text(table, encoding="utf-8")
