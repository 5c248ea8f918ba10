"""Table of all runs below some folders, kept beside them so that a hundred thousand take seconds.

Derived and disposable, as `tracking.listing_index`: a row counts only as long as the files it was
made of have the times and sizes that it names. Runs that have not ended, or are damaged, are read
whenever they are looked at.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import pandas as pd
import pyarrow as pa

from mental_health_classifier.analysis.tables.run_table import (
    joined,
    named,
    run_table,
    with_impacts,
)
from mental_health_classifier.analysis.tables.table_file import frame_of, read_table, write_table
from mental_health_classifier.analysis.tables.variant_impacts import in_vocabulary_impacts
from mental_health_classifier.tracking.record.annotations import FILE as ANNOTATIONS
from mental_health_classifier.tracking.record.assessments import FOLDER as ASSESSMENTS
from mental_health_classifier.tracking.record.attempts import latest_attempt
from mental_health_classifier.tracking.record.run_summary import ENDED, RunSummary, read_run
from mental_health_classifier.tracking.run_index import (
    ROOTS,
    Roots,
    folders_of,
    no_garbage_collection,
    run_directories,
)

FILE_NAME = ".run-table.arrow"
VERSION = 3
"""Goes up when columns come to mean something else, or more of a run goes into its row."""

FEWEST = 200
"""Ended runs that a table is kept of: fewer are read in no time."""

_RUNS_AT_A_TIME = 2000
JUDGES_POSTS = "judges_posts"
_CHANGED_LATER = (ANNOTATIONS, f"{ASSESSMENTS}/explain.json")
"""Files of a run that its row is made of, and that are written after its end."""

Identity = tuple[int, int]
"""Device and inode of a folder or a file."""


class _Key(NamedTuple):
    """What a row is kept under. That of a run which is read each time is empty."""

    kept_name: str | None = None
    """The run's folder below the root."""
    kept_attempt: str | None = None
    kept_stamp: str | None = None
    """Times and sizes of the files that the row was made of."""


_KEY = [*_Key._fields]
_NOTHING_KEPT = pa.table({name: pa.array([], pa.string()) for name in _KEY})


@no_garbage_collection()
def recorded_table(roots: Roots = ROOTS) -> pd.DataFrame:
    """As `run_table`, of every run below some folders, in no order and each once; with a column
    `judges_posts`."""
    seen = _Seen()
    table = joined([_table_below(root, seen) for root in folders_of(roots)] or [_table_of(())])
    # Once, among all: what tells a configuration apart depends on the others.
    return named(with_impacts(table, seen.with_vocabulary))


class _Seen:
    """What was seen below the roots so far: a folder can lie below two, or behind a link."""

    def __init__(self) -> None:
        self.folders: set[Identity] = set()
        self.with_vocabulary: list[RunSummary] = []
        self._ends: set[Identity] = set()

    def is_new(self, end: Identity | None) -> bool:
        """Whether this is the first time that an end.json is met. None: the run has none, and was
        told apart by its folder."""
        if end is None:
            return True
        is_new = end not in self._ends
        self._ends.add(end)
        return is_new


def rows_of(table: pd.DataFrame, is_wanted: pd.Series) -> pd.DataFrame:
    """Some rows of a `recorded_table`, as if there were no others: without JUDGES_POSTS, and
    without numbers that only the others have, as the loss of pretraining."""
    if not is_wanted.all():
        kept = table[is_wanted]
        only_of_others = [
            name
            for name in map(str, kept.columns)
            if name.startswith("val_") and kept[name].isna().all() and table[name].notna().any()
        ]
        table = kept.drop(columns=only_of_others)
    return table.drop(columns=JUDGES_POSTS).reset_index(drop=True)


