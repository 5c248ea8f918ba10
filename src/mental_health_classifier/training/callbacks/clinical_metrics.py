"""Callback that logs the recall of every class at each validation, the priority class first."""

from __future__ import annotations

import logging
from collections.abc import Mapping

import matplotlib.pyplot as plt
from lightning.pytorch import Callback, Trainer
from lightning.pytorch.loggers import TensorBoardLogger

from mental_health_classifier.contracts.decimals import decimals
from mental_health_classifier.tracking.record.run_record import RunRecord
from mental_health_classifier.training.text_classifier import TextClassifier

logger = logging.getLogger(__name__)

_SHOWN = {
    "at spec. .80": "val/recall_at_spec80",
    "macro F1": "val/f1_macro",
    "accuracy": "val/accuracy",
}
"""Numbers of an epoch by what they are called."""


class ClinicalMetrics(Callback):
    """Logs per-class recall and the confusion matrix, and prints the line that a person watches.

    Changes nothing in training.
    """

    def __init__(self, *, record: RunRecord) -> None:
        self._record = record

    def on_validation_end(self, trainer: Trainer, pl_module: TextClassifier) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        if trainer.sanity_checking:
            pl_module.val_confusion.reset()
            return
        task = pl_module.task
        confusion = pl_module.val_confusion.compute()  # (C, C), rows are true classes
        recall = (confusion.diag() / confusion.sum(1).clamp(min=1)).tolist()
        by_class = {name: recall[task.class_names.index(name)] for name in task.display_order}
        for each in trainer.loggers:
            metrics = {f"val/recall/{name}": value for name, value in by_class.items()}
            metrics["epoch"] = trainer.current_epoch
            each.log_metrics(metrics, step=trainer.global_step - 1)
            if isinstance(each, TensorBoardLogger):
                # Two dollar signs would begin a formula.
                names = [name.replace("$", r"\$") for name in task.class_names]
                figure, _ = pl_module.val_confusion.plot(labels=names)
                each.experiment.add_figure("val/confusion", figure, trainer.global_step - 1)
                plt.close(figure)
        pl_module.val_confusion.reset()
        scores = {name: float(value) for name, value in trainer.callback_metrics.items()}
        epoch = f"{trainer.current_epoch + 1}/{trainer.max_epochs}"
        line, emphasised = epoch_line(epoch, scores, by_class, task.priority_class)
        logger.info(line, extra={"emphasised": emphasised})
        others = "  ".join(f"{name} {decimals(value, 3)}" for name, value in by_class.items())
        logger.info("recall %s", others, extra={"is_for_the_log": True})


def epoch_line(
    epoch: str,
    scores: Mapping[str, float],
    recall: Mapping[str, float],
    priority_class: str | None,
) -> tuple[str, str]:
    """What a person watches, as wide for every epoch, and the part of it that matters most.

    Args:
        epoch: `3/30`.
        scores: numbers of val by their names, in [0, 1] but the loss.
        recall: by class.
    """
    parts = {}
    if priority_class is not None:
        parts[f"{priority_class} recall"] = recall[priority_class]
    for name, key in _SHOWN.items():
        if key in scores and not (key == "val/f1_macro" and priority_class is not None):
            parts[name] = scores[key]
    shown = [f"{name} {decimals(value, 3)}" for name, value in parts.items()]
    loss = f"{scores['val/loss']:.3f}".removeprefix("0")
    return "  ".join([f"epoch {epoch:>7}", *shown, f"loss {loss}"]), shown[0]
