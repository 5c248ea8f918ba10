"""Callback that records predictions, of which every later table is a function."""

from __future__ import annotations

from typing import Any

import numpy as np
from lightning.pytorch import Callback, LightningModule, Trainer
from torch import Tensor

from mental_health_classifier.contracts import Batch, Predictions
from mental_health_classifier.tracking.record.run_record import RunRecord


class PredictionWriter(Callback):
    """Collects what the network predicts, puts it into the order of the corpus and records it.

    `predictions` holds by part, after `trainer.predict`, the answers to the main task.
    """

    def __init__(self, *, record: RunRecord) -> None:
        self._record = record
        self._rows: dict[int, list[np.ndarray]] = {}
        self._outputs: dict[int, dict[str, list[np.ndarray]]] = {}
        self.predictions: dict[str, Predictions] = {}

    def on_predict_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self._rows.clear()
        self._outputs.clear()

    def on_predict_batch_end(
        self,
        trainer: Trainer,
        pl_module: LightningModule,
        outputs: Any,
        batch: Batch,
        batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:
        given: dict[str, Tensor] = outputs
        self._rows.setdefault(dataloader_idx, []).append(batch.post_indices.cpu().numpy())
        of_part = self._outputs.setdefault(dataloader_idx, {})
        for task, values in given.items():
            of_part.setdefault(task, []).append(values.cpu().numpy())

    def on_predict_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        datamodule = trainer.datamodule  # pyright: ignore[reportAttributeAccessIssue]
        for index, part in enumerate(datamodule.predicted_parts):
            order = np.argsort(np.concatenate(self._rows[index]))
            outputs = {
                task: np.concatenate(values)[order] for task, values in self._outputs[index].items()
            }
            corpus = datamodule.corpus
            self.predictions[part] = corpus.predictions(part, outputs[corpus.task.name])
            self._record.write_predictions(self.predictions[part])
            for given in corpus.auxiliary_predictions(part, outputs):
                self._record.write_auxiliary_predictions(given)
