"""Check of an array's shape, or of a list's length."""

from __future__ import annotations

from typing import Any


def require_shape(name: str, values: Any, shape: tuple[int, ...]) -> None:
    """Raises ValueError where `values` have another shape; nothing is read from a device."""
    found = tuple(values.shape) if hasattr(values, "shape") else (len(values),)
    if found != shape:
        raise ValueError(f"{name}: shape {shape} was expected, not {found}.")
