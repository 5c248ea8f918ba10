"""The configuration of a recorded run, to build from again.

A record can come from anywhere, so its configuration is data: nothing in it is looked up in the
environment or worked out, and it does not say where prepared posts are written.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from omegaconf import DictConfig

from mental_health_classifier.configuration.check import literal
from mental_health_classifier.configuration.registry import with_short_names
from mental_health_classifier.contracts import InputError
from mental_health_classifier.tracking.record.run_summary import RunSummary

TEXTS = ("name", "description", "hypothesis", "tags")
"""Keys that hold what a person wrote; no object is built from them."""
CACHE = ".cache"
"""Where prepared posts are kept if the recorded folder holds none."""


def recorded_configuration(run: RunSummary) -> DictConfig:
    """What `run` was configured with. Parts have short names, also where an earlier version
    recorded dotted ones.

    Folders named `cache_dir` are those of the record where posts were prepared in them before, and
    CACHE otherwise: a record cannot have posts written to a place of its choice.

    Raises:
        InputError: a value refers to something, as `${...}` does; a run records values alone.
    """
    values = dict(run.configuration)
    for key, value in _texts({k: v for k, v in values.items() if k not in TEXTS}):
        if "${" in value or value == "???":
            raise InputError(
                f"The record in {run.directory} has a reference in {key} where a run records "
                "values. It was not followed; the record was changed by hand or made elsewhere."
            )
    return literal(_with_own_cache(with_short_names(values)))


def _texts(value: Any, key: str = "") -> Iterator[tuple[str, str]]:
    """Every text in `value` and every key, with where it stands."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            place = f"{key}.{name}" if key else name
            yield place, name
            yield from _texts(inner, place)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner, key)
    elif isinstance(value, str):
        yield key, value


def _with_own_cache(value: Any, key: str = "") -> Any:
    if key == "cache_dir" and not _is_cache(value):
        return CACHE
    if isinstance(value, Mapping):
        return {name: _with_own_cache(inner, name) for name, inner in value.items()}
    if isinstance(value, list):
        return [_with_own_cache(inner) for inner in value]
    return value


def _is_cache(folder: Any) -> bool:
    if not isinstance(folder, str):
        return False
    return all((Path(folder) / kind).is_dir() for kind in ("posts", "parts"))
