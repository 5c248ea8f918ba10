"""Reader of MLflow's database (mlflow.db), which it writes since version 3.

Its tables `runs`, `params`, `tags` and `metrics` are those of MLflow 1.29 and later. MLflow's own
client is not asked: it changes the database of an older version as it opens it.
"""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mental_health_classifier.tracking.importing.databases import (
    databases_in,
    holds,
    opened,
    require,
)
from mental_health_classifier.tracking.importing.foreign_run import damaged

TITLE = "MLflow"
_TABLES = {
    "experiments": frozenset({"experiment_id", "name"}),
    "runs": frozenset(
        {"run_uuid", "name", "status", "start_time", "end_time", "lifecycle_stage", "experiment_id"}
    ),
    "params": frozenset({"run_uuid", "key", "value"}),
    "tags": frozenset({"run_uuid", "key", "value"}),
    "metrics": frozenset({"run_uuid", "key", "value", "timestamp", "step", "is_nan"}),
}
_OWN_TABLES = {"experiments": frozenset[str](), "runs": frozenset[str]()}
"""What a database of MLflow has in any version."""
_NAME, _ENDINGS = "mlflow.db", (".db", ".sqlite", ".sqlite3")
_INFINITE = 1.7976931348623157e308
"""What MLflow writes in place of an infinite value."""


@dataclass(frozen=True, slots=True)
class StoredRun:
    """A run as MLflow's store has it, before anything is made of it."""

    meta: dict[str, Any]
    """By the names that meta.yaml has, and `experiment`."""
    params: dict[str, str]
    tags: dict[str, str]
    points: dict[str, list[tuple[int, int, float]]]
    """Step, time and value of each metric, in any order."""


def databases(folder: Path) -> Iterator[Path]:
    """Databases of MLflow in a folder, and what is called like one or given itself."""
    for path in databases_in(folder, _ENDINGS):
        if path == folder or path.name == _NAME or holds(path, _OWN_TABLES, TITLE):
            yield path


def stored_runs(path: Path) -> Iterator[StoredRun]:
    """
    Raises:
        InputError: the database is damaged, or has other tables or columns than MLflow's.
    """
    with opened(path, TITLE) as connection:
        require(connection, _TABLES, path, TITLE)
        runs = connection.execute(
            "SELECT run_uuid, runs.name, status, start_time, end_time, runs.lifecycle_stage, "
            "experiments.name FROM runs LEFT JOIN experiments USING (experiment_id) "
            "ORDER BY start_time, run_uuid"
        )
        names = "run_id", "run_name", "status", "start_time", "end_time", "lifecycle_stage"
        for row in runs:
            yield StoredRun(
                meta=dict(zip((*names, "experiment"), row, strict=True)),
                params=_texts(connection, "params", row[0]),
                tags=_texts(connection, "tags", row[0]),
                points=_points(connection, row[0], path),
            )


def _texts(connection: sqlite3.Connection, table: str, run: Any) -> dict[str, str]:
    rows = connection.execute(f"SELECT key, value FROM {table} WHERE run_uuid = ?", (run,))
    return {str(key): str(value).strip() for key, value in rows if value is not None}


def _points(
    connection: sqlite3.Connection, run: Any, path: Path
) -> dict[str, list[tuple[int, int, float]]]:
    points: dict[str, list[tuple[int, int, float]]] = {}
    for key, value, time, step, is_nan in connection.execute(
        "SELECT key, value, timestamp, step, is_nan FROM metrics WHERE run_uuid = ?", (run,)
    ):
        if not isinstance(value, float | int) or not isinstance(step, int):
            raise damaged(path, TITLE)
        if is_nan:
            value = math.nan
        elif abs(value) >= _INFINITE:
            value = math.copysign(math.inf, value)
        points.setdefault(str(key), []).append((step, int(time or 0), float(value)))
    return points
