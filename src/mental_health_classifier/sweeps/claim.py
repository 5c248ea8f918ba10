"""Hydra callback that claims the directory of a run or sweep."""

from __future__ import annotations

import copy
import shutil
from pathlib import Path
from typing import Any, NoReturn

from hydra.core.utils import JobReturn, JobStatus
from hydra.errors import HydraException
from hydra.experimental.callback import Callback
from hydra.types import RunMode
from omegaconf import DictConfig, read_write
from omegaconf.errors import OmegaConfBaseException

from mental_health_classifier.configuration.errors import complain, explain
from mental_health_classifier.configuration.literal import without_interpolation
from mental_health_classifier.contracts import InputError
from mental_health_classifier.storage.leftovers import never_began
from mental_health_classifier.sweeps.jobs import plan_of, quoted
from mental_health_classifier.tracking.sweep.ledger import begin_sweep


class DirectoryClaim(Callback):
    """Refuses to start in a directory that exists, since Hydra would write into it.

    Creating the directory is the claim: of two processes that want the same one, one succeeds.
    """

    def on_run_start(self, config: DictConfig, **_: Any) -> None:
        _claim(Path(config.hydra.run.dir), "hydra.run.dir")

    def on_multirun_start(self, config: DictConfig, **_: Any) -> None:
        try:
            plan = plan_of(config)
        except (InputError, HydraException, OmegaConfBaseException) as error:
            _leave(explain(error))
        directory = _settle_directory(config, plan.name)
        _claim(directory, "hydra.sweep.dir")
        begin_sweep(directory, plan.jobs)

    def on_job_start(self, config: DictConfig, **_: Any) -> None:
        # Hydra opens the log file lazily, and does not make its folder.
        (Path(config.hydra.runtime.output_dir) / "logs").mkdir(exist_ok=True)

    def on_job_end(self, config: DictConfig, job_return: JobReturn, **_: Any) -> None:
        directory = Path(config.hydra.runtime.output_dir)
        if config.hydra.mode == RunMode.MULTIRUN and job_return.status is JobStatus.FAILED:
            words = " ".join(config.hydra.overrides.task)
            why = "; the table at the end says why."
            if never_began(directory):
                # The table knows records alone.
                error = job_return._return_value
                why = f": {explain(error) if isinstance(error, Exception) else repr(error)}"
            complain(f"Job {config.hydra.job.num} ({words}) failed{why}")
        if job_return.status is JobStatus.FAILED and never_began(directory):
            # Its configuration was refused, so that no record says what the folder is.
            shutil.rmtree(directory)


def _settle_directory(config: DictConfig, name: str) -> Path:
    """Gives all jobs of a sweep the same folder.

    Hydra works hydra.sweep.dir out anew for each job, from the job's own choices: a sweep over
    models would lie in one folder a model.
    """
    named = copy.deepcopy(config)
    named.name = name
    directory = str(named.hydra.sweep.dir)
    with read_write(config.hydra):
        config.hydra.sweep.dir = without_interpolation(directory)
        config.hydra.overrides.hydra.append(f"hydra.sweep.dir={quoted(directory)}")
    return Path(directory)


def _claim(directory: Path, key: str) -> None:
    try:
        directory.mkdir(parents=True)
    except FileExistsError as error:
        if not directory.is_dir():
            _leave(explain(error))
        _leave(
            f"{directory} exists already, and a run is never overwritten. Choose another {key}, "
            "or delete that folder if what it holds is not needed."
        )


def _leave(message: str) -> NoReturn:
    """Hydra turns exceptions of callbacks into warnings; leaving the process is not one."""
    complain(message)
    raise SystemExit(1) from None
