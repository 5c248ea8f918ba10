"""Ledger of a sweep: the jobs that were wanted, and what became of each.

    multirun/2026-11-23/15-04-05-123456-NAME/
      sweep.json          written once: the jobs that were wanted
      attempts/001/       the process of the sweep, with its lock; each continuation adds one
      claims/0-KEY/       who took a job out of several that run at once; its output is there too
      0-NAME-seed1/       the run of a job, as any other

A job is known by the hash of its resolved configuration. That finds its run wherever that lies in
the folder, and tells when the files in conf/ have become others since.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from mental_health_classifier.contracts import InputError
from mental_health_classifier.storage.files import SCHEMA_VERSION, read_json, write_json_once
from mental_health_classifier.tracking.provenance.configuration_hash import job_hash
from mental_health_classifier.tracking.provenance.overrides import refuse_what_is_not_plain
from mental_health_classifier.tracking.record.attempts import (
    Attempt,
    latest_attempt,
    life_of_latest,
    why_unknown,
)
from mental_health_classifier.tracking.record.resumption import RESUMABLE
from mental_health_classifier.tracking.record.run_summary import RunSummary
from mental_health_classifier.tracking.run_index import find_runs

FILE_NAME = "sweep.json"
_KEY = re.compile(r"[0-9a-f]{16}")
_MOMENT = re.compile(r"\d\d-\d\d-\d\d-\d{6}-")
"""How conf/hydra has the name of a sweep's folder begin."""


@dataclass(frozen=True, slots=True)
class SweepJob:
    """One configuration of a sweep."""

    number: int
    """Its place in the sweep, from 0; its run's directory begins with it."""
    key: str
    """Of `job_hash`."""
    overrides: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class JobState:
    """A job, and the run that counts for it. None: it never began, or left a damaged record."""

    job: SweepJob
    run: RunSummary | None

    @property
    def status(self) -> str:
        return "missing" if self.run is None else self.run.status

    @property
    def is_open(self) -> bool:
        """Whether there is something to do that nobody is doing."""
        return self.run is None or self.run.status in RESUMABLE


_begun_here: list[Path] = []


def begun_here() -> Path | None:
    """The folder of the sweep that this process has begun last. None: it has begun none."""
    return _begun_here[-1] if _begun_here else None


def begin_sweep(directory: Path, jobs: Sequence[SweepJob]) -> Attempt:
    """Writes down what a sweep wants, and that it runs for as long as this process lives.

    Args:
        jobs: one of each configuration. None at all where a sweeper chooses them as it goes.
    """
    attempt = Attempt.begin(directory, number=1)
    wanted = [asdict(job) for job in jobs]
    write_json_once(directory / FILE_NAME, {"schema_version": SCHEMA_VERSION, "jobs": wanted})
    _begun_here.append(directory.resolve())
    return attempt


def continue_sweep(directory: Path) -> Attempt:
    """Takes the sweep, so that no other process continues it meanwhile.

    Raises:
        InputError: it is still running, here or on another machine.
    """
    if attempt := Attempt.begin_next(directory):
        return attempt
    if life_of_latest(latest_attempt(directory)) == "unknown":
        raise InputError(f"The sweep in {directory} {why_unknown(directory)}")
    raise InputError(
        f"The sweep in {directory} is still running, or being continued. Its jobs are being seen "
        "to; stop its process first if it is to be continued here."
    )


def claim_job(directory: Path, job: SweepJob) -> Attempt | None:
    """Takes a job, so that no other process runs it meanwhile, on whichever machine. None: one
    does, or may.

    Raises:
        OSError: the folder is full or gone.
    """
    return Attempt.begin_next(claims_of(directory, job))


def claims_of(directory: Path, job: SweepJob) -> Path:
    """The folder with the claims of a job, as attempts: who took it, and what came of that."""
    return directory / "claims" / f"{job.number}-{job.key}"


def read_jobs(directory: Path, *, is_trusted: bool = False) -> list[SweepJob]:
    """The jobs that a sweep was asked for.

    Args:
        is_trusted: see `refuse_what_is_not_plain`.

    Raises:
        InputError: the ledger is missing, damaged, or asks for something else than runs.
    """
    path = directory / FILE_NAME
    try:
        listed = read_json(path)["jobs"]
        jobs = [
            SweepJob(int(job["number"]), str(job["key"]), tuple(map(str, job["overrides"])))
            for job in listed
        ]
    except FileNotFoundError:
        raise InputError(f"{path} is missing: what the sweep was asked for is not known.") from None
    except (KeyError, TypeError, ValueError):
        raise InputError(f"{path} is damaged: it does not list jobs.") from None
    for job in jobs:
        refuse_what_is_not_plain(job.overrides, of=str(path), is_trusted=is_trusted)
    if not all(_KEY.fullmatch(job.key) for job in jobs):
        raise InputError(f"{path} is damaged: what names a job there is no hash.")
    return jobs


def sweep_called(reference: str | Path) -> Path | None:
    """The folder with the ledger of the sweep that a path belongs to. None: it is of no sweep."""
    path = os.path.expanduser(reference)
    if not os.path.isdir(path):
        return None
    directory = Path(path).resolve()
    return next((each for each in _folders(directory) if (each / FILE_NAME).exists()), None)


def states_of(
    directory: Path, jobs: Iterable[SweepJob], *, among: Iterable[Path] | None = None
) -> list[JobState]:
    """What has become of each job of a sweep, first those that were asked for, in their order.

    Runs that the ledger does not name, since a sweeper chose them as it went, follow. Of several
    runs of one job a completed one counts, then one that may still run, then the latest.

    Args:
        among: look for runs in these folders alone. None: wherever the sweep has some.
    """
    by_key: dict[str, RunSummary] = {}
    for run in reversed(find_runs(_folders(directory) if among is None else among)):
        if run.status == "damaged" or not run.configuration:
            continue
        key = job_hash(run.configuration)
        counting = by_key.get(key)
        if counting is None or _rank(run) >= _rank(counting):
            by_key[key] = run
    states = [JobState(job, by_key.pop(job.key, None)) for job in jobs]
    others = sorted(by_key.items(), key=lambda item: item[1].created_at or "")
    return states + [
        JobState(SweepJob(number, key, tuple(run.run.get("overrides", ()))), run)
        for number, (key, run) in enumerate(others, start=len(states))
    ]


def _rank(run: RunSummary) -> int:
    return 2 if run.status == "completed" else 0 if run.status in RESUMABLE else 1


def _folders(directory: Path) -> list[Path]:
    """Where the runs of a sweep lie. Earlier versions made one folder for each name that a sweep
    was over, all of the same microsecond, and one of them, or another one, has the ledger."""
    moment = _MOMENT.match(directory.name)
    if moment is None:
        return [directory]
    siblings = sorted(directory.parent.glob(f"{moment[0]}*/"))
    return [directory, *(each for each in siblings if each.name != directory.name)]
