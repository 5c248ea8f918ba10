"""Loggers of other experiment trackers, beside the record and never in its place.

The configuration says how runs are called there. Where they go is said by the person at this
machine alone, in the tracker's own environment variables: a record from elsewhere sends nothing to
anybody.
"""

from __future__ import annotations

import io
import logging
import os
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext, redirect_stdout
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from unittest.mock import patch

from lightning.fabric.utilities.rank_zero import rank_zero_only
from lightning.pytorch.loggers import Logger, MLFlowLogger, WandbLogger

from mental_health_classifier.contracts import InputError
from mental_health_classifier.storage.files import read_json

log = logging.getLogger(__name__)

MLFLOW_STORE = "sqlite:///mlflow.db"
"""Where MLflow itself looks for runs: in the folder in which a command is given."""
_SENDS_TRACKIO = ("TRACKIO_SPACE_ID", "TRACKIO_SERVER_URL")
_MOST_SHOWN = 160
"""Characters of what a tracker says."""
_OF_RUN = "record"
"""Tag of a run in MLflow with the id of its record."""


class _BesideTheRecord(Logger):
    """A tracker that may fail without ending the training: the record has everything."""

    is_lost = False
    last_step = 0

    def log_metrics(self, metrics: Mapping[str, float], step: int | None = None) -> None:
        self.last_step = self.last_step if step is None else step
        self.attempt(lambda: super(_BesideTheRecord, self).log_metrics(dict(metrics), step))

    def log_hyperparams(self, params: Any) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        self.attempt(lambda: super(_BesideTheRecord, self).log_hyperparams(params))

    def finalize(self, status: str) -> None:
        self.attempt(lambda: super(_BesideTheRecord, self).finalize(status))

    def end(self) -> None:
        """Closes the run, where its tracker does not do so as training ends."""

    def attempt(self, work: Callable[[], object]) -> None:
        """Does the work, unless an earlier one has failed."""
        if self.is_lost:
            return
        try:
            work()
        except Exception as error:  # whatever networks and servers raise
            self.is_lost = True
            log.warning(
                "%s is left out from here on (%s); the record goes on.",
                type(self).__name__,
                type(error).__name__,
            )


class MLflow(_BesideTheRecord, MLFlowLogger):
    """A run of MLflow, in the store that MLFLOW_TRACKING_URI names, else in mlflow.db here.

    An attempt that goes on with a run goes on with the same run of MLflow.

    Args:
        save_dir: directory of the run.
        experiment_name: under which MLflow lists it.

    Raises:
        InputError: MLflow is not installed, or its store cannot be used.
    """

    def __init__(self, *, save_dir: Path, experiment_name: str, run_name: str) -> None:
        _require("mlflow")
        store = os.environ.get("MLFLOW_TRACKING_URI") or MLFLOW_STORE
        run = read_json(save_dir / "run.json")["id"]
        with _explaining("mlflow", "MLFLOW_TRACKING_URI"):
            super().__init__(
                experiment_name=experiment_name,
                run_name=run_name,
                tracking_uri=store,
                tags={_OF_RUN: run},
            )
            begun = self._begun(run)
            if begun is not None:
                self._run_id = begun
            _ = self.experiment

    def _begun(self, run: str) -> str | None:
        client = self._mlflow_client
        experiment = client.get_experiment_by_name(self._experiment_name)
        if experiment is None:
            return None
        found = client.search_runs(
            [experiment.experiment_id], filter_string=f"tags.{_OF_RUN} = '{run}'", max_results=1
        )
        return found[0].info.run_id if found else None


class Wandb(_BesideTheRecord, WandbLogger):
    """A run of Weights & Biases, offline in the folder wandb/ here; `wandb sync` sends it. Sent as
    it trains where WANDB_MODE=online.

    Neither what is printed nor source or its state in git goes there.

    Args:
        save_dir: directory of the run.
        project: under which it is listed.

    Raises:
        InputError: wandb is not installed, or its server cannot be reached.
    """

    def __init__(self, *, save_dir: Path, project: str, name: str) -> None:
        _require("wandb")
        import wandb

        if wandb.run is not None:  # of a job of the same sweep that failed
            wandb.finish(exit_code=1)
        os.environ.setdefault("WANDB_SILENT", "true")
        with _explaining("wandb", "WANDB_MODE"):
            super().__init__(
                project=project,
                name=name,
                id=str(read_json(save_dir / "run.json")["id"]),
                save_dir=".",
                offline=os.environ.get("WANDB_MODE") != "online",
                settings=wandb.Settings(console="off", disable_git=True, disable_code=True),
            )
            self._wandb_init.pop("anonymous", None)  # which wandb warns of, though nobody set it
            _ = self.experiment

    def end(self) -> None:
        self.attempt(lambda: self.experiment.finish())


