"""Callback that writes commit and branch into every checkpoint."""

from __future__ import annotations

import dataclasses
from typing import Any

from lightning.pytorch import Callback, LightningModule, Trainer
from lightning.pytorch.loggers import TensorBoardLogger

from mental_health_classifier.tracking.record.run_record import RunRecord


class GitStateStamp(Callback):
    """Puts commit, branch and dirty flag, as read when the run began, into checkpoints and
    TensorBoard.

    A checkpoint that was copied away still says where it came from.
    """

    def __init__(self, *, record: RunRecord) -> None:
        self._git = dataclasses.asdict(record.git)

    def on_fit_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        for logger in trainer.loggers:
            if isinstance(logger, TensorBoardLogger):
                rows = "\n".join(f"| {key} | `{value}` |" for key, value in self._git.items())
                logger.experiment.add_text("git", f"| field | value |\n|---|---|\n{rows}")

    def on_save_checkpoint(
        self, trainer: Trainer, pl_module: LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        checkpoint["git"] = self._git
