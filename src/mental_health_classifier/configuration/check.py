"""The whole configuration against what the parts declare, before anything is read."""

from __future__ import annotations

import inspect
import math
import re
import types
import typing
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from mental_health_classifier.configuration.registry import (
    REGISTRY,
    Place,
    check_buildable,
    find_part,
    with_short_names,
)
from mental_health_classifier.contracts import InputError

Group = Mapping[str, Any]
SETTINGS: dict[str, Any] = {
    **dict.fromkeys(("name", "description", "hypothesis", "cache_dir", "optimized_metric"), str),
    "tags": Sequence[str],
    "seed": int,
    "num_threads": int | None,
    **dict.fromkeys(("tasks", "token_streams"), Mapping[str, Group | None]),
    **dict.fromkeys(("model", "data", "evaluation", "trainer", "clinical"), Group),
    "clinical.variants": Group,
    "callbacks": Mapping[str, Group | None],
    "logger": Mapping[str, Group | None] | None,
    "model.name": str,
    **dict.fromkeys(("model.width", "model.num_layers", "model.num_heads"), int),
    **dict.fromkeys(("model.feedforward_width", "model.max_tokens"), int),
    **dict.fromkeys(("model.dropout", "model.learning_rate"), float),
    "evaluation.selection_metric": str,
    "evaluation.bootstrap_draws": int,
    **dict.fromkeys(("evaluation.specificity_floor", "evaluation.alert_budget"), float),
    **dict.fromkeys(("evaluation.required_recall", "evaluation.confidence"), float),
}
"""Kinds of what is read from the configuration itself; all else is an argument of a part."""

LATER = ("tasks", "token_streams", "logger", "evaluation.alert_budget")
"""Those that earlier versions did not record."""

OF_A_NETWORK = (
    *("tokenizer", "sampler", "objective", "optimizer"),
    *("network.embedding", "network.encoder", "network.attention"),
    *("network.pooling", "network.heads"),
)
"""Groups without which no network can be trained."""

_COUNT = (1, 10**9)
_SEED = (0, 2**32 - 1)
_SHARE = (0, 1)
RANGES: dict[str, tuple[float, float]] = {
    **dict.fromkeys(("seed", "split_seed", "sample_seed", "shuffle_seed"), _SEED),
    **dict.fromkeys(("max_posts", "token_budget", "size", "max_iterations"), _COUNT),
    **dict.fromkeys(("last_every_n_steps", "every_n_steps", "min_posts", "rows"), _COUNT),
    **dict.fromkeys(("width", "feedforward_width", "concept_width"), (1, 2**16)),
    **dict.fromkeys(("num_threads", "num_workers", "num_layers", "num_heads"), (1, 1024)),
    "max_tokens": (1, 2**20),
    "vocabulary_size": (1, 2**24),
    "max_words": (1, 8),
    "bootstrap_draws": (1, 10**6),
    "learning_rate": (1e-30, 1e38),
    "inverse_regularisation": (1e-9, 1e9),
    "weight_decay": (0, 1e3),
    "exponent": (0, 10),
    "dropout": (0, 0.99),
    **dict.fromkeys(("warmup_fraction", "spread", "share_of_training", "initial"), _SHARE),
}
"""Least and greatest value of a number, by the last part of its key, which means one thing
everywhere."""

_WORDS = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "text",
    type(None): "null",
}


class _MisfitError(Exception):
    pass


def checked(config: DictConfig) -> DictConfig:
    """The configuration with values of the kinds that its parts declare.

    One text where a list belongs is a list of one, and a whole number where text belongs is its
    digits, as in the name of a column.

    Raises:
        InputError: a value of another kind or out of range; a group that is missing; a part that
            does not belong where it stands.
    """
    written = OmegaConf.to_container(config, resolve=True)
    check_buildable(written)
    values = with_short_names(written)
    for key, kind in SETTINGS.items():
        is_of_a_network = key.startswith("model.") and key != "model.name"
        is_needed = key not in LATER and not (
            is_of_a_network and "_target_" in (values.get("model") or {})
        )
        _settle(values, key, kind, is_needed=is_needed)
    if "_target_" not in values["model"]:
        for key in OF_A_NETWORK:
            _settle(values, key, Group, is_needed=True)
            if "_target_" not in _at(values, key):
                raise InputError(f"{key}._target_ is missing. Choose a file of conf/{key}.")
    for key in ("data", "trainer"):
        if key in values and "_target_" not in values[key]:
            raise InputError(f"{key}._target_ is missing. Choose a file of conf/{key}.")
    for key, place in REGISTRY.items():
        group, is_any, _ = key.partition(".*")
        names = list(_at(values, group) or {}) if is_any else [None]
        for each in [group if name is None else f"{group}.{name}" for name in names]:
            if isinstance(node := _at(values, each), dict) and "_target_" in node:
                _check_part(place, each, node)
    _check_metric(values["optimized_metric"])
    _check_folder("cache_dir", values["cache_dir"])
    return literal(values)


def literal(values: Mapping[str, Any]) -> DictConfig:
    """A configuration in which each text stands for itself, also one with `${`."""
    return typing.cast(DictConfig, OmegaConf.create(_escaped(values)))


