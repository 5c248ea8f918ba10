"""Deletion of runs that nothing needs."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import chain
from pathlib import Path
from typing import NoReturn, get_args

from mental_health_classifier.contracts import InputError
from mental_health_classifier.storage.leftovers import departing_path, remove
from mental_health_classifier.tracking.record.ensemble_members import members_of, places_of
from mental_health_classifier.tracking.record.run_summary import RunSummary, Status, read_run
from mental_health_classifier.tracking.run_index import find_runs
from mental_health_classifier.tracking.selection.best_models import best_by_corpus

IN_USE = ("running", "unknown")
"""States of a run whose process may still write."""

_MOST_DAYS = 36_500


def projects_around(roots: Iterable[Path]) -> list[Path]:
    """Folders that may hold other runs which rest on those below some roots: the present one, and
    those that the roots lie in."""
    places = [place.resolve() for place in (Path(), *roots)]
    return list(dict.fromkeys([*places, *(above for each in places for above in each.parents)]))


def refuse_unseen(folder: str, reason: str) -> NoReturn:
    """What deleting does about a folder that cannot be looked into.

    Raises:
        InputError: always.
    """
    raise InputError(
        f"{folder} cannot be looked into: {reason}. What rests on the runs elsewhere is not known "
        "then, so nothing was deleted. Mend or remove it, then give the same command again."
    )


def runs_to_delete(
    runs: Sequence[RunSummary],
    *,
    statuses: Collection[str],
    older_than_days: float | None,
    keep_last: int,
    preserved: Collection[str],
    elsewhere: Sequence[Sequence[RunSummary]] = (),
) -> list[RunSummary]:
    """The runs that every condition given applies to, oldest first.

    Never among them: runs that are running or may be, the best models (and the other seeds that
    made them best), those in a snapshot or archived, and whatever a run that stays rests on.

    Args:
        statuses: only runs with one of these; empty: with any.
        older_than_days: only runs that began longer ago, from 0 to 36,500. None: at any time.
        keep_last: so many of the latest runs stay.
        preserved: ids of runs that a snapshot holds.
        elsewhere: further runs, each time those that `mhc best` would be given together. They are
            not up for deletion, but a best one among them may be, or one that they rest on.

    Raises:
        InputError: no condition was given, or one that no run can meet.
    """
    _check(statuses, older_than_days)
    if not statuses and older_than_days is None and not keep_last:
        raise InputError("Say which runs: --status, --older-than DAYS or --keep-last NUMBER.")
    winners = {
        entry["configuration"]
        for together in (runs, *elsewhere)
        for best in best_by_corpus(together)
        for entry in best.values()
    }
    latest_first = sorted(runs, key=lambda run: run.created_at or "", reverse=True)
    limit = None
    if older_than_days is not None:
        moment = datetime.now(UTC) - timedelta(days=older_than_days)
        limit = moment.isoformat(timespec="microseconds")
    doomed = [
        run
        for run in reversed(latest_first[keep_last:])
        if run.status not in IN_USE
        and not (run.status == "completed" and run.configuration_hash in winners)
        and run.id not in preserved
        and not run.is_archived
        and (not statuses or run.status in statuses)
        and (limit is None or (run.created_at is not None and run.created_at < limit))
    ]
    return _without_needed(doomed, [*runs, *chain.from_iterable(elsewhere)])


def _check(statuses: Collection[str], older_than_days: float | None) -> None:
    deletable = [status for status in get_args(Status) if status not in IN_USE]
    for status in statuses:
        if status not in deletable:
            raise InputError(
                f"--status={status}: expected one of {', '.join(deletable)}. What is running or "
                "unknown is never deleted; `mhc gone RUN` says that a process is gone."
            )
    if older_than_days is not None and not 0 <= older_than_days <= _MOST_DAYS:
        raise InputError(
            f"--older-than={older_than_days}: expected a number of days from 0 to {_MOST_DAYS}."
        )


def _without_needed(doomed: list[RunSummary], runs: Sequence[RunSummary]) -> list[RunSummary]:
    """Takes out what a run that stays rests on, what that one rests on, and so forth."""
    leaving = {os.path.realpath(run.directory) for run in doomed}
    staying = [run for run in runs if os.path.realpath(run.directory) not in leaving]
    while staying and doomed:
        needed = _Dependencies(staying)
        staying = [run for run in doomed if needed.include(run)]
        doomed = [run for run in doomed if run not in staying]
    return doomed


def delete_run(run: RunSummary) -> bool:
    """Deletes a run's directory; it is gone as a run before its first file is.

    Returns:
        Whether it was there.

    Raises:
        InputError: the run has been resumed in the meantime, or its folder holds other runs.
    """
    if not run.directory.exists():
        return False
    status = read_run(run.directory).status
    if status in IN_USE:
        raise InputError(f"Run {run.id} is {status} and was not deleted.")
    if len(find_runs([run.directory])) > 1:
        raise InputError(f"{run.directory} holds other runs and was not deleted.")
    directory = run.directory.resolve()
    leaving = departing_path(directory.parent)
    try:
        directory.rename(leaving)
    except FileNotFoundError:
        return False
    if run.directory.is_symlink():
        run.directory.unlink()
    remove(leaving)
    return True


class _Dependencies:
    """What some runs rest on: the members of ensembles, the run that a curriculum learned the
    difficulty of posts from, and those that an encoder was pretrained in."""

    def __init__(self, runs: Iterable[RunSummary]) -> None:
        self._ids: set[object] = set()
        self._directories: set[str] = set()
        self._endings: set[tuple[str, ...]] = set()
        for run in runs:
            for member in members_of(run):
                self._ids.add(str(member.get("id")))
                self._directories |= {os.path.realpath(place) for place in places_of(run, member)}
            texts = run.setting("model", "pretrained_on")
            read = texts if isinstance(texts, list) else []
            self._ids |= {str(each.get("run")) for each in read if isinstance(each, Mapping)}
            teacher = _teacher_of(run)
            if teacher is not None:
                self._directories.add(os.path.realpath(teacher))
                # Its path began where the run was started, which need not be here.
                parts = Path(os.path.normpath(teacher)).parts
                self._endings.add(tuple(part for part in parts if part != ".."))

    def include(self, run: RunSummary) -> bool:
        """Whether one of the runs rests on this one."""
        if run.id in self._ids:
            return True
        directory = os.path.realpath(run.directory)
        parts = Path(directory).parts
        return directory in self._directories or any(
            ending and parts[-len(ending) :] == ending for ending in self._endings
        )


def _teacher_of(run: RunSummary) -> str | None:
    found: object = run.configuration
    for key in ("sampler", "difficulty", "run"):
        found = found.get(key) if isinstance(found, Mapping) else None
    return found if isinstance(found, str) else None