def _table_below(root: Path, seen: _Seen) -> pd.DataFrame:
    """The table of one root. What is new of it is kept for the next time."""
    path = root / FILE_NAME
    kept = read_table(path, version=VERSION) or _NOTHING_KEPT
    columns = (kept.column(name).to_pylist() for name in _KEY)
    rows = {key.kept_name: (at, key) for at, key in enumerate(map(_Key, *columns))}
    start = len(os.path.join(root, ""))
    unchanged: list[int] = []
    keys: list[_Key] = []

    def other_runs() -> Iterator[RunSummary]:
        for directory in run_directories(
            [root], knows=lambda folder: folder[start:] in rows, visited=seen.folders
        ):
            name = directory[start:]
            with suppress(KeyError, OSError):
                at, key = rows[name]
                stamp, end = _stamp_of(directory, key.kept_attempt)
                if stamp == key.kept_stamp:
                    if seen.is_new(end):
                        unchanged.append(at)
                    continue
            run, key, end = _read_anew(directory, name)
            if seen.is_new(end):
                keys.append(key)
                if in_vocabulary_impacts(run):
                    seen.with_vocabulary.append(run)
                yield run

    others = _table_of(other_runs())
    for at, name in enumerate(_KEY):
        others[name] = pd.Series([key[at] for key in keys], index=others.index, dtype="str")
    is_whole = len(unchanged) == kept.num_rows
    if not is_whole:
        kept = kept.take(pa.array(unchanged, pa.int64()))
    tables = [others]
    if kept.num_rows:
        tables.insert(0, frame_of(kept))
        del kept
        _place_below(root, tables[0], seen)
    table = joined(tables)
    if not is_whole or others["kept_name"].notna().any():
        _keep(path, table[table["kept_name"].notna()])
    return table.drop(columns=_KEY)


def _place_below(root: Path, table: pd.DataFrame, seen: _Seen) -> None:
    """Gives kept rows what depends on where and beside what they are looked at."""
    # The same folder is reached from elsewhere under another path.
    table["directory"] = (str(root / "x")[:-1] + table["kept_name"]).astype("str")
    by_variants = table.groupby("variants", sort=False)["directory"]
    for _, directories in by_variants:
        run = read_run(Path(directories.iloc[0]))
        if in_vocabulary_impacts(run):
            seen.with_vocabulary += [run, *(read_run(Path(each)) for each in directories.iloc[1:])]


def _table_of(runs: Iterable[RunSummary]) -> pd.DataFrame:
    """Made a piece at a time: as Python objects the facts of many runs take far more memory."""
    left, tables = iter(runs), []
    while not tables or len(tables[-1]) == _RUNS_AT_A_TIME:
        tables.append(_piece_of(islice(left, _RUNS_AT_A_TIME)))
    return joined(tables)


def _piece_of(runs: Iterable[RunSummary]) -> pd.DataFrame:
    judges: list[bool] = []

    def noted() -> Iterator[RunSummary]:
        for run in runs:
            judges.append(run.judges_posts)
            yield run

    return run_table(noted()).assign(**{JUDGES_POSTS: pd.Series(judges, dtype="boolean")})


def _read_anew(directory: str, name: str) -> tuple[RunSummary, _Key, Identity | None]:
    """A run, what its row is kept under, and its end.json."""
    attempt = stamp = end = None
    with suppress(OSError):
        # Before it is read: what changes meanwhile makes the row outdated, never wrong.
        latest = latest_attempt(Path(directory))
        if latest is not None:
            attempt = latest.name
            stamp, end = _stamp_of(directory, attempt)
    run = read_run(Path(directory))
    is_kept = stamp is not None and run.status in ENDED and _is_utf8(name)
    return run, _Key(name, attempt, stamp) if is_kept else _Key(), end


def _stamp_of(directory: str, attempt: str | None) -> tuple[str, Identity]:
    """When what a row is made of was last changed, in nanoseconds, and which end.json it has.

    Another attempt changes the folder `attempts`; run.json and data.json are never written again.

    Raises:
        OSError: the run has not ended.
    """
    attempts = os.stat(f"{directory}/attempts")
    end = os.stat(f"{directory}/attempts/{attempt}/end.json")
    stamp = f"{attempts.st_mtime_ns} {end.st_mtime_ns} {end.st_size}"
    for name in _CHANGED_LATER:
        try:
            later = os.stat(f"{directory}/{name}")
        except OSError:
            stamp += " -"
        else:
            stamp += f" {later.st_mtime_ns} {later.st_size}"
    return stamp, (end.st_dev, end.st_ino)


def _keep(path: Path, table: pd.DataFrame) -> None:
    """Where nothing can be written nothing is: looking at runs must not need that."""
    if len(table) >= FEWEST or path.exists():
        with suppress(OSError):
            write_table(path, table, version=VERSION)


def _is_utf8(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True
