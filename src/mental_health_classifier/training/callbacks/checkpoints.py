"""Callback that keeps the best and the last checkpoint."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.callbacks import ModelCheckpoint

from mental_health_classifier.contracts.ranges import Count
from mental_health_classifier.tracking.record.run_record import RunRecord


class BestAndLast(ModelCheckpoint):
    """Keeps checkpoints/best.safetensors by `monitor` and checkpoints/last.safetensors to resume
    from.

    The last state is saved as a step begins: everything about the steps before it has then been
    logged, and what comes after it is told by the number of steps alone.

    Args:
        monitor: the metric that says which is best.
        mode: whether its highest or its lowest value is.
        last_every_n_steps: at most so many steps are lost when a run is killed.
    """

    FILE_EXTENSION = ".safetensors"

    def __init__(
        self,
        *,
        monitor: str,
        mode: Literal["max", "min"] = "max",
        last_every_n_steps: Count,
        record: RunRecord,
    ) -> None:
        super().__init__(
            dirpath=record.directory / "checkpoints",
            filename="best",
            monitor=monitor,
            mode=mode,
            auto_insert_metric_name=False,
            enable_version_counter=False,
        )
        self._record = record
        self._last = record.directory / "checkpoints" / "last.safetensors"
        self._last_every_n_steps = last_every_n_steps
        self._has_stopped = False

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        super().on_train_start(trainer, pl_module)
        # Early stopping had ended the training; Lightning would go on.
        trainer.should_stop = self._has_stopped

    def on_train_batch_start(
        self, trainer: Trainer, pl_module: LightningModule, batch: Any, batch_idx: int
    ) -> None:
        self._record.stop_if_asked()
        step = trainer.global_step
        if step and (batch_idx == 0 or step % self._last_every_n_steps == 0):
            trainer.save_checkpoint(self._last)

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        super().on_train_end(trainer, pl_module)
        if not self.best_model_path:
            # Nothing was validated before the end, as with few steps: the last weights are all
            # there is.
            self.best_model_path = str(self._last.with_name("best.safetensors"))
            trainer.save_checkpoint(self.best_model_path)
        trainer.save_checkpoint(self._last)

    def on_save_checkpoint(
        self, trainer: Trainer, pl_module: LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        super().on_save_checkpoint(trainer, pl_module, checkpoint)
        checkpoint["metrics_bytes"] = self._record.keep_metrics()
        checkpoint["has_stopped"] = trainer.should_stop
        # Lightning counts one up when it resumes, since it saves at the end of a step.
        checkpoint["loops"]["fit_loop"]["epoch_loop.state_dict"]["_batches_that_stepped"] -= 1

    def on_load_checkpoint(
        self, trainer: Trainer, pl_module: LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        super().on_load_checkpoint(trainer, pl_module, checkpoint)
        self._has_stopped = checkpoint["has_stopped"]

    def state_dict(self) -> dict[str, Any]:
        """The state without the folder, so that a run can be moved before it is resumed."""
        paths = ("best_model_path", "kth_best_model_path", "last_model_path", "dirpath")
        state = super().state_dict()
        state |= {key: Path(state[key]).name if state[key] else "" for key in paths}
        scores = state["best_k_models"]
        return state | {"best_k_models": {Path(path).name: s for path, s in scores.items()}}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        def here(name: str) -> str:
            return str(self._last.parent / name) if name else ""

        paths = ("best_model_path", "kth_best_model_path", "last_model_path")
        scores = state_dict["best_k_models"]
        super().load_state_dict(
            {
                **state_dict,
                **{key: here(state_dict[key]) for key in paths},
                "best_k_models": {here(name): score for name, score in scores.items()},
                "dirpath": self.dirpath,
            }
        )
