"""Resuming a sweep: missing jobs run, failed and killed ones go on."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from types import FrameType

from mental_health_classifier.configuration.recorded import with_own_cache
from mental_health_classifier.contracts import InputError
from mental_health_classifier.contracts.folder_names import folder_name
from mental_health_classifier.storage.process_identity import end_with_the_parent
from mental_health_classifier.sweeps.jobs import configuration_of, quoted
from mental_health_classifier.sweeps.ledger import (
    JobState,
    SweepJob,
    continue_sweep,
    read_jobs,
    states_of,
)
from mental_health_classifier.tracking.provenance.configuration_hash import job_hash
from mental_health_classifier.tracking.provenance.source_files import PROJECT
from mental_health_classifier.tracking.record.attempts import started_in
from mental_health_classifier.tracking.record.interruption import handle_stopping


@dataclass(frozen=True, slots=True)
class SweepAccount:
    """What a continuation of a sweep came to, in jobs."""

    wanted: int
    done: int
    """Completed by now, whenever that was."""
    repeated: int
    """Failed, killed or interrupted earlier, and attempted again."""
    added: int
    """Missing, and run for the first time."""
    running: int
    """Left alone, because another process is at it."""
    stopped_by: int | None = None
    """The signal by which a person ended it before its time."""

    def __str__(self) -> str:
        of = {"wanted": self.wanted, "done": self.done, "missing and run": self.added}
        of |= {"repeated": self.repeated}
        if self.running:
            of["still running"] = self.running
        return f"Jobs {', '.join(f'{what}: {number}' for what, number in of.items())}."


def resume_sweep(
    directory: Path,
    *,
    say: Callable[[str], None],
    start: Sequence[str] = (sys.executable, "-P"),
    is_trusted: bool = False,
) -> SweepAccount:
    """Brings a sweep to its end, one job after the other, each in a process of its own.

    A completed job stays as it is. One that failed, was killed or interrupted gets another attempt
    from its last checkpoint, in its own directory. One that has no run, or a damaged record, starts
    anew. A failed job does not stop the others; Ctrl-C and SIGTERM reach the job that is running,
    and none is started after it.

    Args:
        say: is told of every job as it begins and as it fails.
        start: the interpreter that jobs are started with; it imports nothing from the folder that
            the sweep says it began in.
        is_trusted: whether its overrides may name code, and it may say where posts are prepared.

    Raises:
        InputError: the sweep is still running, or its ledger cannot be used.
    """
    directory = directory.resolve()
    jobs = read_jobs(directory, is_trusted=is_trusted)
    folder = started_in(directory) or Path()
    attempt = continue_sweep(directory)
    account = None
    try:
        before = states_of(directory, jobs)
        todo = [state for state in before if state.is_open]
        say(f"Jobs wanted: {len(before)}, to do: {len(todo)}.")
        tried: list[JobState] = []
        with _Processes() as processes:
            for state in todo:
                if processes.stopped_by is not None:
                    say("Stopped; the same command goes on.")
                    break
                say(f"Job {_words(state.job)} ({state.status})")
                try:
                    command = _command(
                        state, directory, folder, suffix=attempt.folder.name, is_trusted=is_trusted
                    )
                except InputError as error:
                    say(f"Job {_words(state.job)}: {error}")
                    continue
                tried.append(state)
                # A resumed run knows itself where it began.
                code = processes.run([*start, *command], folder if state.run is None else Path())
                after = _state_of(state.job, directory)
                if after.status != "completed":
                    reason = (after.run and after.run.problem) or f"exit code {code}"
                    say(f"Job {_words(state.job)} is {after.status}: {reason.rstrip('.')}.")
        account = _account(states_of(directory, jobs), tried, processes.stopped_by)
        return account
    finally:
        attempt.end({"account": account and asdict(account)})


def _command(
    state: JobState, directory: Path, folder: Path, *, suffix: str, is_trusted: bool
) -> list[str]:
    if state.run is not None:
        return ["-m", "mental_health_classifier", "resume", str(state.run.directory)]
    config = configuration_of(state.job.overrides)
    if config is None or job_hash(config) != state.job.key:
        raise InputError(
            "it would have another configuration now, because files in conf/ were changed since "
            "the sweep began. Restore them, or start a new sweep."
        )
    if not is_trusted and with_own_cache(config, folder) != config:
        raise InputError(
            f"it would prepare posts in {folder / config['cache_dir']}, as the sweep says, where "
            "none were prepared before. Begin a new sweep, or give --trust if you know why."
        )
    name = f"{folder_name(config['name'])}-seed{config['seed']}"
    target = directory / f"{state.job.number}-{name}"
    if target.exists():
        # What is left of a process that was killed before its record began, or of a damaged run.
        target = target.with_name(f"{target.name}-{suffix}")
    offline = [] if is_trusted or "download" not in config["model"] else ["model.download=false"]
    place = f"hydra.run.dir={quoted(str(target))}"
    return [str(PROJECT / "train.py"), *state.job.overrides, *offline, place]


def _state_of(job: SweepJob, directory: Path) -> JobState:
    return next(state for state in states_of(directory, [job]) if state.job.key == job.key)


def _account(
    states: Sequence[JobState], tried: Sequence[JobState], stopped_by: int | None
) -> SweepAccount:
    return SweepAccount(
        wanted=len(states),
        done=sum(state.status == "completed" for state in states),
        repeated=sum(state.run is not None for state in tried),
        added=sum(state.run is None for state in tried),
        running=sum(state.status in ("running", "unknown") for state in states),
        stopped_by=stopped_by,
    )


def _words(job: SweepJob) -> str:
    return f"{job.number}: {' '.join(job.overrides)}"


class _Processes:
    """Runs processes one after the other, and hands on to them what would stop this one."""

    def __init__(self) -> None:
        self.stopped_by: int | None = None
        self._current: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> _Processes:
        self._previous = handle_stopping(self._stop)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)

    def run(self, command: Sequence[str], folder: Path) -> int:
        # In a session of its own Ctrl-C reaches it once, through `_stop`, and not twice.
        with subprocess.Popen(
            command,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            # Else it would go on unseen, and the next continuation begin it again.
            preexec_fn=end_with_the_parent,
        ) as self._current:
            if self.stopped_by is not None:
                self._current.terminate()
            return self._current.wait()

    def _stop(self, number: int, _: FrameType | None) -> None:
        self.stopped_by = number
        if self._current is not None:
            self._current.send_signal(number)
