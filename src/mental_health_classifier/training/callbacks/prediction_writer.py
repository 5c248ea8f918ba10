"""Predictions are the record: every later table is a function of them."""

from __future__ import annotations

from typing import Any

import numpy as np
from lightning.pytorch import Callback, LightningModule, Trainer
from torch import Tensor

from mental_health_classifier.contracts import Batch, Predictions
from mental_health_classifier.tracking.run_record import RunRecord


class PredictionWriter(Callback):
    """Collects what the network predicts, puts it into the order of the corpus and records it.

    `predictions` holds the result by part after `trainer.predict`.
    """

    def __init__(self, *, record: RunRecord) -> None:
        self._record = record
        self._rows: dict[int, list[np.ndarray]] = {}
        self._probabilities: dict[int, list[np.ndarray]] = {}
        self.predictions: dict[str, Predictions] = {}

    def on_predict_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self._rows.clear()
        self._probabilities.clear()

    def on_predict_batch_end(
        self,
        trainer: Trainer,
        pl_module: LightningModule,
        outputs: Any,
        batch: Batch,
        batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:
        probabilities: Tensor = outputs
        self._rows.setdefault(dataloader_idx, []).append(batch.post_indices.cpu().numpy())
        self._probabilities.setdefault(dataloader_idx, []).append(probabilities.cpu().numpy())

    def on_predict_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        datamodule = trainer.datamodule  # pyright: ignore[reportAttributeAccessIssue]
        for index, part in enumerate(datamodule.predicted_parts):
            order = np.argsort(np.concatenate(self._rows[index]))
            probabilities = np.concatenate(self._probabilities[index])[order]
            self.predictions[part] = datamodule.corpus.predictions(part, probabilities)
            self._record.write_predictions(self.predictions[part])
