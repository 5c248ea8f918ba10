"""One job of a sweep, claimed and run in a process of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from mental_health_classifier.configuration.errors import explain
from mental_health_classifier.configuration.recorded import with_own_cache
from mental_health_classifier.contracts import InputError
from mental_health_classifier.contracts.folder_names import folder_name
from mental_health_classifier.storage.process_identity import end_with_the_parent
from mental_health_classifier.sweeps.jobs import configuration_of, quoted
from mental_health_classifier.tracking.provenance.configuration_hash import job_hash
from mental_health_classifier.tracking.provenance.source_files import PROJECT
from mental_health_classifier.tracking.sweep.ledger import (
    JobState,
    SweepJob,
    claim_job,
    states_of,
)

OUTPUT = "output.log"
"""Beside the claim of a job: what its process printed."""

_OF_A_TASK = ("SLURM_NTASKS", "SLURM_STEP_NUM_TASKS", "WORLD_SIZE")
"""Variables by which a process takes itself for one of several that were started together."""

_NOT_FOR_JOBS = (signal.SIGUSR1, signal.SIGUSR2)
"""What a scheduler sends to all processes before the time is up; the job is told by its parent."""

_running: set[subprocess.Popen[bytes]] = set()


@dataclass(frozen=True, slots=True)
class JobTask:
    """What a process on any machine that sees the sweep's folder has to know to run a job."""

    sweep: Path
    """Absolute, as all paths here."""
    job: SweepJob
    run: Path | None
    """The run to go on with. None: none has begun."""
    command: tuple[str, ...]
    """Begins or resumes the run; without the interpreter, and without a folder for a new run."""
    start: tuple[str, ...]
    """The interpreter."""
    folder: Path
    """Where relative paths in the command begin."""
    place: str
    """The name that the folder of a new run has, if it is free."""
    suffix: str
    """Follows that name where something is left of a process that died before its record began."""
    is_shown: bool
    """Whether the job prints where its parent does, not into `OUTPUT`."""

    def state_now(self) -> JobState:
        """What has become of the job, by the folders that it can lie in."""
        among = [self.run] if self.run else self.sweep.glob(f"{self.job.number}-*/")
        return states_of(self.sweep, [self.job], among=among)[0]


def task_of(
    state: JobState,
    directory: Path,
    folder: Path,
    *,
    suffix: str,
    start: Sequence[str] = (sys.executable, "-P"),
    is_trusted: bool = False,
    is_shown: bool = False,
) -> JobTask:
    """What there is to do for a job that is open.

    Args:
        directory: of the sweep, absolute.
        folder: where the sweep began.
        suffix, start, is_shown: see `JobTask`.
        is_trusted: see `resume_sweep`.

    Raises:
        InputError: it cannot be run as it was wanted.
    """
    job, place = state.job, ""
    if state.run is not None:
        run = state.run.directory.resolve()
        command = ["-m", "mental_health_classifier", "resume", str(run)]
        # A resumed run knows itself where it began.
        return JobTask(
            *(directory, job, run, tuple(command), tuple(start), Path.cwd()),
            *(place, suffix, is_shown),
        )
    config = configuration_of(job.overrides)
    if config is None or job_hash(config) != job.key:
        raise InputError(
            "it would have another configuration now, because files in conf/ were changed since "
            "the sweep began. Restore them, or start a new sweep."
        )
    if not is_trusted and with_own_cache(config, folder) != config:
        raise InputError(
            f"it would prepare posts in {folder / config['cache_dir']}, as the sweep says, where "
            "none were prepared before. Begin a new sweep, or give --trust if you know why."
        )
    offline = [] if is_trusted or "download" not in config["model"] else ["model.download=false"]
    command = [str(PROJECT / "train.py"), *job.overrides, *offline]
    place = f"{job.number}-{folder_name(config['name'])}-seed{config['seed']}"
    return JobTask(
        *(directory, job, None, tuple(command), tuple(start), folder.resolve()),
        *(place, suffix, is_shown),
    )


def run_job(task: JobTask, environment: Mapping[str, str]) -> None:
    """Runs a job to its end, unless another process is at it or it is completed by now.

    What came of it is in its record, and in the end of its claim: the exit code and what stood in
    the way, both null where the job was left alone.

    Args:
        environment: variables that the job gets besides those of this process.

    Raises:
        OSError: the sweep's folder is full or gone.
    """
    claim = claim_job(task.sweep, task.job)
    if claim is None:
        return
    end: dict[str, Any] = {"exit_code": None, "problem": None}
    try:
        state = task.state_now()
        if state.is_open:
            with _output(task, claim.folder) as output:
                end["exit_code"] = _run(_command(task, state), task.folder, environment, output)
    except OSError as error:
        end["problem"] = explain(error)
    finally:
        claim.end(end)


def stop_jobs(number: int) -> None:
    """Sends a signal to every job that this process runs."""
    for process in list(_running):
        process.send_signal(number)


def end_jobs(patience: float) -> None:
    """Asks every job that this process runs to stop, and ends those that take longer.

    Args:
        patience: seconds for all of them together.
    """
    stop_jobs(signal.SIGTERM)
    for process in list(_running):
        try:
            process.wait(patience)
        except subprocess.TimeoutExpired:
            process.kill()


def _command(task: JobTask, state: JobState) -> list[str]:
    if task.run is not None:
        return [*task.start, *task.command]
    if state.run is not None:
        # Begun by another process after this task was made, and dead by now.
        run = str(state.run.directory)
        return [*task.start, "-m", "mental_health_classifier", "resume", run]
    target = task.sweep / task.place
    if target.exists():
        # What is left of a process that was killed before its record began, or of a damaged run.
        names = (f"{task.place}-{n:03d}" for n in count(int(task.suffix)))
        target = next(path for name in names if not (path := task.sweep / name).exists())
    return [*task.start, *task.command, f"hydra.run.dir={quoted(str(target))}"]


@contextmanager
def _output(task: JobTask, claim: Path) -> Iterator[Any]:
    if task.is_shown:
        yield None
    else:
        with (claim / OUTPUT).open("wb") as file:
            yield file


def _run(command: Sequence[str], folder: Path, environment: Mapping[str, str], output: Any) -> int:
    own = {name: value for name, value in os.environ.items() if name not in _OF_A_TASK}
    with subprocess.Popen(
        command,
        cwd=folder,
        env={**own, **environment},
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=output and subprocess.STDOUT,
        # In a session of its own Ctrl-C reaches it once, through `stop_jobs`, and not twice.
        start_new_session=True,
        preexec_fn=_prepare_child,
    ) as process:
        _running.add(process)
        try:
            return process.wait()
        finally:
            _running.discard(process)


def _prepare_child() -> None:
    # Else it would go on unseen, and the next continuation begin it again.
    end_with_the_parent()
    for number in _NOT_FOR_JOBS:
        signal.signal(number, signal.SIG_IGN)
