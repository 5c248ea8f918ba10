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

from mental_health_classifier.contracts import Batch, Task
from mental_health_classifier.training.devices import share_of_step, whole_step
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
        # Every device is given the answers of all of them (see `whole_step`), so none is asked for.
        alone: Any = {"sync_on_compute": False}
        self.val_loss = MeanMetric(**alone)
        self.val_scores = MetricCollection(
            {
                "val/accuracy": MulticlassAccuracy(classes, average="micro", **alone),
                "val/f1_macro": MulticlassF1Score(classes, average="macro", **alone),
            }
        )
        self.val_confusion = MulticlassConfusionMatrix(classes, **alone)
        self.val_priority = (
            None
            if self.task.priority_index is None
            else MetricCollection(
                {
                    "val/partial_auc": BinaryAUROC(max_fpr=MAX_FALSE_POSITIVE_RATE, **alone),
                    "val/recall_at_spec80": BinarySensitivityAtSpecificity(
                        1 - MAX_FALSE_POSITIVE_RATE, **alone
                    ),
                }
            )
        )

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        output = self.network(batch)
        losses = dict(self.objective(*whole_step(output, batch)))
        if self.regularizer is not None:
            regularization = self.regularizer(output, batch) * share_of_step(batch)
            losses[self.regularizer.name] = regularization
            losses["total"] = losses["total"] + regularization
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
                # Of the posts of this device, where there are several.
                self.log(f"train/{name}", losses[name].detach(), batch_size=len(batch))
        return losses["total"]

    def validation_step(self, batch: Batch, batch_idx: int) -> None:
        output, batch = whole_step(self.network(batch), batch)
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
        output, _ = whole_step(self.network(batch), batch)
        logits = output.logits
        return {task.name: task.kind.outputs(logits[task.name].double()) for task in self.tasks}
