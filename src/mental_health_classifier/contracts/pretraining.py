"""Runs that learn from masked tokens: how one is known, and what it measures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

OBJECTIVE = "MaskedTokens"
MEASURED = ("val/masked_loss", "val/masked_accuracy")
"""What is known of such a run."""


def is_pretraining(config: Mapping[str, Any] | Any) -> bool:
    """Whether a run learns to fill in masked tokens, and no label."""
    objective = config.get("objective")
    return isinstance(objective, Mapping) and str(objective.get("_target_")).endswith(OBJECTIVE)
