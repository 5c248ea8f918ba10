"""What a reader of a run's numbers has to know of its shortcuts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def warnings_of(shortcuts: Mapping[str, Any]) -> list[str]:
    """A sentence for each shortcut that `assess_shortcuts` found the model to take."""
    warnings = []
    interval = shortcuts["loss_interval"]
    if interval is not None and interval[0] > 0:
        warnings.append(
            f"With diagnoses and classes no longer named, {shortcuts['metric']} falls from "
            f"{shortcuts['unmasked']:.3f} to {shortcuts['masked']:.3f}: part of the score is the "
            "name of the label."
        )
    keyword = shortcuts["keyword_recall_at_spec80"]
    if keyword is not None and keyword >= shortcuts["unmasked"]:
        warnings.append(
            f"A list of words reaches a recall of {keyword:.3f} at specificity .80, and the model "
            f"{shortcuts['unmasked']:.3f}: it adds nothing to the list."
        )
    return warnings
