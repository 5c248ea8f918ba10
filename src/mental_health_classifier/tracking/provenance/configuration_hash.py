"""Hash of a configuration, equal for runs that differ in their seed alone."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from os import PathLike
from typing import Any

from mental_health_classifier.contracts import InputError
from mental_health_classifier.tracking.provenance.former_names import FORMER_NAMES, renamed

LEFT_OUT = frozenset(
    {
        # Seeds under another name.
        *("clinical.vocabulary.shuffle_seed", "token_streams.concepts.shuffle_seed"),
        # What a person says about the run, and what a sweeper makes of it.
        *("name", "description", "hypothesis", "tags", "optimized_metric"),
        # Where things lie. Which posts were read is told by the fingerprint of the data, and which
        # encoder, language model or teacher by its own hash.
        *("data.path", "model.encoder", "model.download", "model.language_model.folder"),
        *("tokenizer.encoder", "tokenizer.download"),
        "objective.teacher",
        # What only watches.
        *("logger", "callbacks.progress", "callbacks.resources", "callbacks.training_dynamics"),
        *("trainer.log_every_n_steps", "trainer.enable_model_summary"),
        "callbacks.checkpoints.last_every_n_steps",
        # How fast. Threads reorder sums and so change the last digits of a result, which is why a
        # record holds them; they do not make it another experiment. Devices and precision stay
        # in: they change batches and arithmetic.
        *("num_threads", "data.num_workers"),
    }
)
"""Keys without influence on the hash, with everything below them."""
LEFT_OUT_EVERYWHERE = frozenset({"seed", "cache_dir"})
"""The same at every depth: interpolation copies them into several groups."""

CAME_LATER = {
    "data.encoding": None,
    "data.fold": None,
    "data.window_overlap": None,
    "data.max_windows": 64,
    "model.encoder": None,
    "model.encoder_sha256": None,
    "network.embedding.word_dropout": 0,
    "network.embedding.initial": None,
    **dict.fromkeys(
        (
            "model.embedding.truncate",
            "evaluation.yardstick.embedding.truncate",
            "evaluation.yardstick.embeddings.embedding.truncate",
        ),
        "head",
    ),
    "network.encoder.adapters": None,
    "objective.label_smoothing": 0,
    "objective.main.label_smoothing": 0,
}
"""Keys that runs of before do not have, each with the value that says the same as having none."""


def configuration_hash(config: Mapping[str, Any]) -> str:
    """Names a configuration so that runs that differ only in their seed share the name.

    The hash is taken of the resolved configuration as JSON with sorted keys, without the keys of
    `LEFT_OUT` and `LEFT_OUT_EVERYWHERE`.
    Numbers that are equal are the same: `dropout=0` and `dropout=0.0` share a hash. Parts go by the
    names that were first recorded, wherever their modules are now.

    Returns:
        The first 16 hexadecimal digits of a SHA-256.

    Raises:
        InputError: as `plain_configuration`.
    """
    canonical = json.dumps(compared_configuration(config), sort_keys=True)
    return hashlib.sha256(canonical.encode()).hexdigest()[:16]


def job_hash(config: Mapping[str, Any]) -> str:
    """Names a job of a sweep: the hash of all of its resolved configuration, seeds among it.

    Nothing is left out, because a sweep can be over anything, speed and names too.

    Raises:
        InputError: as `plain_configuration`.
    """
    canonical = json.dumps(_as_of_before(config), sort_keys=True)
    return hashlib.sha256(canonical.encode()).hexdigest()[:16]


def compared_configuration(config: Mapping[str, Any]) -> dict[str, Any]:
    """What the hash is taken of."""
    return _canonical(_as_of_before(config), "")


def plain_configuration(config: Mapping[str, Any]) -> dict[str, Any]:
    """The configuration as it can be written to JSON: paths become text, tuples become lists.

    Raises:
        InputError: a value has no form in JSON; the message names its key.
    """
    plain = _plain(config, "")
    assert isinstance(plain, dict)
    return plain


def is_left_out(key: str) -> bool:
    """Whether a key, such as `trainer.log_every_n_steps`, has no influence on the hash."""
    names = key.split(".")
    places = (".".join(names[: place + 1]) for place in range(len(names)))
    return not LEFT_OUT_EVERYWHERE.isdisjoint(names) or not LEFT_OUT.isdisjoint(places)


def flattened(nested: Mapping[str, Any], key: str = "") -> dict[str, Any]:
    """`{"model": {"width": 64}}` -> `{"model.width": 64}`; lists and empty mappings are values."""
    leaves = {}
    for name, value in nested.items():
        place = _below(key, name)
        leaves |= (
            flattened(value, place) if value and isinstance(value, Mapping) else {place: value}
        )
    return leaves


def _as_of_before(config: Mapping[str, Any]) -> dict[str, Any]:
    """As it can be written, in the words of runs of before where it says the same as theirs."""
    plain = renamed(plain_configuration(config), FORMER_NAMES)
    for key, as_before in CAME_LATER.items():
        *groups, name = key.split(".")
        node: Any = plain
        for group in groups:
            node = node.get(group) if isinstance(node, dict) else None
        if isinstance(node, dict) and name in node and node[name] == as_before:
            del node[name]
    data = plain.get("data")
    if isinstance(data, dict) and "fold" not in data:
        data.pop("num_folds", None)  # how many there are, where none was chosen
    return plain


def _plain(value: Any, key: str) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        raise InputError(
            f"The configuration has {key}={value}, but a record holds finite numbers only. "
            "Write null where there is no limit."
        )
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, PathLike):
        return str(value)
    if isinstance(value, Mapping):
        return {str(name): _plain(item, _below(key, name)) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item, f"{key}[{place}]") for place, item in enumerate(value)]
    raise InputError(
        f"The configuration holds a value of type {type(value).__name__} at {key}. Expected text, "
        "a number, true, false, null, a list or a mapping: give what describes the object instead."
    )


def _canonical(value: Any, key: str) -> Any:
    if isinstance(value, dict):
        return {
            name: _canonical(item, _below(key, name))
            for name, item in value.items()
            if name not in LEFT_OUT_EVERYWHERE and _below(key, name) not in LEFT_OUT
        }
    if isinstance(value, list):
        return [_canonical(item, f"{key}[{place}]") for place, item in enumerate(value)]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _below(key: str, name: object) -> str:
    return f"{key}.{name}" if key else str(name)
