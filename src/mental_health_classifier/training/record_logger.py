"""Lightning logger that writes into the run's own record."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from lightning.pytorch.loggers import Logger

if TYPE_CHECKING:
    from mental_health_classifier.tracking.record.run_record import RunRecord

DEVICE_STATISTICS = "DeviceStatsMonitor."
"""What the names begin with that Lightning's callback of this name logs."""


class RecordLogger(Logger):
    """Writes metrics.jsonl, whichever other loggers are chosen."""

    def __init__(self, record: RunRecord) -> None:
        super().__init__()
        self._record = record

    @property
    def name(self) -> str:
        return "record"

    @property
    def version(self) -> str:
        return self._record.run_id

    def log_metrics(self, metrics: Mapping[str, float], step: int | None = None) -> None:
        values = dict(metrics)
        epoch = values.pop("epoch", None)
        assert step is not None  # Lightning and our callbacks give it
        if any(name.startswith(DEVICE_STATISTICS) for name in values):
            # These change from run to run, so they stay out of metrics.jsonl.
            self._record.log_resources({"step": step, **values})
            return
        # Callbacks of Lightning that log on their own, such as LearningRateMonitor, give no epoch.
        known = None if epoch is None else int(epoch)
        self._record.log_metrics(values, step=step, epoch=known)

    def log_hyperparams(self, params: Any, *args: Any, **kwargs: Any) -> None:
        """Nothing to do: the record holds the whole configuration from the start."""
