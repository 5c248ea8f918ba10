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
        self._batches: dict[int, list[tuple[np.ndarray, dict[str, np.ndarray]]]] = {}
        self.predictions: dict[str, Predictions] = {}

    def on_predict_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self._batches.clear()

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
        answers = {task: values.cpu().numpy() for task, values in given.items()}
        of_part = self._batches.setdefault(dataloader_idx, [])
        posts = (batch.whole or batch).post_indices
        of_part.append((posts.cpu().numpy(), answers))

    def on_predict_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        datamodule = trainer.datamodule  # pyright: ignore[reportAttributeAccessIssue]
        for index, part in enumerate(datamodule.predicted_parts):
            rows, answers = zip(*self._batches[index], strict=True)
            order = np.argsort(np.concatenate(rows))
            outputs = {
                task: np.concatenate([each[task] for each in answers])[order] for task in answers[0]
            }
            corpus = datamodule.corpus
            self.predictions[part] = corpus.predictions(part, outputs[corpus.task.name])
            self._record.write_predictions(self.predictions[part])
            for given in corpus.auxiliary_predictions(part, outputs):
                self._record.write_auxiliary_predictions(given)
