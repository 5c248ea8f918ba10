"""Jobs of a sweep that Hydra hands to a launcher of this project."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from hydra.core.utils import JobReturn, JobStatus
from omegaconf import DictConfig

from mental_health_classifier.configuration.errors import complain
from mental_health_classifier.contracts import InputError
from mental_health_classifier.sweeps.jobs import configuration_of
from mental_health_classifier.sweeps.launchers.choice import launcher_of
from mental_health_classifier.sweeps.resume import run_jobs
from mental_health_classifier.tracking.provenance.configuration_hash import job_hash
from mental_health_classifier.tracking.sweep.ledger import JobState, SweepJob, read_jobs, states_of


def launch_jobs(
    config: DictConfig,
    settings: Mapping[str, Any],
    job_overrides: Sequence[Sequence[str]],
    *,
    first: int,
) -> list[JobReturn]:
    """Runs jobs of the sweep that this process has begun, and returns for each what a sweeper
    maximises, or the error that it would otherwise not hear of.

    Args:
        config: of the sweep, with its node `hydra`.
        settings: of the launcher.
        first: the number of the first job.

    Raises:
        InputError: the launcher cannot run any.
        SystemExit: a person stopped it.
    """
    directory = Path(config.hydra.sweep.dir).resolve()
    launcher = launcher_of(settings)
    wanted = {job.overrides: job.key for job in read_jobs(directory, is_trusted=True)}
    jobs = [
        SweepJob(number, wanted.get(tuple(each)) or _key_of(each), tuple(each))
        for number, each in enumerate(job_overrides, first)
    ]
    todo = [JobState(job, None) for job in jobs]
    _, stopped_by = run_jobs(
        todo, directory, "001", say=complain, launcher=launcher, is_trusted=True
    )
    if stopped_by is not None:
        raise SystemExit(128 + stopped_by)
    states = states_of(directory, jobs)[: len(jobs)]
    return [_returned(state, config.optimized_metric, directory) for state in states]


def _key_of(overrides: Sequence[str]) -> str:
    config = configuration_of(overrides)
    if config is None:
        raise InputError(f"{' '.join(overrides)} makes no configuration that can be run.")
    return job_hash(config)


def _returned(state: JobState, metric: str, directory: Path) -> JobReturn:
    returned = JobReturn(overrides=state.job.overrides)
    if state.run is not None and state.status == "completed":
        returned.status = JobStatus.COMPLETED
        returned.return_value = state.run.metrics.get(metric)
    else:
        returned.status = JobStatus.FAILED
        returned.return_value = InputError(
            f"Not all jobs were completed. `mhc resume {directory}` goes on with the others."
        )
    return returned
