"""Runs that other runs rest on."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from mental_health_classifier.tracking.record.ensemble_members import members_of, places_of
from mental_health_classifier.tracking.record.run_summary import RunSummary


class Dependencies:
    """What some runs rest on: the members of ensembles, and the run that a curriculum learned the
    difficulty of posts from."""

    def __init__(self, runs: Iterable[RunSummary]) -> None:
        self._ids: set[object] = set()
        self._directories: set[str] = set()
        self._endings: set[tuple[str, ...]] = set()
        for run in runs:
            for member in members_of(run):
                self._ids.add(str(member.get("id")))
                self._directories |= {os.path.realpath(place) for place in places_of(run, member)}
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
