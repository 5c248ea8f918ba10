"""LightningModule: training of a network, whatever its architecture."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from torch import Tensor, nn
from torchmetrics import MeanMetric, MetricCollection
from torchmetrics.classification import (
    BinaryAUROC,
    BinarySensitivityAtSpecificity,
    MulticlassAccuracy,
    MulticlassConfusionMatrix,
    MulticlassF1Score,
)

from mental_health_classifier.contracts import Batch, ModelOutput, Task
from mental_health_classifier.training.seeded_module import SeededModule

MAX_FALSE_POSITIVE_RATE = 0.2
"""Of the partial area that chooses checkpoints, and 1 - specificity of the headline."""


class TextClassifier(SeededModule):
    """Trains any network that takes a Batch and returns a ModelOutput.

    Args:
        network: the architecture.
        objective: (output, batch) -> named losses, `total` among them.
        regularizer: (output, batch) -> another loss that training adds, logged under its `name`.
        tasks: what is predicted; the first is the main one, which is validated.
        make_optimizer, seed: see `SeededModule`.
    """

    def __init__(
        self,
        *,
        network: nn.Module,
        objective: nn.Module,
        regularizer: nn.Module | None,
        make_optimizer: Callable[..., tuple[Any, Any]],
        tasks: Sequence[Task],
        seed: int,
    ) -> None:
        super().__init__(
            network=network, objective=objective, make_optimizer=make_optimizer, seed=seed
        )
        self.regularizer = regularizer
        self.tasks = tasks
        self.task = tasks[0]
        classes = self.task.num_classes
        self.val_loss = MeanMetric()
        self.val_scores = MetricCollection(
            {
                "val/accuracy": MulticlassAccuracy(classes, average="micro"),
                "val/f1_macro": MulticlassF1Score(classes, average="macro"),
            }
        )
        self.val_confusion = MulticlassConfusionMatrix(classes)
        self.val_priority = (
            None
            if self.task.priority_index is None
            else MetricCollection(
                {
                    "val/partial_auc": BinaryAUROC(max_fpr=MAX_FALSE_POSITIVE_RATE),
                    "val/recall_at_spec80": BinarySensitivityAtSpecificity(
                        1 - MAX_FALSE_POSITIVE_RATE
                    ),
                }
            )
        )

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        output = self.network(batch)
        losses = dict(self.objective(output, batch))
        if self.regularizer is not None:
            losses[self.regularizer.name] = self.regularizer(output, batch)
            losses["total"] = losses["total"] + losses[self.regularizer.name]
        if self.is_step_logged:
            self.log("train/loss", losses["total"].detach(), prog_bar=True, batch_size=len(batch))
            if len(self.tasks) > 1:
                for task in self.tasks:
                    # Weights may be learned, so the sum alone would not tell what happens.
                    loss = losses[task.name].detach()
                    self.log(f"train/loss/{task.name}", loss, batch_size=len(batch))
            learning_rate = self.trainer.optimizers[0].param_groups[0]["lr"]
            self.log("train/learning_rate", learning_rate, batch_size=len(batch))
            if self.regularizer is not None:
                name = self.regularizer.name
                self.log(f"train/{name}", losses[name].detach(), batch_size=len(batch))
        return losses["total"]

    def validation_step(self, batch: Batch, batch_idx: int) -> None:
        output: ModelOutput = self.network(batch)
        labels = batch.labels[self.task.name]
        probabilities = output.logits[self.task.name].softmax(-1)
        self.val_loss.update(self.objective(output, batch)["total"], len(batch))
        self.val_scores.update(probabilities, labels)
        self.val_confusion.update(probabilities, labels)
        if self.val_priority is not None:
            index = self.task.priority_index
            self.val_priority.update(probabilities[:, index], (labels == index).long())

    def on_validation_epoch_end(self) -> None:
        scores = {"val/loss": self.val_loss.compute(), **self.val_scores.compute()}
        self.val_loss.reset()
        self.val_scores.reset()
        if self.val_priority is not None:
            priority = self.val_priority.compute()
            recall, _threshold = priority["val/recall_at_spec80"]
            scores |= {**priority, "val/recall_at_spec80": recall}
            self.val_priority.reset()
        self.log_dict(scores)

    def predict_step(
        self, batch: Batch, batch_idx: int, dataloader_idx: int = 0
    ) -> dict[str, Tensor]:
        """Returns the answers to each task, in double precision, each of shape `(B, outputs)`: of
        the main one class probabilities."""
        logits = self.network(batch).logits
        return {task.name: task.kind.outputs(logits[task.name].double()) for task in self.tasks}
