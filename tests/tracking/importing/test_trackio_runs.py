"""Databases of Trackio, made by the schema that its documentation states."""

from __future__ import annotations

import json
import os
import sqlite3
from pathlib import Path

import pytest

from mental_health_classifier.contracts import InputError
from mental_health_classifier.tracking.importing.foreign_run import ForeignRun
from mental_health_classifier.tracking.importing.trackers import runs_of
from mental_health_classifier.tracking.importing.trackio_runs import is_trackio, read_trackio

METRICS = "id INTEGER PRIMARY KEY, timestamp TEXT, run_name TEXT, step INTEGER, metrics TEXT"
CONFIGS = "id INTEGER PRIMARY KEY, run_name TEXT, config TEXT, created_at TEXT, UNIQUE({})"
CONFIG = {"lr": 0.1, "seed": 1, "_Username": "somebody", "_Group": "pilot", "net": {"width": 8}}


def write_database(path: Path, *, has_ids: bool = True, metrics: object = None) -> Path:
    """Two runs of one name, or without ids two names, of three rows each."""
    ids = ", run_id TEXT" if has_ids else ""
    with sqlite3.connect(path) as connection:
        connection.execute(f"CREATE TABLE metrics ({METRICS}{ids}, log_id TEXT)")
        columns = CONFIGS.format("run_id" if has_ids else "run_name").replace(
            ", created_at TEXT", f", created_at TEXT{ids}"
        )
        connection.execute(f"CREATE TABLE configs ({columns})")
        for number in range(2):
            name, known = ("mine", [f"{number}" * 32]) if has_ids else (f"mine-{number}", [])
            marks = ", ?" * len(known)
            names = ", run_id" * len(known)
            connection.execute(
                f"INSERT INTO configs (run_name, config, created_at{names}) "
                f"VALUES (?, ?, ?{marks})",
                [name, json.dumps(CONFIG), "2026-05-01T00:00:00", *known],
            )
            for step in (2, 0, 1):
                logged = {"val/acc": step / 4 + number, "loss": "NaN", "table": {"_type": "t"}}
                row = [f"2026-05-01T00:00:0{step}+00:00", name, step, metrics or json.dumps(logged)]
                connection.execute(
                    f"INSERT INTO metrics (timestamp, run_name, step, metrics{names}) "
                    f"VALUES (?, ?, ?, ?{marks})",
                    [*row, *known],
                )
    connection.close()
    return path


@pytest.mark.parametrize("has_ids", [True, False])
def test_a_run_has_what_trackio_knows(tmp_path, has_ids) -> None:
    write_database(tmp_path / "posts.db", has_ids=has_ids)
    before = {path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    first, second = read_trackio(tmp_path)
    assert isinstance(first, ForeignRun) and isinstance(second, ForeignRun)
    assert first.id != second.id and first.experiment == "posts" and first.status is None
    assert first.name == "mine" if has_ids else "mine-0"
    assert first.params == {"lr": "0.1", "seed": "1", "net.width": "8"}
    assert first.tags == ["pilot"] and (first.ended - first.began).total_seconds() == 2
    assert first.history["val/acc"] == [(0, 0.0), (1, 0.25), (2, 0.5)]
    assert len(first.history["loss"]) == 3 and set(first.history) == {"val/acc", "loss"}
    assert {path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir()} == before
    ids = [each.id for each in read_trackio(tmp_path / "posts.db") if isinstance(each, ForeignRun)]
    assert ids == [first.id, second.id]


def test_what_a_killed_process_left_beside_the_database_is_read(tmp_path) -> None:
    (made := tmp_path / "made").mkdir()
    (left := tmp_path / "left").mkdir()
    path = write_database(made / "posts.db")
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("DELETE FROM metrics WHERE run_id LIKE '1%'")
    connection.commit()
    for name in ("posts.db", "posts.db-wal"):
        (left / name).write_bytes((made / name).read_bytes())
    connection.close()
    assert len(list(read_trackio(left))) == 1
    assert {path.name for path in left.iterdir()} == {"posts.db", "posts.db-wal"}


@pytest.mark.parametrize("metrics", ["[1]", "{", "[" * 99_999, b"\xff", 3])
def test_a_row_that_is_no_metrics_is_damage(tmp_path, metrics) -> None:
    write_database(tmp_path / "posts.db", metrics=metrics)
    with pytest.raises(InputError, match=r"posts\.db is damaged"):
        list(read_trackio(tmp_path))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("ALTER TABLE metrics RENAME COLUMN step TO at", "lacks step in its table metrics"),
        ("ALTER TABLE configs RENAME TO settings", "lacks a table configs"),
        ("DROP TABLE metrics; CREATE VIEW metrics AS SELECT * FROM configs", "a table metrics"),
        ("UPDATE metrics SET timestamp = 'now'", "damaged"),
        ("UPDATE metrics SET step = 'one'", "damaged"),
        ("UPDATE configs SET config = '[]'", "damaged"),
    ],
)
def test_another_schema_is_refused(tmp_path, change, message) -> None:
    path = write_database(tmp_path / "posts.db")
    with sqlite3.connect(path) as connection:
        connection.executescript(change)
    connection.close()
    with pytest.raises(InputError, match=message):
        list(read_trackio(tmp_path))


def test_what_is_no_database_is_refused(tmp_path) -> None:
    path = write_database(tmp_path / "posts.db")
    whole = path.read_bytes()
    for content in (b"SQLite", whole[: len(whole) // 2], b"", os.urandom(5000)):
        path.write_bytes(content)
        assert not is_trackio(tmp_path)
        with pytest.raises(InputError, match=r"posts\.db (is damaged|lacks)"):
            list(read_trackio(tmp_path))
    path.unlink()
    path.symlink_to(tmp_path / "elsewhere.db")
    (tmp_path / "folder.db").mkdir()
    os.mkfifo(tmp_path / "pipe.db")
    with pytest.raises(InputError, match="holds no runs of Trackio"):
        list(runs_of("trackio", tmp_path))
