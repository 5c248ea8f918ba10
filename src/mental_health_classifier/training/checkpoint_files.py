"""Checkpoints as safetensors: nothing in them can run, and each is whole or not there."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from lightning.fabric.plugins.io.checkpoint_io import CheckpointIO
from safetensors import safe_open

from mental_health_classifier.tracking.files import write_atomically

SCHEMA_VERSION = 1
_WEIGHTS = "state_dict"
_KEPT_AFTER_TRAINING = ("epoch", "global_step", "git", "schema_version")


class SafetensorsCheckpointIO(CheckpointIO):
    """Writes a Lightning checkpoint as one safetensors file.

    The weights carry their own names. Whatever else Lightning needs to resume stands beside them:
    tensors under names with a slash, the rest as JSON in the file's metadata.
    """

    def save_checkpoint(
        self, checkpoint: dict[str, Any], path: Any, storage_options: Any = None
    ) -> None:
        rest = {key: value for key, value in checkpoint.items() if key != _WEIGHTS}
        tensors = {name: t.detach().cpu().contiguous() for name, t in checkpoint[_WEIGHTS].items()}
        state = _take_tensors({**rest, "schema_version": SCHEMA_VERSION}, "resume", tensors)
        _write(Path(path), tensors, state)

    def load_checkpoint(self, path: Any, map_location: Any = None, **_: Any) -> dict[str, Any]:
        tensors, state = read_checkpoint(Path(path))
        weights = {name: tensor for name, tensor in tensors.items() if "/" not in name}
        return {**_put_tensors(state, tensors), _WEIGHTS: weights}

    def remove_checkpoint(self, path: Any) -> None:
        Path(path).unlink(missing_ok=True)


def read_checkpoint(path: Path) -> tuple[dict[str, torch.Tensor], dict[str, Any]]:
    """Reads a checkpoint's tensors by name and the state written beside them."""
    with safe_open(path, framework="pt") as file:
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (no mapping)
        return tensors, json.loads(file.metadata()["state"])


def drop_resume_state(path: Path) -> None:
    """Keeps the weights, where they came from and when; drops what only resuming needs.

    What is left has no time and no path in it: the same command gives the same bytes.
    """
    tensors, state = read_checkpoint(path)
    kept = {key: state[key] for key in _KEPT_AFTER_TRAINING if key in state}
    _write(path, {name: t for name, t in tensors.items() if "/" not in name}, kept)


def _write(path: Path, tensors: Mapping[str, torch.Tensor], state: object) -> None:
    metadata = {"state": json.dumps(state, allow_nan=False, sort_keys=True)}
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, safetensors.torch.save(dict(tensors), metadata))


def _take_tensors(value: Any, name: str, tensors: dict[str, torch.Tensor]) -> Any:
    """Returns `value` as JSON can hold it; its tensors move to `tensors` and leave their names
    behind."""
    if isinstance(value, torch.Tensor):
        tensors[name] = value.detach().cpu().contiguous().clone()
        return {"__tensor__": name}
    if isinstance(value, Mapping):
        items = [(k, _take_tensors(v, f"{name}/{k}", tensors)) for k, v in value.items()]
        if all(isinstance(key, str) for key, _ in items):
            return dict(items)
        return {"__items__": [list(item) for item in items]}  # an optimizer numbers its parameters
    if isinstance(value, list | tuple):
        taken = [_take_tensors(v, f"{name}/{i}", tensors) for i, v in enumerate(value)]
        return {"__tuple__": taken} if isinstance(value, tuple) else taken
    if isinstance(value, float) and not math.isfinite(value):
        return {"__float__": repr(value)}
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise TypeError(f"A checkpoint cannot hold {name} of type {type(value).__name__}.")


def _put_tensors(value: Any, tensors: Mapping[str, torch.Tensor]) -> Any:
    """Undoes `_take_tensors`."""
    if isinstance(value, list):
        return [_put_tensors(v, tensors) for v in value]
    if not isinstance(value, dict):
        return value
    match value:
        case {"__tensor__": name}:
            return tensors[name]
        case {"__items__": items}:
            return {key: _put_tensors(v, tensors) for key, v in items}
        case {"__tuple__": elements}:
            return tuple(_put_tensors(v, tensors) for v in elements)
        case {"__float__": text}:
            return float(text)
    return {key: _put_tensors(v, tensors) for key, v in value.items()}
