"""Other trackers whose folders can be imported: how each is read, and what it says."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from mental_health_classifier.contracts import InputError
from mental_health_classifier.tracking.importing.foreign_run import ForeignRun
from mental_health_classifier.tracking.importing.mlflow_runs import is_mlflow, read_mlflow
from mental_health_classifier.tracking.importing.tensorboard_runs import (
    is_tensorboard,
    read_tensorboard,
)
from mental_health_classifier.tracking.importing.trackio_runs import is_trackio, read_trackio
from mental_health_classifier.tracking.importing.wandb_runs import is_wandb, read_wandb


@dataclass(frozen=True, slots=True)
class Tracker:
    """Another tracker."""

    title: str
    read: Callable[[Path], Iterator[ForeignRun | str]]
    """Runs below a folder, and why others are left out."""
    is_in: Callable[[Path], bool]
    """Whether a folder holds something of it."""
    leaves: str
    """What it leaves in a folder."""


TRACKERS = {
    "mlflow": Tracker(
        title="MLflow",
        read=read_mlflow,
        is_in=is_mlflow,
        leaves="a database mlflow.db, or folders with meta.yaml, metrics and params",
    ),
    "wandb": Tracker(
        title="Weights & Biases",
        read=read_wandb,
        is_in=is_wandb,
        leaves="folders run-* or offline-run-* with a log run-ID.wandb",
    ),
    "tensorboard": Tracker(
        title="TensorBoard",
        read=read_tensorboard,
        is_in=is_tensorboard,
        leaves="files *.tfevents.*",
    ),
    "trackio": Tracker(
        title="Trackio",
        read=read_trackio,
        is_in=is_trackio,
        leaves="databases PROJECT.db",
    ),
}
"""By their names in commands."""


def runs_of(name: str, folder: Path) -> Iterator[ForeignRun | str]:
    """Runs that a tracker has left below a folder, and why others are left out.

    Raises:
        InputError: there is no such folder, it holds nothing of this tracker, or what it holds is
            damaged.
    """
    tracker = TRACKERS[name]
    if not folder.exists():
        raise InputError(f"{folder} is no folder. Give one with {tracker.leaves}.")
    is_empty = True
    for run in tracker.read(folder):
        is_empty = False
        yield run
    if is_empty:
        others = [
            f"mhc import {other} reads what {each.title} left there"
            for other, each in TRACKERS.items()
            if other != name and _holds(each, folder)
        ]
        raise InputError(
            f"{folder} holds no runs of {tracker.title}: {tracker.leaves} were expected"
            f"{'; '.join(['', *others])}."
        )


def _holds(tracker: Tracker, folder: Path) -> bool:
    try:
        return tracker.is_in(folder)
    except InputError:  # what is damaged there is told by the command that reads it
        return True
