"""Weights as safetensors: a file that nothing can run from."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mental_health_classifier.contracts import InputError
from mental_health_classifier.storage.files import write_atomically
from mental_health_classifier.tracking.record.record_check import recorded_hash
from mental_health_classifier.tracking.record.run_summary import RunSummary

ENSEMBLE = "ensemble"
"""Key of a configuration that says what an ensemble is made of, and the name of its model, unless
one member has all the weight."""
ONNX_MODEL = "checkpoints/model.onnx"
_WEIGHTS = ("best.safetensors", "model.onnx", "{model}.npz", "{model}.json")
"""The last is of a language model, whose weights are elsewhere: it has their hash."""


def write_weights(model: Any, path: Path) -> None:
    """Writes the tensors of a module, or of a mapping of names, replacing what was there.

    Raises:
        InputError: there are none, or something among them is no tensor.
    """
    import safetensors.torch
    import torch

    state = model.state_dict() if hasattr(model, "state_dict") else model
    if not isinstance(state, Mapping) or not all(
        isinstance(t, torch.Tensor) for t in state.values()
    ):
        raise InputError(
            f"A model of type {type(model).__name__} cannot be saved: expected a torch module or a "
            "mapping of names to tensors."
        )
    # Cloned, because safetensors refuses tensors that share memory (tied weights).
    tensors = {str(name): t.detach().cpu().contiguous().clone() for name, t in state.items()}
    if not tensors:
        raise InputError(f"A model of type {type(model).__name__} has no tensors to save.")
    write_atomically(path, safetensors.torch.save(tensors))


def hash_of_weights(run: RunSummary) -> str:
    """SHA-256 of what decides in a run, as its end recorded it: of its weights, or those of all
    members of an ensemble. Who loads a model checks that the files still have it.

    Raises:
        InputError: the run left no weights.
    """
    if run.is_external:
        raise InputError(f"Run {run.id} holds predictions alone: its model is not here.")
    members = run.configuration.get(ENSEMBLE, {}).get("members")
    if members:
        hashes = "".join(member["weights_sha256"] for member in members)
        way, temperature = run.configuration[ENSEMBLE]["way"], run.model_facts.get("temperature")
        weights = "".join(str(each["weight"]) for each in members if "weight" in each)
        return hashlib.sha256(f"{hashes}{way}{weights}{temperature}".encode()).hexdigest()
    for name in _WEIGHTS:
        recorded = recorded_hash(run, f"checkpoints/{name.format(model=run.model)}")
        if recorded is not None:
            return recorded
    raise InputError(f"Run {run.id} left no weights in {run.directory / 'checkpoints'}.")
