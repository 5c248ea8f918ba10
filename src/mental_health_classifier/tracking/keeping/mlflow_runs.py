"""Reader of MLflow's file store: a folder for each run, read without MLflow.

`EXPERIMENT/RUN/meta.yaml` says when a run began and how it ended; `params/NAME` and `tags/NAME`
hold a text each, `metrics/NAME` a line `time value step` for each time it was logged. Names may
hold slashes, and are folders then.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NoReturn

import yaml

from mental_health_classifier.contracts import InputError
from mental_health_classifier.storage.files import read_content

STATUSES = {3: "completed", 4: "failed", 5: "interrupted"}
"""Of MLflow's numbers those of runs that have ended."""
_WORDS = {"FINISHED": 3, "FAILED": 4, "KILLED": 5, "RUNNING": 1, "SCHEDULED": 2}
_DATABASES = ("*.db", "*.sqlite", "*.sqlite3")
_MOST_BYTES, _SHORTEST_ID = 2**26, 12


@dataclass(frozen=True, slots=True)
class ForeignRun:
    """A run that another tracker recorded."""

    id: str
    name: str
    experiment: str
    status: str
    """completed, failed or interrupted."""
    was_running: bool
    """Whether its tracker says that it runs: whoever reads a copy cannot know."""
    started_at: str
    """ISO 8601 in UTC."""
    ended_at: str | None
    duration_seconds: float
    params: Mapping[str, str]
    tags: Mapping[str, str]
    history: Mapping[str, list[tuple[int, float]]]
    """Step and value of each metric, in the order of the steps; what is not finite is not there."""


def read_mlflow(folder: Path) -> tuple[list[ForeignRun], int]:
    """Reads all runs below a folder: `mlruns`, an experiment in it, or a single run.

    Returns:
        The runs, and how many that MLflow has marked as deleted were left out.

    Raises:
        InputError: there are none, the folder holds a database of MLflow, or a file of a run is not
            as MLflow writes it.
    """
    if not folder.is_dir():
        raise InputError(f"{folder} is no folder. Give MLflow's mlruns, or a folder in it.")
    found, deleted = [], 0
    for directory in _run_directories(folder):
        meta = _meta(directory / "meta.yaml")
        if meta.get("lifecycle_stage") == "deleted":
            deleted += 1
            continue
        found.append(_run(directory, meta))
    if not found:
        databases = [p.name for pattern in _DATABASES for p in sorted(folder.glob(pattern))]
        if databases:
            raise InputError(
                f"{folder} holds a database of MLflow ({databases[0]}), and only its file store is "
                "read. Copy the runs into one with MLflow's own client: set its tracking URI to "
                "file:FOLDER, and log params and metrics of each run again."
            )
        gone = f" but {deleted} deleted ones" if deleted else ""
        raise InputError(
            f"{folder} holds no runs of MLflow{gone}: folders with meta.yaml, metrics and params "
            "were expected."
        )
    return found, deleted


def _run_directories(folder: Path) -> Iterator[Path]:
    """Folders of runs, by name; the links and the trash of a store are not followed."""

    def unread(error: OSError) -> NoReturn:
        raise InputError(
            f"{error.filename} cannot be read: {error.strerror}. Nothing was imported."
        )

    for place, folders, files in os.walk(folder, onerror=unread):
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
        meta = yaml.safe_load(read_content(path).decode())
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError):
        meta = None
    except FileNotFoundError:
        return {}
    if not isinstance(meta, dict):
        raise InputError(f"{path} is damaged, or of a version of MLflow that is not known.")
    return meta


def _run(directory: Path, meta: Mapping[str, Any]) -> ForeignRun:
    known = str(meta.get("run_id", meta.get("run_uuid")))
    status: Any = meta.get("status")
    began, ended = meta.get("start_time"), meta.get("end_time")
    status = _WORDS.get(str(status), status)
    is_named = len(known) >= _SHORTEST_ID and known.isalnum()
    if not is_named or not isinstance(began, int) or status not in _WORDS.values():
        raise InputError(
            f"{directory / 'meta.yaml'} does not say run_id, start_time and status as MLflow does: "
            "it is damaged, or of a version that is not known. Nothing was imported."
        )
    tags = dict(_texts(directory / "tags"))
    experiment = _meta(directory.parent / "meta.yaml")
    ended = ended if isinstance(ended, int) else None
    return ForeignRun(
        id=known,
        name=str(meta.get("run_name") or tags.get("mlflow.runName") or known),
        experiment=str(experiment.get("name") or meta.get("experiment_id") or ""),
        status=STATUSES.get(status, "interrupted"),
        was_running=status not in STATUSES,
        started_at=_moment(began, directory),
        ended_at=None if ended is None else _moment(ended, directory),
        duration_seconds=0.0 if ended is None else max(0.0, (ended - began) / 1000),
        params=dict(_texts(directory / "params")),
        tags=tags,
        history=dict(_histories(directory / "metrics", is_running=status not in STATUSES)),
    )


def _moment(milliseconds: int, directory: Path) -> str:
    try:
        return datetime.fromtimestamp(milliseconds / 1000, UTC).isoformat(timespec="microseconds")
    except (OverflowError, ValueError, OSError):
        raise InputError(f"{directory / 'meta.yaml'} names a time that there is not.") from None


def _files(folder: Path) -> Iterator[tuple[str, str]]:
    """The text of each file below a folder, by its place there."""
    for place, folders, files in os.walk(folder):
        folders.sort()
        for name in sorted(files):
            path = Path(place, name)
            if path.is_symlink():  # leads out of the store
                continue
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
        yield name, [(step, v) for step, _, v in sorted(points) if math.isfinite(v)]
