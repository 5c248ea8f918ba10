"""Choices that a configuration leaves to the machine, settled once for each run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from mental_health_classifier.storage.files import SCHEMA_VERSION, read_json, write_json

_FILE = "settled.json"


def settled_choices(run_directory: Path) -> dict[str, Any]:
    """Values by configuration key, empty where nothing was left open.

    Raises:
        InputError: the file was cut or changed.
    """
    path = run_directory / _FILE
    if not path.exists():
        return {}
    return {key: value for key, value in read_json(path).items() if key != "schema_version"}


def settle(run_directory: Path, key: str, find: Callable[[], Any]) -> Any:
    """What the run settled on at an earlier attempt, else what `find` says, written down.

    The recorded configuration stays as it was asked for. Later attempts and replays take the value
    from here, because what they would find depends on the hour.
    """
    settled = settled_choices(run_directory)
    if key not in settled:
        settled[key] = find()
        write_json(run_directory / _FILE, {"schema_version": SCHEMA_VERSION, **settled})
    return settled[key]
