"""Index of runs, kept beside them so that thousands are listed at once.

Derived and disposable: an entry counts only as long as the files it was made of have the times of
modification that it names, and a missing, damaged or outdated index costs nothing but time. Runs
that have not ended are never in it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import orjson

from mental_health_classifier.contracts import InputError
from mental_health_classifier.storage.files import (
    MOST_BYTES,
    parse_json,
    read_content,
    sealed,
    write_atomically,
)
from mental_health_classifier.tracking.record.annotations import read_annotations
from mental_health_classifier.tracking.record.attempts import latest_attempt
from mental_health_classifier.tracking.record.record_shape import LISTING
from mental_health_classifier.tracking.record.run_summary import ENDED, RunSummary, read_run

FILE_NAME = ".run-index.json"
VERSION = 3

"""States that only another attempt can change."""

OF_RUN = (
    *("id", "name", "description", "hypothesis", "tags", "seed", "model", "variants", "git"),
    *("overrides", "created_at", "configuration_hash"),
)
OF_DATA = ("fingerprint", "name", "priority_class", "classes", "parts")
OF_END = ("status", "duration_seconds", "error", "peak_memory_bytes")
OF_MODEL = ("parameters",)

Identity = tuple[int, int]
"""Device and inode of a run's end.json: the same however many ways lead to it."""


class ListingIndex:
    """The index of one root folder."""

    def __init__(self, root: str) -> None:
        self._path = Path(root, FILE_NAME)
        self._start = len(os.path.join(root, ""))
        self._kept: dict[str, Any] = {}
        self._data: list[Mapping[str, Any]] = []
        with suppress(OSError, InputError):
            document = read_content(self._path, most_bytes=MOST_BYTES)
            self._kept, self._data = _content_of(parse_json(document, self._path))
        self._places = {orjson.dumps(each): place for place, each in enumerate(self._data)}
        self._current: dict[str, Any] = {}
        self._has_news = False

    def knows(self, directory: str) -> bool:
        """Whether a folder held an ended run when it was last looked at."""
        return directory[self._start :] in self._kept

    def read(self, directory: str) -> tuple[RunSummary, Identity | None]:
        """What is shown of a run, from its own files where it is new here or was changed; and which
        run it is, None where it has no end."""
        name = directory[self._start :]
        with suppress(KeyError, OSError):
            entry = self._kept[name]
            stamp, identity = _stamp_of(directory, entry["attempt"])
            if stamp == entry["stamp"]:
                self._current[name] = entry
                return self._summary(directory, entry), identity
        latest = stamp = identity = None
        with suppress(OSError):
            # Before it is read: what changes meanwhile makes the entry outdated, never wrong.
            latest = latest_attempt(Path(directory))
            if latest is not None:
                stamp, identity = _stamp_of(directory, latest.name)
        run = read_run(Path(directory))
        if latest is not None and stamp is not None and run.status in ENDED:
            run = self._keep(name, run, {"attempt": latest.name, "stamp": stamp})
        return run, identity

    def _keep(self, name: str, run: RunSummary, state: Mapping[str, Any]) -> RunSummary:
        split = {key: run.setting("data", key) for key in ("split_seed", "fold", "num_folds")}
        entry = {
            **state,
            # What tells whether two runs are on the same parts.
            "run": {**_only(run.run, OF_RUN), "config": {"data": split}},
            "end": {**_only(run.end, OF_END), "model": _only(run.model_facts, OF_MODEL)},
        }
        try:
            orjson.dumps([name, entry])
            entry["data"] = self._place_of(_only(run.data, OF_DATA)) if run.data else None
        except TypeError:
            # A name that is not UTF-8, for one. Such a run is read whenever it is listed.
            return run
        self._current[name] = entry
        self._has_news = True
        return self._summary(os.fspath(run.directory), entry)

    def save(self) -> None:
        """Writes the index if it is no longer what it was.

        Where nothing can be written nothing is: looking at runs must not need that.
        """
        if self._has_news or len(self._current) != len(self._kept):
            content = {"version": VERSION, "data": self._data, "entries": self._current}
            with suppress(OSError):
                write_atomically(self._path, sealed(orjson.dumps(content)))

    def _summary(self, directory: str, entry: Mapping[str, Any]) -> RunSummary:
        place, end = entry["data"], entry["end"]
        data = {} if place is None else self._data[place]
        said = read_annotations(directory)  # these change without the record
        return RunSummary(Path(directory), end["status"], entry["run"], data, end, annotations=said)

    def _place_of(self, data: Mapping[str, Any]) -> int:
        # Runs on the same posts share it; otherwise it would be most of an entry.
        key = orjson.dumps(data)
        if key not in self._places:
            self._places[key] = len(self._data)
            self._data.append(data)
        return self._places[key]


def _content_of(index: dict[str, Any]) -> tuple[dict[str, Any], list[Mapping[str, Any]]]:
    """Entries and the data they share; nothing where the index is of another version."""
    # Whoever can write the checksum can write anything before it.
    if LISTING.wrong_in(index) is not None or index["version"] != VERSION:
        return {}, []
    entries, data = index["entries"], index["data"]
    places = {entry["data"] for entry in entries.values()} - {None}
    return (entries, data) if max(places, default=-1) < len(data) else ({}, [])


def _stamp_of(directory: str, attempt: str) -> tuple[list[int], Identity]:
    """When the state of an ended run was last changed, in nanoseconds, and which run it is.

    Another attempt changes the folder `attempts`; run.json is never written again.

    Raises:
        OSError: one of the files is not there.
    """
    attempts = os.stat(f"{directory}/attempts")
    end = os.stat(f"{directory}/attempts/{attempt}/end.json")
    return [attempts.st_mtime_ns, end.st_mtime_ns, end.st_size], (end.st_dev, end.st_ino)


def _only(content: Mapping[str, Any], keys: tuple[str, ...]) -> dict[str, Any]:
    return {key: content[key] for key in keys if key in content}