def _escaped(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _escaped(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_escaped(inner) for inner in value]
    if isinstance(value, str):
        return re.sub(r"(\\*)\$\{", lambda found: found[1] * 2 + r"\${", value)
    return value


def _check_part(place: Place, key: str, node: dict[str, Any]) -> None:
    found = find_part(node["_target_"])
    kinds = typing.get_type_hints(found.__init__ if inspect.isclass(found) else found)
    parameters = inspect.signature(found).parameters
    given = place.given
    is_completed = given is not None and (not given or not parameters.keys().isdisjoint(given))
    if node.get("_partial_", False) != is_completed:
        wanted = str(is_completed).lower()
        raise InputError(
            f"{key}._partial_: {wanted} was expected for {node['_target_']}. Change it."
        )
    for name, value in node.items():
        if name in ("_target_", "_partial_") or name not in parameters or name not in kinds:
            continue
        node[name] = _fitted(f"{key}.{name}", value, kinds[name])


def _settle(values: dict[str, Any], key: str, kind: Any, *, is_needed: bool) -> None:
    place, _, name = key.rpartition(".")
    node = _at(values, place) if place else values
    if isinstance(node, dict) and name in node:
        node[name] = _fitted(key, node[name], kind)
    elif is_needed:
        raise InputError(f"{key} is missing. Leave it as conf/ has it, or set it to a value.")


def _at(values: Mapping[str, Any], key: str) -> Any:
    found: Any = values
    for name in key.split("."):
        found = found.get(name) if isinstance(found, dict) else None
    return found


def _fitted(key: str, value: Any, kind: Any) -> Any:
    try:
        found = _fit(value, kind)
    except _MisfitError:
        shown = "null" if value is None else str(value)
        hint = (
            f" Text that looks like another kind takes quotes: \"{key}='{shown}'\"."
            if isinstance(value, bool | float) and _takes_text(kind)
            else ""
        )
        raise InputError(
            f"{key}={shown[:80]}: {_in_words(kind)} was expected. Change it.{hint}"
        ) from None
    limits = RANGES.get(key.rpartition(".")[2])
    if limits and isinstance(found, int | float) and not limits[0] <= found <= limits[1]:
        raise InputError(f"{key}={value}: expected {limits[0]:g} to {limits[1]:.10g}. Change it.")
    return found


def _fit(value: Any, kind: Any) -> Any:
    """`value` as `kind` has it; what no file can spell (a tensor, a function) is left alone."""
    origin, inner = typing.get_origin(kind), typing.get_args(kind)
    if origin in (typing.Union, types.UnionType):
        return _fit_one_of(value, inner)
    if origin is typing.Literal:
        return _taken(value, value in inner)
    if kind in (type(None), bool):
        return _taken(value, value is None if kind is type(None) else isinstance(value, bool))
    if kind is int:
        return _taken(value, isinstance(value, int) and not isinstance(value, bool))
    if kind is float:
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        return _taken(value, is_number and abs(value) < 1e300 and math.isfinite(value))
    if kind is str:
        is_digits = isinstance(value, int) and not isinstance(value, bool)
        return str(value) if is_digits else _taken(value, isinstance(value, str))
    container = origin or kind
    if container in (Mapping, dict):
        _taken(value, isinstance(value, dict))
        key_kind, value_kind = inner or (Any, Any)
        return {_fit(k, key_kind): _fit(v, value_kind) for k, v in value.items()}
    if container in (Sequence, list, tuple):
        wanted = inner[0] if inner else Any
        if isinstance(value, str) and wanted is str:
            return [value]
        _taken(value, isinstance(value, list))
        return [_fit(each, wanted) for each in value]
    return value


def _fit_one_of(value: Any, kinds: Sequence[Any]) -> Any:
    # As it is rather than as text or as a list of one.
    for exact in (True, False):
        for kind in kinds:
            try:
                found = _fit(value, kind)
            except _MisfitError:
                continue
            if not exact or (type(found) is type(value) and found == value):
                return found
    raise _MisfitError


def _taken(value: Any, is_fitting: bool) -> Any:
    if not is_fitting:
        raise _MisfitError
    return value


def _takes_text(kind: Any) -> bool:
    return kind is str or any(map(_takes_text, typing.get_args(kind)))


def _in_words(kind: Any) -> str:
    origin, inner = typing.get_origin(kind), typing.get_args(kind)
    if origin in (typing.Union, types.UnionType):
        return " or ".join(dict.fromkeys(map(_in_words, inner)))
    if origin is typing.Literal:
        return f"one of {', '.join(map(str, inner))}"
    if (origin or kind) in (Mapping, dict):
        return "a mapping {NAME: ...}"
    if (origin or kind) in (Sequence, list, tuple):
        return "a list [...]"
    return _WORDS.get(kind, "something else")


def _check_metric(metric: str) -> None:
    if not metric.startswith("val/"):
        raise InputError(
            f"optimized_metric={metric}: a number of the validation part was expected, such as "
            "val/partial_auc, val/f1_macro or val/accuracy."
        )


def _check_folder(key: str, folder: str) -> None:
    place = Path(folder)
    there = next((each for each in (place, *place.parents) if each.exists()), None)
    if there is not None and not there.is_dir():
        raise InputError(
            f"{key}={folder}: {there} is a file, and a folder was expected. Change it."
        )
