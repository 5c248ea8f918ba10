"""SQLite databases of other trackers, read and never written."""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path

from mental_health_classifier.contracts import InputError
from mental_health_classifier.tracking.importing.foreign_run import damaged, refuse_unread

Tables = Mapping[str, frozenset[str]]
"""Columns of each table."""

_LONGEST_TEXT = 2**26
_LEFT = ("-wal", "-journal")
"""Ends of names of files with what has not reached the database yet, or has to be taken back."""


def databases_in(place: Path, endings: tuple[str, ...]) -> Iterator[Path]:
    """Files in a folder, not below it, whose names end so, or the file itself that is given."""
    try:
        paths = [place] if place.is_file() else sorted(place.iterdir())
    except OSError as error:
        refuse_unread(error)
    for path in paths:
        if path.suffix in endings and path.is_file() and not path.is_symlink():
            yield path


@contextmanager
def opened(path: Path, tracker: str) -> Iterator[sqlite3.Connection]:
    """A database to read, with nothing written beside it. One that a process has left in the middle
    of a change is copied for that.

    Raises:
        InputError: it is damaged.
    """
    beside = [path.with_name(f"{path.name}{end}") for end in _LEFT]
    left = [each for each in beside if each.is_file() and not each.is_symlink()]
    with tempfile.TemporaryDirectory() as lent:
        if any(each.stat().st_size for each in left):
            copy = Path(lent, path.name)
            for each in (path, *left):
                shutil.copyfile(each, copy.with_name(each.name))
            address = f"{copy.as_uri()}?mode=rw"
        else:
            address = f"{path.resolve().as_uri()}?immutable=1"
        try:
            with closing(sqlite3.connect(address, uri=True)) as connection:
                connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _LONGEST_TEXT)
                connection.execute("PRAGMA trusted_schema=OFF")
                yield connection
        except (sqlite3.Error, UnicodeDecodeError):
            raise damaged(path, tracker) from None


def holds(path: Path, tables: Tables, tracker: str) -> bool:
    """Whether a file is a database with these tables."""
    try:
        with opened(path, tracker) as connection:
            return not _lacking(connection, tables)
    except InputError:
        return False


def require(connection: sqlite3.Connection, tables: Tables, path: Path, tracker: str) -> None:
    """
    Raises:
        InputError: tables or columns are not there.
    """
    if lacking := _lacking(connection, tables):
        raise InputError(
            f"{path} lacks {' and '.join(lacking)}, so that it is no database of {tracker}, or of "
            "a version that is not known. Nothing was imported."
        )


def _lacking(connection: sqlite3.Connection, tables: Tables) -> list[str]:
    """What of these tables is not there. A view is no table: it can compute."""
    there = {
        name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type='table'")
    }
    lacking = []
    for table, needed in tables.items():
        if table not in there:
            lacking.append(f"a table {table}")
        elif lost := sorted(needed - columns_of(connection, table)):
            lacking.append(f"{', '.join(lost)} in its table {table}")
    return lacking


def columns_of(connection: sqlite3.Connection, table: str) -> set[str]:
    return {row[1] for row in connection.execute(f"PRAGMA table_info({table})")}
