"""Checkpoints as safetensors: nothing in them can run, and each is whole or not there."""

from __future__ import annotations

import json
import math
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from lightning.fabric.plugins.io.checkpoint_io import CheckpointIO
from safetensors import SafetensorError, safe_open

from mental_health_classifier.contracts import InputError
from mental_health_classifier.storage.files import open_to_read, write_atomically

SCHEMA_VERSION = 1
_WEIGHTS = "state_dict"
_KEPT_AFTER_TRAINING = ("epoch", "global_step", "git", "metrics_bytes", "schema_version")


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
    """Reads a checkpoint's tensors by name and the state written beside them.

    Raises:
        FileNotFoundError: there is no such file.
        InputError: the file was cut or changed, or is none of a run.
    """
    damaged = InputError(f"{path} is damaged: it was cut or changed. Restore it from a copy.")
    open_to_read(path).close()
    try:
        with safe_open(path, framework="pt") as file:
            names = sorted(file.keys())
            tensors = {name: file.get_tensor(name) for name in names}
            metadata = file.metadata() or {}
        checksum, _, text = metadata["state"].partition(" ")
    except (SafetensorError, KeyError, OSError, UnicodeDecodeError):
        raise damaged from None
    if checksum != _checksum(tensors, text):
        raise damaged
    return tensors, json.loads(text)


def drop_resume_state(path: Path, selection: Mapping[str, Any] | None) -> None:
    """Keeps the weights, where they came from and when; drops what only resuming needs.

    What is left has no time and no path in it: the same command gives the same bytes.

    Args:
        selection: which checkpoint was chosen, for a run that is killed between this and its end.
    """
    tensors, state = read_checkpoint(path)
    kept = {key: state[key] for key in _KEPT_AFTER_TRAINING if key in state}
    kept["selection"] = dict(selection or {})
    _write(path, {name: t for name, t in tensors.items() if "/" not in name}, kept)


def _write(path: Path, tensors: Mapping[str, torch.Tensor], state: object) -> None:
    text = json.dumps(state, allow_nan=False, sort_keys=True)
    # One entry, because safetensors writes several in any order.
    metadata = {"state": f"{_checksum(tensors, text)} {text}"}
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, safetensors.torch.save(dict(tensors), metadata))


def _checksum(tensors: Mapping[str, torch.Tensor], text: str) -> str:
    """Of everything in a checkpoint. safetensors itself notices a cut, but no changed bit."""
    crc32 = zlib.crc32(text.encode())
    for name in sorted(tensors):
        tensor = tensors[name]
        crc32 = zlib.crc32(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode(), crc32)
        content = tensor.reshape(-1).view(torch.uint8).numpy()
        crc32 = zlib.crc32(content, crc32)  # pyright: ignore[reportArgumentType]
    return f"{crc32:08x}"


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
