"""Callback that tells a search how a trial is doing, and ends the trial where it says so."""

from __future__ import annotations

from lightning.pytorch import Callback, LightningModule, Trainer

from mental_health_classifier.contracts.decimals import decimals
from mental_health_classifier.contracts.errors import Pruned
from mental_health_classifier.tracking.search.plan import read_plan
from mental_health_classifier.tracking.search.study import is_hopeless, open_study
from mental_health_classifier.tracking.search.trial import Trial


class TrialReport(Callback):
    """Tells the search the number of val that it maximises, after the first validation of each
    epoch. Changes nothing in training but its end.
    """

    def __init__(self, trial: Trial) -> None:
        self._trial = trial
        self._plan = read_plan(trial.search)

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        metric = str(self._plan.maximise)
        value = trainer.callback_metrics.get(metric)
        if trainer.sanity_checking or not trainer.is_global_zero or value is None:
            return
        study = open_study(self._trial.search, self._plan)
        epoch = trainer.current_epoch
        if is_hopeless(study, self._trial.number, step=epoch, value=float(value)):
            raise Pruned(
                f"The search ended this trial after epoch {epoch + 1}, with {metric} at "
                f"{decimals(float(value), 3)}: others were better by then."
            )
