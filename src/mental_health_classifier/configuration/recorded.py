"""The configuration of a recorded run, to build from again.

A record can come from anywhere, so its configuration is data: nothing in it is looked up in the
environment or worked out, it does not say where prepared posts are written, and it reaches no hub.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from omegaconf import DictConfig

from mental_health_classifier.configuration.literal import literal
from mental_health_classifier.configuration.registry import with_short_names
from mental_health_classifier.contracts import InputError
from mental_health_classifier.tracking.provenance.configuration_hash import flattened
from mental_health_classifier.tracking.record.run_summary import RunSummary

TEXTS = ("name", "description", "hypothesis", "tags")
"""Keys that hold what a person wrote; no object is built from them."""
CACHE = ".cache"
"""Where prepared posts are kept if the recorded folder holds none."""


def recorded_configuration(run: RunSummary, *, begun_in: Path = Path()) -> DictConfig:
    """What `run` was configured with. Parts have short names, also where an earlier version
    recorded dotted ones.

    Args:
        begun_in: where relative paths in it begin; see `with_own_cache`.

    Raises:
        InputError: a value refers to something, as `${...}` does; a run records values alone. Or
            nothing says how the posts are read.
    """
    values = dict(run.configuration)
    for key, value in flattened({k: v for k, v in values.items() if k not in TEXTS}).items():
        written = json.dumps([key, value])
        if "${" in written or '"???"' in written:
            raise InputError(
                f"The record in {run.directory} has a reference in {key} where a run records "
                "values. It was not followed; the record was changed by hand or made elsewhere."
            )
    data = values.get("data")
    if not isinstance(data, Mapping) or "_target_" not in data:
        raise InputError(
            f"The record in {run.directory} does not say how its posts are read: data._target_ is "
            "missing in run.json, which was changed by hand or made elsewhere."
        )
    named = with_short_names(values)
    for group in ("model", "tokenizer"):
        if isinstance(named.get(group), Mapping) and "download" in named[group]:
            named[group] = {**named[group], "download": False}
    return literal(with_own_cache(named, begun_in))


def with_own_cache(values: Any, begun_in: Path, key: str = "") -> Any:
    """A configuration from elsewhere, in which no `cache_dir` is a place of its choice.

    It stays where posts were prepared in that folder before, and else becomes CACHE in the present
    folder.

    Args:
        begun_in: where relative paths in the configuration begin.
    """
    if key == "cache_dir":
        own = os.path.abspath(CACHE)
        is_kept = isinstance(values, str) and (
            os.path.abspath(begun_in / values) == own or _is_cache(begun_in / values)
        )
        return values if is_kept else own
    if isinstance(values, Mapping):
        return {name: with_own_cache(inner, begun_in, name) for name, inner in values.items()}
    if isinstance(values, list):
        return [with_own_cache(inner, begun_in) for inner in values]
    return values


def _is_cache(folder: Path) -> bool:
    return all((folder / kind).is_dir() for kind in ("posts", "parts"))
