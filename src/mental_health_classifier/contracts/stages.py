"""Stages of a training, which pace its posts and its learning rate."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from mental_health_classifier.contracts.ranges import Count, PositiveShare


@dataclass(frozen=True, kw_only=True)
class Stage:
    """A stretch of a training."""

    epochs: Count
    """How long it lasts."""
    share: PositiveShare
    """Of the posts, from the easy end."""
    learning_rate_factor: float
    """Peak of its learning rate, as a multiple of the usual one."""


StagesByName = Mapping[str, Annotated[Mapping[str, Any], Stage]]
