"""Progress bar of a training."""

from __future__ import annotations

from typing import Any

from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.callbacks import RichProgressBar
from rich import get_console


class TrainingProgress(RichProgressBar):
    """Lightning's bar, on a terminal alone, and gone when it is full: each epoch has its own line.

    Without the version of the logger, which says nothing here.
    """

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        if not get_console().is_terminal:
            self.disable()

    def _init_progress(self, trainer: Trainer) -> None:
        super()._init_progress(trainer)
        if self.progress is not None:
            self.progress.live.transient = True

    def get_metrics(self, trainer: Trainer, pl_module: LightningModule) -> dict[str, Any]:
        metrics: dict[str, Any] = super().get_metrics(trainer, pl_module)
        metrics.pop("v_num", None)
        return metrics
