"""Callback that samples processor, memory, GPU and speed."""

from __future__ import annotations

import time
from typing import Any

import psutil
import torch
from lightning.pytorch import Callback, LightningModule, Trainer
from lightning.pytorch.loggers import TensorBoardLogger

from mental_health_classifier.contracts.ranges import Count
from mental_health_classifier.tracking.record.run_record import RunRecord


class ResourceUse(Callback):
    """Samples processor, memory and GPU use into resources.jsonl and TensorBoard.

    These change from run to run, so they stay out of metrics.jsonl.
    """

    def __init__(self, *, every_n_steps: Count, record: RunRecord) -> None:
        self._every_n_steps = every_n_steps
        self._record = record
        self._process = psutil.Process()
        self._num_posts = 0
        self._seconds = 0.0
        self._batch_began = 0.0

    def on_fit_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self._process.cpu_percent()  # the first call only starts the clock

    def on_train_batch_start(
        self, trainer: Trainer, pl_module: LightningModule, batch: Any, batch_idx: int
    ) -> None:
        self._batch_began = time.perf_counter()

    def on_fit_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        if self._seconds:
            self._record.note_model(training_posts_per_second=self._num_posts / self._seconds)

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        self._num_posts += len(batch.whole or batch)
        self._seconds += time.perf_counter() - self._batch_began
        if trainer.global_step % self._every_n_steps:
            return
        use = {
            "processor_percent": self._process.cpu_percent(),
            "memory_megabytes": self._process.memory_info().rss / 2**20,
        }
        if pl_module.device.type == "cuda":
            use["gpu_memory_megabytes"] = torch.cuda.memory_allocated(pl_module.device) / 2**20
            use["gpu_peak_memory_megabytes"] = (
                torch.cuda.max_memory_allocated(pl_module.device) / 2**20
            )
        self._record.log_resources({"step": trainer.global_step, **use})
        for logger in trainer.loggers:
            if isinstance(logger, TensorBoardLogger):
                logger.log_metrics(
                    {f"resources/{name}": value for name, value in use.items()},
                    step=trainer.global_step,
                )
