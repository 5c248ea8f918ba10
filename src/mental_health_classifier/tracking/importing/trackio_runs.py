"""Reader of Trackio's databases, SQLite files with all runs of a project each.

`PROJECT.db` lies in `~/.cache/huggingface/trackio`. Its table `metrics` has a row for each time
that something was logged (timestamp, run_name, step, and the metrics as JSON), `configs` one for
each run; since 2026 a run is told apart by its run_id, before by its name
(huggingface.co/docs/trackio/storage_schema). A database is only read: one whose last changes lie
in a file beside it is copied for that.
"""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from mental_health_classifier.contracts import InputError
from mental_health_classifier.tracking.importing.foreign_run import (
    ForeignRun,
    damaged,
    files_below,
    finite_or_not,
    flattened,
    in_steps,
    read_mapping_of_json,
)

_TITLE = "Trackio"
_NEEDED = {
    "metrics": {"timestamp", "run_name", "step", "metrics"},
    "configs": {"run_name", "config"},
}
_LONGEST_TEXT = 2**26
_GROUP = "_Group"


def read_trackio(folder: Path) -> Iterator[ForeignRun | str]:
    """Reads all runs of the databases in a folder, or of one database.

    Yields:
        A run.

    Raises:
        InputError: a database is damaged, or has other tables or columns than Trackio's.
    """
    for path in databases(folder):
        with _opened(path) as connection:
            try:
                yield from _runs(connection, path)
            except (sqlite3.Error, UnicodeDecodeError):
                raise damaged(path, _TITLE) from None


def databases(folder: Path) -> Iterator[Path]:
    """Databases in a folder, in which Trackio has no folders for them."""
    for path in files_below(folder, lambda name: name.endswith(".db")):
        if folder in (path, path.parent):
            yield path


def is_trackio(folder: Path) -> bool:
    """Whether a folder holds databases of Trackio."""
    for path in databases(folder):
        with _opened(path) as connection:
            try:
                if not _lacking(connection):
                    return True
            except sqlite3.Error:
                continue
    return False


def _runs(connection: sqlite3.Connection, path: Path) -> Iterator[ForeignRun]:
    if lacking := _lacking(connection):
        raise InputError(
            f"{path} lacks {' and '.join(lacking)}, so that it is no database of Trackio, or of a "
            "version that is not known. Nothing was imported."
        )
    key = "run_id" if "run_id" in _columns(connection, "metrics") else "run_name"
    configs = {}
    if key in _columns(connection, "configs"):
        for run, config in connection.execute(f"SELECT {key}, config FROM configs"):
            configs[str(run)] = read_mapping_of_json(config, path, _TITLE)
    rows = connection.execute(
        f"SELECT {key}, run_name, timestamp, step, metrics FROM metrics ORDER BY {key}, id"
    )
    points: dict[str, list[tuple[int, float]]] = {}
    times: list[datetime] = []
    before: tuple[str, str] | None = None
    for run, name, time, step, metrics in rows:
        if before is not None and before[0] != str(run):
            yield _run(before, path, times, points, configs.get(before[0], {}))
            points, times = {}, []
        before = str(run), str(name)
        times.append(_time(time, path))
        if not isinstance(step, int):
            raise damaged(path, _TITLE)
        for metric, value in read_mapping_of_json(metrics, path, _TITLE).items():
            if (number := finite_or_not(value)) is not None:
                points.setdefault(metric, []).append((step, number))
    if before is not None:
        yield _run(before, path, times, points, configs.get(before[0], {}))


def _run(
    named: tuple[str, str],
    path: Path,
    times: list[datetime],
    points: Mapping[str, list[tuple[int, float]]],
    config: Mapping[str, Any],
) -> ForeignRun:
    run, name = named
    group = config.get(_GROUP)
    return ForeignRun(
        id=run if run != name else f"{path.stem}/{name}",
        name=name,
        experiment=path.stem,
        status=None,
        began=min(times),
        ended=max(times),
        params=flattened(config, path),
        history={metric: in_steps(each) for metric, each in points.items()},
        tags=[str(group)] if group else [],
    )


def _lacking(connection: sqlite3.Connection) -> list[str]:
    """Columns that Trackio's tables have and these have not. A view is no table: it can compute."""
    tables = {
        name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type='table'")
    }
    lacking = []
    for table, needed in _NEEDED.items():
        if table not in tables:
            lacking.append(f"a table {table}")
        elif lost := sorted(needed - _columns(connection, table)):
            lacking.append(f"{', '.join(lost)} in its table {table}")
    return lacking


def _columns(connection: sqlite3.Connection, table: str) -> set[str]:
    return {row[1] for row in connection.execute(f"PRAGMA table_info({table})")}


def _time(text: Any, path: Path) -> datetime:
    try:
        time = datetime.fromisoformat(text)
        return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
    except (TypeError, ValueError, OverflowError):
        raise damaged(path, _TITLE) from None


@contextmanager
def _opened(path: Path) -> Iterator[sqlite3.Connection]:
    """A database to read, with nothing written beside it."""
    log = path.with_name(f"{path.name}-wal")
    with tempfile.TemporaryDirectory() as lent:
        if log.is_file() and not log.is_symlink() and log.stat().st_size:
            copy = Path(lent, "copy.db")
            shutil.copyfile(path, copy)
            shutil.copyfile(log, copy.with_name("copy.db-wal"))
            address = f"{copy.as_uri()}?mode=ro"
        else:
            address = f"{path.resolve().as_uri()}?immutable=1"
        with closing(sqlite3.connect(address, uri=True)) as connection:
            connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _LONGEST_TEXT)
            connection.execute("PRAGMA trusted_schema=OFF")
            yield connection
