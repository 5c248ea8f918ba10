"""What a run was set to and what it cost: sizes of its network, its training, operations, time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mental_health_classifier.console.wording import is_number
from mental_health_classifier.tracking.run_index import RunSummary

CONFIGURED = {
    "width": ("model", "width"),
    "num_layers": ("model", "num_layers"),
    "num_heads": ("model", "num_heads"),
    "feedforward_width": ("model", "feedforward_width"),
    "max_tokens": ("model", "max_tokens"),
    "dropout": ("model", "dropout"),
    "learning_rate": ("model", "learning_rate"),
    "weight_decay": ("optimizer", "weight_decay"),
    "warmup_fraction": ("optimizer", "warmup_fraction"),
    "max_posts_per_batch": ("sampler", "max_posts"),
    "max_tokens_per_batch": ("sampler", "token_budget"),
    "max_epochs": ("trainer", "max_epochs"),
}
"""Columns by where their number stands in the configuration."""

COUNTED = (
    *("trainable_parameters", "vocabulary_size", "size_on_disk_bytes", "gpu_peak_memory_bytes"),
    *("inference_flops_per_post", "training_flops_per_post"),
    *("training_posts_per_second", "prediction_posts_per_second"),
)
"""Columns that the model itself was measured for, under the names of the record."""

CHOSEN = {"selected_epoch": "epoch", "selected_step": "step"}
"""Columns that say which checkpoint it is; epochs count from 0."""

COLUMNS = (*CONFIGURED, *COUNTED, *CHOSEN, "fit_seconds")


def settings_of(run: RunSummary) -> dict[str, float | None]:
    """The numbers of COLUMNS; None where a model has no such thing, or it is not known."""
    configuration, selection = run.configuration, run.selection
    values = {
        name: _number_in(configuration.get(group), key) for name, (group, key) in CONFIGURED.items()
    }
    values |= {name: _number_in(run.model_facts, name) for name in COUNTED}
    values |= {name: _number_in(selection, key) for name, key in CHOSEN.items()}
    values["fit_seconds"] = _number_in(run.end.get("phases"), "fit")
    return values


def _number_in(group: Any, key: str) -> float | None:
    value = group.get(key) if isinstance(group, Mapping) else None
    return value if is_number(value) else None
