"""Callback that logs the recall of every class at each validation, the priority class first."""

from __future__ import annotations

import logging

import matplotlib.pyplot as plt
from lightning.pytorch import Callback, Trainer
from lightning.pytorch.loggers import TensorBoardLogger

from mental_health_classifier.tracking.record.run_record import RunRecord
from mental_health_classifier.training.text_classifier import TextClassifier

logger = logging.getLogger(__name__)


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
        scores = trainer.callback_metrics
        headline = scores.get("val/recall_at_spec80")
        logger.info(
            "epoch %d · recall %s · %saccuracy %.3f · loss %.3f",
            trainer.current_epoch + 1,
            "  ".join(f"{name} {value:.2f}" for name, value in by_class.items()),
            "" if headline is None else f"at specificity .80 {headline:.2f} · ",
            scores["val/accuracy"],
            scores["val/loss"],
        )
