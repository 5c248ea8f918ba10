"""Reader of MLflow's stores without MLflow: its database, and its folders.

In a file store `EXPERIMENT/RUN/meta.yaml` says when a run began and how it ended; `params/NAME` and
`tags/NAME` hold a text each, `metrics/NAME` a line `time value step` for each time it was logged.
Names may hold slashes, and are folders then.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from mental_health_classifier.contracts import InputError
from mental_health_classifier.storage.files import read_content
from mental_health_classifier.tracking.importing.foreign_run import (
    ForeignRun,
    files_below,
    moment,
    read_mapping_of_yaml,
    refuse_unread,
)
from mental_health_classifier.tracking.importing.mlflow_database import (
    TITLE,
    StoredRun,
    databases,
    stored_runs,
)

DELETED = "deleted in MLflow"
_STATUSES = {3: "completed", 4: "failed", 5: "interrupted"}
"""Of MLflow's numbers those of runs that have ended."""
_WORDS = {"FINISHED": 3, "FAILED": 4, "KILLED": 5, "RUNNING": 1, "SCHEDULED": 2}
_MOST_BYTES, _SHORTEST_ID = 2**26, 12
_OWN = "mlflow."
"""What names of tags that MLflow sets itself begin with."""


def read_mlflow(folder: Path) -> Iterator[ForeignRun | str]:
    """Reads all runs below a folder: `mlruns`, an experiment in it, a single run, or one with
    databases; or a database.

    Yields:
        A run, or why one is left out.

    Raises:
        InputError: a file of a run or a database is not as MLflow writes it.
    """
    for directory in () if folder.is_file() else run_directories(folder):
        yield _run(_stored(directory), directory / "meta.yaml")
    for path in databases(folder):
        for stored in stored_runs(path):
            yield _run(stored, path)


def is_mlflow(folder: Path) -> bool:
    """Whether a folder holds runs of MLflow."""
    return any(run_directories(folder)) or any(databases(folder))


def run_directories(folder: Path) -> Iterator[Path]:
    """Folders of runs, by name; the links and the trash of a store are not followed."""
    for place, folders, files in os.walk(folder, onerror=refuse_unread):
        if "meta.yaml" not in files and {"metrics", "params"} <= {*folders}:
            raise InputError(
                f"{place} holds a run without its meta.yaml: it was copied in part. Copy it whole, "
                "or take it away. Nothing was imported."
            )
        if "meta.yaml" in files and {"metrics", "params", "tags"} & {*folders}:
            folders.clear()
            yield Path(place)
        folders[:] = sorted(name for name in folders if name not in (".trash", "artifacts"))


def _meta(path: Path) -> Mapping[str, Any]:
    try:
        return read_mapping_of_yaml(path, TITLE)
    except FileNotFoundError:
        return {}


def _stored(directory: Path) -> StoredRun:
    """The run of a file store that a folder is."""
    meta = _meta(directory / "meta.yaml")
    experiment = _meta(directory.parent / "meta.yaml").get("name") or meta.get("experiment_id")
    is_running = _code(meta) not in _STATUSES
    return StoredRun(
        meta={**meta, "experiment": experiment},
        params=dict(_texts(directory / "params")),
        tags=dict(_texts(directory / "tags")),
        points=dict(_points(directory / "metrics", is_running=is_running)),
    )


def _code(meta: Mapping[str, Any]) -> Any:
    status: Any = meta.get("status")
    return _WORDS.get(str(status), status)


def _run(stored: StoredRun, path: Path) -> ForeignRun | str:
    meta, tags = stored.meta, stored.tags
    if meta.get("lifecycle_stage") == "deleted":
        return DELETED
    known, status = str(meta.get("run_id", meta.get("run_uuid"))), _code(meta)
    began, ended = meta.get("start_time"), meta.get("end_time")
    is_named = len(known) >= _SHORTEST_ID and known.isalnum()
    if not is_named or not isinstance(began, int) or status not in _WORDS.values():
        raise InputError(
            f"{path} does not say id, start and status of a run as MLflow does: it is damaged, or "
            "of a version that is not known. Nothing was imported."
        )
    return ForeignRun(
        id=known,
        name=str(meta.get("run_name") or tags.get("mlflow.runName") or known),
        experiment=str(meta.get("experiment") or ""),
        status=_STATUSES.get(status, "interrupted"),
        was_running=status not in _STATUSES,
        began=moment(began, path, units=1000),
        ended=moment(ended, path, units=1000) if isinstance(ended, int) else None,
        params=stored.params,
        tags=[f"{key}={value}" for key, value in tags.items() if not key.startswith(_OWN)],
        description=tags.get("mlflow.note.content", ""),
        commit=tags.get("mlflow.source.git.commit"),
        history={
            name: [(step, value) for step, _, value in sorted(points)]
            for name, points in stored.points.items()
        },
    )


def _files(folder: Path) -> Iterator[tuple[str, str]]:
    """The text of each file below a folder, by its place there."""
    for path in files_below(folder, bool):
        content = read_content(path, most_bytes=_MOST_BYTES)
        yield path.relative_to(folder).as_posix(), content.decode(errors="replace")


def _texts(folder: Path) -> Iterator[tuple[str, str]]:
    for name, text in _files(folder):
        yield name, text.strip()


def _points(
    folder: Path, *, is_running: bool
) -> Iterator[tuple[str, list[tuple[int, int, float]]]]:
    for name, text in _files(folder):
        points = []
        lines = text.splitlines(keepends=True)
        if is_running and lines and not lines[-1].endswith("\n"):
            lines.pop()  # which is being written
        for number, line in enumerate(lines, start=1):
            try:
                time, value, step = line.split()[:3]
                points.append((int(step), int(time), float(value)))
            except ValueError:
                raise InputError(
                    f"{folder / name}:{number} is no line of time, value and step: the file was "
                    "cut, or is of a version of MLflow that is not known. Nothing was imported."
                ) from None
        yield name, points