class _TrackioLogger(Logger):
    """What Lightning asks of a logger, of a run of Trackio."""

    run: Any

    @property
    def name(self) -> str:
        return self.run.project

    @property
    def version(self) -> str:
        return self.run.name

    @rank_zero_only
    def log_metrics(self, metrics: Mapping[str, float], step: int | None = None) -> None:
        self.run.log(dict(metrics), step=step)

    @rank_zero_only
    def log_hyperparams(self, params: Mapping[str, Any]) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        self.run.config.update(params)  # which goes with the first metrics

    def finalize(self, status: str) -> None:
        if status == "failed":
            self.finish()

    def finish(self) -> None:
        import trackio

        with _quiet():
            trackio.finish()


class Trackio(_BesideTheRecord, _TrackioLogger):
    """A run of Trackio on this machine, in its own folder or that of TRACKIO_DIR, where `trackio
    show` finds it. Sent as it trains where TRACKIO_SPACE_ID or TRACKIO_SERVER_URL says so.

    Its name there ends with the id of the record, so that an attempt that goes on with a run goes
    on with the same run of Trackio.

    Args:
        save_dir: directory of the run.
        project: under which it is listed.

    Raises:
        InputError: trackio is not installed, or its folder or server cannot be used.
    """

    def __init__(self, *, save_dir: Path, project: str, run_name: str) -> None:
        _require("trackio")
        import trackio
        from trackio import utils

        with _explaining("trackio", f"TRACKIO_DIR, {' and '.join(_SENDS_TRACKIO)}"), _quiet():
            utils.TRACKIO_DIR.mkdir(parents=True, exist_ok=True)
            self.run = trackio.init(
                project=project,
                name=f"{run_name}-{read_json(save_dir / 'run.json')['id']}",
                resume="allow",
                embed=False,
                auto_log_gpu=False,
                auto_log_cpu=False,
            )

    def end(self) -> None:
        self.attempt(self.finish)


@contextmanager
def _quiet() -> Iterator[None]:
    """Trackio says nothing, and asks the hub for nobody's name when nothing is sent there."""
    # It asks whenever there is a token, to note the name of the account beside each run.
    is_sent = any(os.environ.get(name) for name in _SENDS_TRACKIO)
    asked = nullcontext() if is_sent else patch("huggingface_hub.whoami", side_effect=OSError)
    with redirect_stdout(io.StringIO()), asked:
        yield


def begin_trackers(loggers: Sequence[Logger], hyperparameters: Mapping[str, Any]) -> None:
    """Tells trackers what a person varies; other loggers have it from elsewhere."""
    for logger in loggers:
        if isinstance(logger, _BesideTheRecord):
            logger.log_hyperparams(hyperparameters)


def end_trackers(loggers: Sequence[Logger], metrics: Mapping[str, float | None]) -> None:
    """Gives trackers the final numbers, those that were measured, and ends their runs."""
    measured = {key: value for key, value in metrics.items() if value is not None}
    for logger in loggers:
        if isinstance(logger, _BesideTheRecord):
            # After all others, so that these are what tables there show.
            logger.log_metrics(measured, logger.last_step)
            logger.end()


def _require(library: str) -> None:
    if find_spec(library) is None:
        raise InputError(
            f"logger={library} needs the library {library}, which is not installed: pip install "
            "'mental-health-classifier[trackers]', or leave it out."
        )
    import_module(library)  # which sets levels of its own
    for name in ("mlflow", "alembic"):  # they tell of every table that they make
        logging.getLogger(name).setLevel(logging.WARNING)


@contextmanager
def _explaining(tracker: str, variable: str) -> Iterator[None]:
    """Turns what a tracker raises as it begins into an InputError."""
    try:
        with warnings.catch_warnings():
            # Of the libraries that it is made with, to those who make it.
            warnings.simplefilter("ignore", DeprecationWarning)
            yield
    except Exception as error:  # each has its own, and those of networks
        first = str(error).strip().partition("\n")[0][:_MOST_SHOWN]
        raise InputError(
            f"logger={tracker} cannot begin ({type(error).__name__}: {first}). Look at {variable}, "
            "or leave it out: the record holds everything."
        ) from None
