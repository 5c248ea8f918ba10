"""Callback that records how probable the label of each training post is, epoch by epoch."""

from __future__ import annotations

import csv
import io

import torch
from lightning.pytorch import Callback, Trainer

from mental_health_classifier.contracts import TRAINING_DYNAMICS
from mental_health_classifier.storage.files import write_atomically
from mental_health_classifier.tracking.record.run_record import RunRecord
from mental_health_classifier.training.text_classifier import TextClassifier


class TrainingDynamics(Callback):
    """Writes `training_dynamics/epoch-NNN.csv`: keyed hashes and probabilities, without text.

    Another pass through the training posts, without dropout, at the end of every epoch. Changes
    nothing in training.

    Source: Swayamdipta et al., Dataset Cartography, EMNLP 2020, who take the probabilities as they
    train; here all are of the same weights, whatever the sampler drew.
    """

    def __init__(self, *, record: RunRecord) -> None:
        self._folder = record.directory / TRAINING_DYNAMICS

    def on_train_epoch_end(self, trainer: Trainer, pl_module: TextClassifier) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        if not trainer.is_global_zero:
            return  # the others wait at the next step
        datamodule = trainer.datamodule  # pyright: ignore[reportAttributeAccessIssue]
        post_ids = datamodule.corpus.posts["id"]
        table = io.StringIO(newline="")
        writer = csv.writer(table, lineterminator="\n")
        writer.writerow(["post", "probability"])
        pl_module.eval()
        with torch.no_grad():
            for each in datamodule.learned_posts_dataloader():
                batch = each.to(pl_module.device)
                logits = pl_module.network(batch).logits[pl_module.task.name]
                labels = batch.labels[pl_module.task.name]
                probabilities = logits.double().softmax(-1).gather(1, labels[:, None])[:, 0]
                ids = post_ids.iloc[each.post_indices.numpy()]
                writer.writerows(
                    (post, f"{probability:.6f}")
                    for post, probability in zip(ids, probabilities.tolist(), strict=True)
                )
        pl_module.train()
        self._folder.mkdir(exist_ok=True)
        path = self._folder / f"epoch-{trainer.current_epoch + 1:03d}.csv"
        write_atomically(path, table.getvalue())
