"""How far a sweep, a search or a run has come, job by job, by its files alone."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from mental_health_classifier.contracts import InputError
from mental_health_classifier.storage.files import read_json
from mental_health_classifier.tracking.record.attempts import latest_attempt, life_of_latest
from mental_health_classifier.tracking.record.run_progress import (
    RunProgress,
    is_alive,
    progress_of,
)
from mental_health_classifier.tracking.record.run_summary import RunSummary, read_run
from mental_health_classifier.tracking.run_index import is_run, list_runs, resolve_run
from mental_health_classifier.tracking.search.plan import is_search, read_plan
from mental_health_classifier.tracking.search.result import read_result
from mental_health_classifier.tracking.search.workers import are_gone
from mental_health_classifier.tracking.sweep.ledger import (
    FILE_NAME,
    JobState,
    SweepJob,
    claims_of,
    read_jobs,
    states_of,
    sweep_called,
)

STATUSES = (
    *("running", "starting", "waiting", "completed", "pruned", "interrupted"),
    *("failed", "killed", "damaged", "unknown", "missing"),
)
"""In the order in which they are counted. Of those that no run has: waiting for its turn; starting,
since a process has taken the job; missing, since it never began and nobody is to begin it."""

AT_WORK = ("running", "starting")


@dataclass(frozen=True, slots=True)
class JobProgress:
    """A job of a sweep, and how far its run has come."""

    number: int
    name: str
    """The overrides that set it apart from the other jobs."""
    status: str
    """One of STATUSES."""
    run: RunSummary | None = None
    progress: RunProgress = field(default_factory=RunProgress)
    problem: str | None = None
    """What went wrong, in one line."""


@dataclass(frozen=True, slots=True)
class SweepProgress:
    """A sweep at a moment."""

    directory: Path
    jobs: tuple[JobProgress, ...]
    is_over: bool
    """Whether nothing runs, and nobody is to begin anything."""
    to_come: int = 0
    """Trials of a search that nobody has begun."""

    def counts(self) -> dict[str, int]:
        """How many jobs there are of each status, in the order of STATUSES."""
        found = Counter(job.status for job in self.jobs)
        return {status: found[status] for status in STATUSES if found[status]}


def progress_in(directory: Path) -> SweepProgress:
    """How far what lies in a folder has come: a sweep, a search, or one run.

    Raises:
        InputError: the folder holds none of them, or its ledger is damaged.
    """
    if (directory / FILE_NAME).exists():
        return _sweep_in(directory)
    if not is_run(directory):
        raise InputError(f"{directory} holds no sweep and no run. `mhc runs` lists what there is.")
    run = read_run(directory)
    job = _job(run, number=0, name=run.name or directory.name)
    return SweepProgress(directory, (job,), is_over=job.status not in AT_WORK)


def job_of_run(directory: Path) -> JobProgress | None:
    """The job of a sweep that a run is of. None: it is of none, or of one whose ledger is damaged.

    Args:
        directory: of the run.
    """
    sweep = sweep_called(directory.parent)
    if sweep is None or is_search(sweep):
        return None
    try:
        jobs = read_jobs(sweep, is_trusted=True)
    except InputError:
        return None
    states = states_of(sweep, jobs, among=[directory])
    names = job_names([state.job for state in states])
    of_runs = zip(states, names, strict=True)
    return next(
        (
            _job(state.run, number=state.job.number, name=name)
            for state, name in of_runs
            if state.run is not None
        ),
        None,
    )


def watched_called(reference: str | None, roots: Sequence[Path]) -> Path:
    """The folder of the sweep, search or run that a person means.

    Args:
        reference: a sweep's folder, or a run as `resolve_run` knows it. None: the sweep or the run
            that began last, of those that run if there are some.

    Raises:
        InputError: there is none.
    """
    if reference is None:
        return _latest(roots)
    path = Path(reference).expanduser()
    if not is_run(path) and (sweep := sweep_called(path)):
        return sweep
    return resolve_run(reference, roots).directory


def _sweep_in(directory: Path) -> SweepProgress:
    # The ledger may be of somebody else; nothing that it names is run here.
    states = states_of(directory, read_jobs(directory, is_trusted=True))
    is_held = life_of_latest(latest_attempt(directory)) != "killed"
    names = job_names([state.job for state in states])
    found = (
        _of_state(directory, state, name, is_held=is_held)
        for state, name in zip(states, names, strict=True)
    )
    # The ledger of a search has its trials as its workers came to them.
    jobs = tuple(sorted(found, key=lambda job: job.number))
    is_quiet = not any(job.status in AT_WORK for job in jobs)
    if not is_search(directory):
        return SweepProgress(directory, jobs, is_over=is_quiet and not is_held)
    to_come = max(0, read_plan(directory).trials - len(jobs))
    is_finished = _is_finished(directory)
    return SweepProgress(
        directory,
        jobs,
        is_over=is_quiet and (is_finished or are_gone(directory)),
        to_come=0 if is_finished else to_come,
    )


def _of_state(directory: Path, state: JobState, name: str, *, is_held: bool) -> JobProgress:
    if (run := state.run) is not None:
        number = state.job.number if run.trial is None else run.trial
        return _job(run, number=number, name=name)
    claim = latest_attempt(claims_of(directory, state.job))
    problem = None
    if claim is None:
        status = "waiting" if is_held else "missing"
    elif life_of_latest(claim) != "killed":
        status = "starting"
    else:
        status, problem = "failed", _end_of_claim(claim)
    return JobProgress(state.job.number, name, status, problem=problem)


def _job(run: RunSummary, *, number: int, name: str) -> JobProgress:
    status = "running" if is_alive(run) else run.status
    problem = run.problem if status != "pruned" else None
    return JobProgress(number, name, status, run, progress_of(run), problem)


def _end_of_claim(claim: Path) -> str:
    code = None
    with suppress(FileNotFoundError, InputError):
        end = read_json(claim / "end.json")
        if isinstance(end.get("problem"), str):
            return end["problem"]
        code = end.get("exit_code")
    how = "it was killed" if code is None else f"exit code {code}"
    return f"Its process ended before its record began ({how}); what it printed is in {claim}."


def job_names(jobs: Sequence[SweepJob]) -> list[str]:
    """Of each job the overrides that not all have, each without the groups that its key lies in
    where the key alone tells which it is."""
    common = (
        set[str]()
        .union(*(job.overrides for job in jobs))
        .intersection(*(job.overrides for job in jobs))
    )
    differing = [
        [each for each in job.overrides if each not in common or len(jobs) == 1] for job in jobs
    ]
    keys = {_key(each) for overrides in differing for each in overrides}
    times = Counter(map(_last, keys))
    return [" ".join(_short(each, times) for each in overrides) for overrides in differing]


def _key(override: str) -> str:
    return override.partition("=")[0]


def _short(override: str, times: Counter[str]) -> str:
    key, sign, value = override.partition("=")
    return f"{_last(key) if times[_last(key)] == 1 else key}{sign}{value}"


def _last(key: str) -> str:
    """`width` of `model.width`, `pooling` of the group `network/pooling`."""
    return re.split(r"[./]", key)[-1]


def _is_finished(search: Path) -> bool:
    """Whether its workers have written down all that they were to find."""
    with suppress(InputError):
        result = read_result(search)
        if result is not None:
            return result.best is None or len(result.seeds) >= read_plan(search).fresh_seeds
    return False


def _latest(roots: Sequence[Path]) -> Path:
    found: list[tuple[bool, str, Path]] = []
    for run in list_runs(roots):
        directory = sweep_called(run.directory.parent) or run.directory
        found.append((is_alive(run), run.created_at or "", directory))
    # One that has begun no run yet is found by the place where Hydra puts sweeps.
    for ledger in (each for root in roots for each in root.glob(f"*/*/{FILE_NAME}")):
        with suppress(OSError, InputError):
            attempt = latest_attempt(ledger.parent)
            start = read_json(attempt / "start.json") if attempt else {}
            is_held = life_of_latest(attempt) == "running"
            found.append((is_held, str(start.get("started_at", "")), ledger.parent.resolve()))
    if not found:
        where = ", ".join(map(str, roots))
        raise InputError(f"No runs in {where} yet. `python train.py` makes one.")
    return max(found)[2]
