"""Resuming a sweep: missing jobs run, failed and killed ones go on."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from signal import Signals
from types import FrameType

from mental_health_classifier.contracts import InputError
from mental_health_classifier.storage.files import read_json
from mental_health_classifier.sweeps.job_process import OUTPUT, JobTask, run_job, task_of
from mental_health_classifier.sweeps.launchers.launcher import Launcher
from mental_health_classifier.sweeps.launchers.this_machine import OnThisMachine
from mental_health_classifier.tracking.record.attempts import latest_attempt, started_in
from mental_health_classifier.tracking.record.interruption import handle_stopping
from mental_health_classifier.tracking.sweep.ledger import (
    JobState,
    claims_of,
    continue_sweep,
    read_jobs,
    states_of,
)
from mental_health_classifier.tracking.sweep.progress import job_names


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
    launcher: Launcher | None = None,
    start: Sequence[str] = (sys.executable, "-P"),
    is_trusted: bool = False,
) -> SweepAccount:
    """Brings a sweep to its end, each job in a process of its own.

    A completed job stays as it is. One that failed, was killed or interrupted gets another attempt
    from its last checkpoint, in its own directory. One that has no run, or a damaged record, starts
    anew. A failed job does not stop the others; Ctrl-C and SIGTERM reach the jobs that are running,
    and none is started after that.

    Args:
        say: is told of every job as it ends; that it is completed says one itself that prints where
            this process does.
        launcher: None: one job after the other, which print where this process does.
        start: the interpreter that jobs are started with; it imports nothing from the folder that
            the sweep says it began in.
        is_trusted: whether its overrides may name code, and it may say where posts are prepared.

    Raises:
        InputError: the sweep is still running, or its ledger cannot be used.
    """
    directory = directory.resolve()
    jobs = read_jobs(directory, is_trusted=is_trusted)
    attempt = continue_sweep(directory)
    account = None
    try:
        before = states_of(directory, jobs)
        todo = [state for state in before if state.is_open]
        say(f"Jobs wanted: {len(before)}, to do: {len(todo)}.")
        tried, stopped_by = run_jobs(
            todo,
            directory,
            attempt.folder.name,
            say=say,
            launcher=launcher,
            start=start,
            is_trusted=is_trusted,
        )
        account = _account(states_of(directory, jobs), tried, stopped_by)
        return account
    finally:
        attempt.end({"account": account and asdict(account)})


def run_jobs(
    todo: Sequence[JobState],
    directory: Path,
    suffix: str,
    *,
    say: Callable[[str], None],
    launcher: Launcher | None = None,
    start: Sequence[str] = (sys.executable, "-P"),
    is_trusted: bool = False,
) -> tuple[list[JobState], int | None]:
    """Runs jobs of a sweep that this process has begun or continues.

    Args:
        directory: of the sweep, absolute.
        suffix: see `JobTask`.
        say, launcher, start, is_trusted: see `resume_sweep`.

    Returns:
        The jobs that were attempted, and the signal that put an end to it, if one did.
    """
    folder = started_in(directory) or Path()
    in_turn, at_once = launcher is None, launcher or OnThisMachine(jobs=1)
    numbers = [state.job.number for state in todo]
    names = {
        number: f"Job {number}: {name}"
        for number, name in zip(numbers, job_names([state.job for state in todo]), strict=True)
    }
    states: dict[int, JobState] = {}
    tried: list[JobState] = []
    with stopping(at_once) as signals:

        def tasks() -> Iterator[JobTask]:
            for state in todo:
                if signals:
                    return
                try:
                    task = task_of(
                        *(state, directory, folder),
                        **{"suffix": suffix, "start": start, "is_trusted": is_trusted},
                        is_shown=in_turn,
                    )
                except InputError as error:
                    say(f"{names[state.job.number]}: {error}")
                else:
                    states[state.job.number] = state
                    yield task

        for task, death in at_once.each(run_job, tasks(), directory):
            state, after = states.pop(task.job.number), task.state_now()
            end, output = _end_of(task)
            if end is None and not death:
                if not signals:
                    say(f"{names[task.job.number]} is left to the process that has taken it.")
                continue
            tried.append(state)
            if after.status == "completed":
                if not in_turn:
                    say(f"{names[task.job.number]} is completed.")
                continue
            reason = (after.run and after.run.problem) or death or end or "it did not begin"
            where = "" if in_turn or after.run else f" What it printed is in {output}."
            say(f"{names[task.job.number]} is {after.status}: {reason.rstrip('.')}.{where}")
        if signals:
            say("Stopped; the same command goes on.")
    return tried, signals[0] if signals else None


def _end_of(task: JobTask) -> tuple[str | None, Path]:
    """How the process of a job ended, in words, and where it printed. None: none has begun, or
    another process is at it."""
    claim = latest_attempt(claims_of(task.sweep, task.job))
    try:
        end = read_json(claim / "end.json") if claim else {}
    except (FileNotFoundError, InputError):
        end = {}
    code, place = end.get("exit_code"), (claim or task.sweep) / OUTPUT
    if not isinstance(code, int):
        return end.get("problem"), place
    return (f"it was ended by {Signals(-code).name}" if code < 0 else f"exit code {code}"), place


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


@contextmanager
def stopping(launcher: Launcher) -> Iterator[list[int]]:
    """Hands on to the jobs what would stop this process; lends the signals that came."""
    signals: list[int] = []

    def stop(number: int, _: FrameType | None) -> None:
        signals.append(number)
        launcher.stop(number)

    previous = handle_stopping(stop)
    try:
        yield signals
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
