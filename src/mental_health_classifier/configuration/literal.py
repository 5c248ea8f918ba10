"""Configurations as plain values, and back: each text stands for itself, also one with `${`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, cast

from omegaconf import DictConfig, OmegaConf


def literal(values: Mapping[str, Any]) -> DictConfig:
    """A configuration of plain values, nothing of which is looked up or worked out."""
    return cast(DictConfig, OmegaConf.create(_escaped(values)))


def resolved(config: DictConfig) -> dict[str, Any]:
    """A configuration as Python's own values, with every reference in it followed."""
    values = OmegaConf.to_container(config, resolve=True)
    assert isinstance(values, dict)
    return {str(key): value for key, value in values.items()}


def without_interpolation(text: str) -> str:
    """A text that OmegaConf gives back as it is, though it may hold `${`."""
    return re.sub(r"(\\*)\$\{", r"\1\1\\${", text)


def _escaped(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _escaped(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_escaped(inner) for inner in value]
    return without_interpolation(value) if isinstance(value, str) else value
