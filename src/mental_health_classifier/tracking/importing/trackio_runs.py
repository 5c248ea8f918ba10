"""Reader of Trackio's databases, SQLite files with all runs of a project each.

`PROJECT.db` lies in `~/.cache/huggingface/trackio`. Its table `metrics` has a row for each time
that something was logged (timestamp, run_name, step, and the metrics as JSON), `configs` one for
each run; since 2026 a run is told apart by its run_id, before by its name
(huggingface.co/docs/trackio/storage_schema).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from mental_health_classifier.tracking.importing.databases import (
    columns_of,
    databases_in,
    holds,
    opened,
    require,
)
from mental_health_classifier.tracking.importing.foreign_run import (
    ForeignRun,
    damaged,
    finite_or_not,
    flattened,
    in_steps,
    read_mapping_of_json,
)

_TITLE = "Trackio"
_TABLES = {
    "metrics": frozenset({"timestamp", "run_name", "step", "metrics"}),
    "configs": frozenset({"run_name", "config"}),
}
_ENDINGS = (".db",)
_GROUP = "_Group"


def read_trackio(folder: Path) -> Iterator[ForeignRun | str]:
    """Reads all runs of the databases in a folder, or of one database.

    Yields:
        A run.

    Raises:
        InputError: a database is damaged, or has other tables or columns than Trackio's.
    """
    for path in databases_in(folder, _ENDINGS):
        with opened(path, _TITLE) as connection:
            require(connection, _TABLES, path, _TITLE)
            yield from _runs(connection, path)


def is_trackio(folder: Path) -> bool:
    """Whether a folder holds databases of Trackio."""
    return any(holds(path, _TABLES, _TITLE) for path in databases_in(folder, _ENDINGS))


def _runs(connection: sqlite3.Connection, path: Path) -> Iterator[ForeignRun]:
    key = "run_id" if "run_id" in columns_of(connection, "metrics") else "run_name"
    configs = {}
    if key in columns_of(connection, "configs"):
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


def _time(text: Any, path: Path) -> datetime:
    try:
        time = datetime.fromisoformat(text)
        return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
    except (TypeError, ValueError, OverflowError):
        raise damaged(path, _TITLE) from None
