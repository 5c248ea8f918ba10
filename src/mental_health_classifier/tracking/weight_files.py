"""Weights as safetensors: a file that nothing can run from."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mental_health_classifier.contracts import InputError
from mental_health_classifier.tracking.files import write_atomically


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
