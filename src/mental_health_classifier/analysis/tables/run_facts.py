"""Facts of a run apart from its results: who made it of what, its settings, what it cost."""

from __future__ import annotations

import shlex
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
    "fold": ("data", "fold"),
    "num_folds": ("data", "num_folds"),
    "split_seed": ("data", "split_seed"),
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

SETTINGS = (*CONFIGURED, *COUNTED, *CHOSEN, "fit_seconds")


def facts_of(run: RunSummary) -> dict[str, Any]:
    """What is known of a run, by the name of its column; None where it is not.

    Texts can be written as UTF-8: what a name or a folder has of other bytes is escaped.
    """
    parameters = run.model_facts.get("parameters")
    is_readable = bool(run.run)
    # Beside predictions from elsewhere the record has the source of the program that judged them.
    is_source_known = not run.is_external
    facts = {
        "experiment_name": run.name,
        "run_id": run.id,
        "status": run.status,
        "problem": run.problem,
        "model": run.model,
        "is_external": run.is_external if is_readable else None,
        "variants": "+".join(map(str, run.variants)) if is_readable else None,
        "overrides": shlex.join(map(str, run.run.get("overrides") or ())),
        "seed": run.seed,
        "trial": run.trial,
        "parameters": parameters,
        "parameters_millions": parameters / 1e6 if isinstance(parameters, int) else None,
        "duration_seconds": run.duration_seconds,
        "peak_memory_bytes": run.peak_memory_bytes,
        "commit": run.commit if is_source_known else None,
        "branch": run.branch if is_source_known else None,
        "is_dirty": run.is_dirty if is_source_known else None,
        "tags": ", ".join(map(str, run.tags)) if is_readable else None,
        "description": run.description,
        "hypothesis": run.hypothesis,
        "notes": "; ".join(note.text for note in run.annotations.notes),
        "is_archived": run.is_archived,
        "created_at": run.created_at,
        "configuration_hash": run.configuration_hash,
        "data_name": run.data.get("name"),
        "data_fingerprint": run.data.get("fingerprint"),
        "parts_fingerprint": run.parts_fingerprint,
        "priority_class": run.data.get("priority_class"),
        "directory": str(run.directory),
    }
    return {key: writable(fact) if isinstance(fact, str) else fact for key, fact in facts.items()}


def writable(value: str) -> str:
    """The text with what is not UTF-8 in it written as escapes, so that tables can hold it."""
    return value if value.isascii() else value.encode(errors="backslashreplace").decode()


def settings_of(run: RunSummary) -> dict[str, float | None]:
    """The numbers of SETTINGS; None where a model has no such thing, or it is not known."""
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


def yardstick_reads(run: RunSummary) -> str | None:
    """What the yardstick of a run, or a run of it, takes TF-IDF of. None: nobody recorded it."""
    nodes = (run.configuration.get("model"), run.setting("evaluation", "yardstick"))
    for node in nodes:
        if isinstance(node, Mapping) and "max_words" in node:
            words, characters = node["max_words"], node.get("max_characters")
            of_words = {1: "words", 2: "words and pairs of words"}
            read = of_words.get(words, f"up to {words} words in a row")
            # Runs of before there was a choice read words alone, and have no such key.
            more = "" if characters is None else f" and 2 to {characters} characters inside words"
            return f"{read}{more}"
    return None
