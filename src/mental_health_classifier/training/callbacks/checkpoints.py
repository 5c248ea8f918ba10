"""The best and the last state of a training."""

from __future__ import annotations

from lightning.pytorch.callbacks import ModelCheckpoint

from mental_health_classifier.tracking.run_record import RunRecord


class BestAndLast(ModelCheckpoint):
    """Keeps checkpoints/best.safetensors by `monitor` and checkpoints/last.safetensors."""

    FILE_EXTENSION = ".safetensors"

    def __init__(self, *, monitor: str, record: RunRecord) -> None:
        super().__init__(
            dirpath=record.directory / "checkpoints",
            filename="best",
            monitor=monitor,
            mode="max",
            save_last=True,
            auto_insert_metric_name=False,
            enable_version_counter=False,
        )
