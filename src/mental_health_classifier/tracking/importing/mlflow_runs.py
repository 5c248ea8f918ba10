"""Reader of MLflow's file store: a folder for each run, read without MLflow.

`EXPERIMENT/RUN/meta.yaml` says when a run began and how it ended; `params/NAME` and `tags/NAME`
hold a text each, `metrics/NAME` a line `time value step` for each time it was logged. Names may
hold slashes, and are folders then.
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

DELETED = "deleted in MLflow"
_STATUSES = {3: "completed", 4: "failed", 5: "interrupted"}
"""Of MLflow's numbers those of runs that have ended."""
_WORDS = {"FINISHED": 3, "FAILED": 4, "KILLED": 5, "RUNNING": 1, "SCHEDULED": 2}
_DATABASES = ("*.db", "*.sqlite", "*.sqlite3")
_MOST_BYTES, _SHORTEST_ID = 2**26, 12
_OWN = "mlflow."
"""What names of tags that MLflow sets itself begin with."""


def read_mlflow(folder: Path) -> Iterator[ForeignRun | str]:
    """Reads all runs below a folder: `mlruns`, an experiment in it, or a single run.

    Yields:
        A run, or why one is left out.

    Raises:
        InputError: the folder holds a database of MLflow alone, or a file of a run is not as MLflow
            writes it.
    """
    found = False
    for directory in run_directories(folder):
        found = True
        meta = _meta(directory / "meta.yaml")
        is_deleted = meta.get("lifecycle_stage") == "deleted"
        yield DELETED if is_deleted else _run(directory, meta)
    databases = [p.name for pattern in _DATABASES for p in sorted(folder.glob(pattern))]
    if databases and not found:
        raise InputError(
            f"{folder} holds a database ({databases[0]}), and of MLflow only its file store is "
            "read. Copy the runs into one with MLflow's own client: set its tracking URI to "
            "file:FOLDER, and log params and metrics of each run again."
        )


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
        return read_mapping_of_yaml(path, "MLflow")
    except FileNotFoundError:
        return {}


def _run(directory: Path, meta: Mapping[str, Any]) -> ForeignRun:
    path = directory / "meta.yaml"
    known = str(meta.get("run_id", meta.get("run_uuid")))
    status: Any = meta.get("status")
    began, ended = meta.get("start_time"), meta.get("end_time")
    status = _WORDS.get(str(status), status)
    is_named = len(known) >= _SHORTEST_ID and known.isalnum()
    if not is_named or not isinstance(began, int) or status not in _WORDS.values():
        raise InputError(
            f"{path} does not say run_id, start_time and status as MLflow does: "
            "it is damaged, or of a version that is not known. Nothing was imported."
        )
    tags = dict(_texts(directory / "tags"))
    experiment = _meta(directory.parent / "meta.yaml")
    return ForeignRun(
        id=known,
        name=str(meta.get("run_name") or tags.get("mlflow.runName") or known),
        experiment=str(experiment.get("name") or meta.get("experiment_id") or ""),
        status=_STATUSES.get(status, "interrupted"),
        was_running=status not in _STATUSES,
        began=moment(began, path, units=1000),
        ended=moment(ended, path, units=1000) if isinstance(ended, int) else None,
        params=dict(_texts(directory / "params")),
        tags=[f"{key}={value}" for key, value in tags.items() if not key.startswith(_OWN)],
        description=tags.get("mlflow.note.content", ""),
        commit=tags.get("mlflow.source.git.commit"),
        history=dict(_histories(directory / "metrics", is_running=status not in _STATUSES)),
    )


def _files(folder: Path) -> Iterator[tuple[str, str]]:
    """The text of each file below a folder, by its place there."""
    for path in files_below(folder, bool):
        content = read_content(path, most_bytes=_MOST_BYTES)
        yield path.relative_to(folder).as_posix(), content.decode(errors="replace")


def _texts(folder: Path) -> Iterator[tuple[str, str]]:
    for name, text in _files(folder):
        yield name, text.strip()


def _histories(folder: Path, *, is_running: bool) -> Iterator[tuple[str, list[tuple[int, float]]]]:
    for name, text in _files(folder):
        points = []
        lines = text.splitlines(keepends=True)
        if is_running and lines and not lines[-1].endswith("\n"):
            lines.pop()  # which is being written
        for number, line in enumerate(lines, start=1):
            try:
                time, value, step = line.split()[:3]
                point = int(step), int(time), float(value)
            except ValueError:
                raise InputError(
                    f"{folder / name}:{number} is no line of time, value and step: the file was "
                    "cut, or is of a version of MLflow that is not known. Nothing was imported."
                ) from None
            points.append(point)
        yield name, [(step, value) for step, _, value in sorted(points)]
