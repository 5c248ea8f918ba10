"""A job of SLURM for each job of a sweep: hydra/launcher=slurm; slurm_local tries it without."""

from __future__ import annotations

import math
import shutil
import subprocess
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import field
from pathlib import Path
from typing import Any, Literal

from pydantic import NonNegativeInt, PositiveFloat, PositiveInt
from pydantic.dataclasses import dataclass

from mental_health_classifier.contracts import InputError
from mental_health_classifier.sweeps.job_process import end_jobs
from mental_health_classifier.sweeps.launchers.launcher import Ended, Work, library
from mental_health_classifier.sweeps.launchers.this_machine import shares_of_machine, threads_of

_LOOK_SECONDS = 30.0
"""How often SLURM is asked which jobs it has. One that is gone twice without a result is dead."""
_STOP_SECONDS = 45.0
"""What runs get to write down their end, once they are told to stop."""


class RequeuedWork:
    """Work that is told before the time of its job is up, stops there, and is queued again."""

    def __init__(self, work: Work) -> None:
        self._work = work

    def __call__(self, item: Any, environment: Mapping[str, str]) -> None:
        self._work(item, environment)

    def checkpoint(self, item: Any, environment: Mapping[str, str]) -> Any:
        """Called by submitit in the job; what it returns runs in the place of this."""
        end_jobs(_STOP_SECONDS)
        submitit = library("submitit", extra="slurm")
        return submitit.helpers.DelayedSubmission(self, item, environment)


@dataclass
class OnSlurm:
    """Jobs of SLURM. Its scripts and logs lie in a folder `slurm` of the sweep."""

    cluster: Literal["slurm", "local"] = "slurm"
    """local: the same on this machine alone, without SLURM."""
    jobs: PositiveInt | None = None
    """At once. None: SLURM decides; on this machine, one for each processor."""
    timeout_min: PositiveFloat = 240
    """Minutes. A job that needs longer is queued again, and its run goes on."""
    signal_delay_s: PositiveInt = 90
    """Seconds before that at which the run is stopped, so that it can write down where it was."""
    times_queued_again: NonNegativeInt = 20
    cpus_per_task: PositiveInt = 1
    gpus_per_job: NonNegativeInt = 0
    mem_gb: PositiveFloat | None = None
    partition: str | None = None
    additional_parameters: dict[str, Any] = field(default_factory=dict)
    """Of sbatch, without the dashes: {account: lab, constraint: a100}."""
    _is_stopped: bool = field(default=False, init=False)

    def each(self, work: Work, items: Iterable[Any], folder: Path) -> Iterator[Ended]:
        """See `Launcher`."""
        submitit = library("submitit", extra=self.cluster)
        logs = folder / "slurm"
        logs.mkdir(parents=True, exist_ok=True)  # SLURM starts no job whose log has no folder
        pending: dict[Any, Any] = {}
        try:
            if self.cluster == "local":
                yield from self._each_here(submitit, RequeuedWork(work), items, logs, pending)
            else:
                yield from self._each_in_array(submitit, RequeuedWork(work), items, logs, pending)
        finally:
            for job in pending:
                job.cancel(check=False)

    def stop(self, number: int) -> None:
        """See `Launcher`."""
        self._is_stopped = True

    def _each_here(
        self, submitit: Any, work: Any, items: Iterable[Any], logs: Path, pending: dict[Any, Any]
    ) -> Iterator[Ended]:
        executor = submitit.LocalExecutor(logs, max_num_timeout=self.times_queued_again)
        executor.update_parameters(
            timeout_min=self.timeout_min, signal_delay_s=self.signal_delay_s, stderr_to_stdout=True
        )
        free = shares_of_machine(self.jobs, self.gpus_per_job)
        waiting = iter(items)
        while not self._is_stopped:
            while free and (item := next(waiting, None)) is not None:
                share = free.pop()
                pending[executor.submit(work, item, share)] = item, share
            if not pending:
                return
            for job in [job for job in pending if job.done()]:
                item, share = pending.pop(job)
                free.append(share)
                yield item, _reason(job, "this machine")
            time.sleep(0.1)

    def _each_in_array(
        self, submitit: Any, work: Any, items: Iterable[Any], logs: Path, pending: dict[Any, Any]
    ) -> Iterator[Ended]:
        if not all(map(shutil.which, ("sbatch", "srun"))):
            raise InputError(
                "hydra/launcher=slurm: there is no SLURM here, neither sbatch nor srun. Give the "
                "command on a machine of the cluster, or try it here with "
                "hydra/launcher=slurm_local."
            )
        if not (listed := list(items)):
            return
        executor = submitit.SlurmExecutor(logs, max_num_timeout=self.times_queued_again)
        given = {
            "mem": self.mem_gb and f"{self.mem_gb:g}GB",
            "partition": self.partition,
            "gpus_per_node": self.gpus_per_job or None,
        }
        executor.update_parameters(
            job_name=folder_of_sweep(logs),
            time=math.ceil(self.timeout_min),
            signal_delay_s=self.signal_delay_s,
            cpus_per_task=self.cpus_per_task,
            array_parallelism=self.jobs or len(listed),
            additional_parameters=self.additional_parameters,
            stderr_to_stdout=True,
            **{name: value for name, value in given.items() if value},
        )
        environment = threads_of(self.cpus_per_task)
        try:
            jobs = executor.map_array(work, listed, [environment] * len(listed))
        except submitit.core.utils.FailedJobError as error:
            raise InputError(f"SLURM took no job: {' '.join(str(error).split())}") from None
        pending.update(zip(jobs, listed, strict=True))
        looked, gone = time.monotonic(), set[str]()
        while pending and not self._is_stopped:
            time.sleep(1)
            for job in [job for job in pending if job.paths.result_pickle.exists()]:
                yield pending.pop(job), None
            if time.monotonic() - looked < _LOOK_SECONDS:
                continue
            looked, queued = time.monotonic(), _queued([job.job_id for job in pending])
            for job in [job for job in pending if queued is not None and job.job_id not in queued]:
                if job.job_id in gone:
                    yield pending.pop(job), _reason(job, "SLURM")
                gone.add(job.job_id)


def folder_of_sweep(logs: Path) -> str:
    """The name of the sweep's folder, by which its jobs are known in the queue."""
    return logs.parent.name


def _queued(job_ids: list[str]) -> set[str] | None:
    """Those of the jobs that SLURM still has to do. None: it does not answer."""
    arrays = ",".join(sorted({job_id.partition("_")[0] for job_id in job_ids}))
    command = ["squeue", "--noheader", "--array", "--format=%i", f"--jobs={arrays}"]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, timeout=60)
    except subprocess.TimeoutExpired:
        return None
    is_forgotten = "Invalid job id" in answer.stderr
    return set(answer.stdout.split()) if answer.returncode == 0 or is_forgotten else None


def _reason(job: Any, whose: str) -> str | None:
    if job.paths.result_pickle.exists():
        return None
    return f"{whose} ended its process {job.job_id}; what that said is in {job.paths.stdout}"
