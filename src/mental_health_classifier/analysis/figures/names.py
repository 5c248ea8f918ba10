"""Names in figures: short, harmless, and no two alike."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from mental_health_classifier.analysis.terminal import printable

MAX_LENGTH = 28
ID_LENGTH = 6

_WORDS = {
    "recall_at_spec80": "recall at specificity .80",
    "recall_at_spec90": "recall at specificity .90",
    "f1_macro": "macro F1",
    "f2": "F2",
    "auprc": "AUPRC",
    "auprc_above_chance": "AUPRC above chance",
    "partial_auc": "partial AUC",
}
_PARTS = {"final_": "test", "val_": "validation"}


def plain_name(value: object, *, max_length: int = MAX_LENGTH) -> str:
    """A name as it can be drawn: without what steers a screen, and never read as a formula."""
    shown = printable(value)
    if len(shown) > max_length:
        shown = f"{shown[: max_length - 1]}…"
    return shown.replace("$", r"\$")


def metric_name(column: str) -> str:
    """`final_recall_at_spec80` in words: recall at specificity .80, test."""
    for prefix, part in _PARTS.items():
        if column.startswith(prefix):
            rest = column.removeprefix(prefix)
            words = _WORDS.get(rest, rest.replace("_", " "))
            return f"{plain_name(words, max_length=48)}, {part}"
    return plain_name(column.replace("_", " "), max_length=48)


def run_names(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """A name for each run: with its seed, and with the beginning of its id, only where it has to.

    Args:
        rows: `experiment_name`, `seed`, `run_id` and `directory` of every run.
    """
    names = [_name_of(row) for row in rows]
    seeds = [_with(name, f"seed {row['seed']}") for name, row in zip(names, rows, strict=True)]
    ids = [_with(name, _id_of(row["run_id"])) for name, row in zip(seeds, rows, strict=True)]
    return _told_apart(names, seeds, ids)


def group_names(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """A name for each configuration, like `run_names`: with model, then hash, where it has to.

    Args:
        rows: of a `group_table`.
    """
    names = [_name_of(row) for row in rows]
    models = [
        _with(name, "+".join(str(row[key]) for key in ("model", "variants") if _is_known(row[key])))
        for name, row in zip(names, rows, strict=True)
    ]
    hashes = [
        _with(name, _id_of(row["configuration_hash"]))
        for name, row in zip(names, rows, strict=True)
    ]
    places = [_with(name, str(place)) for place, name in enumerate(names, start=1)]
    return _told_apart(names, models, hashes, places)


def _told_apart(*choices: Sequence[str]) -> list[str]:
    """Of each thing the first of its names that no other thing has."""
    counts = [Counter(names) for names in choices]
    chosen = []
    for names in zip(*choices, strict=True):
        free = (name for name, count in zip(names, counts, strict=True) if count[name] == 1)
        chosen.append(next(free, names[-1]))
    return chosen


def _name_of(row: Mapping[str, Any]) -> str:
    name = row["experiment_name"]
    return plain_name(name if _is_known(name) else row.get("directory", "?"))


def _with(name: str, more: str) -> str:
    return f"{name} ({plain_name(more)})" if more else name


def _id_of(value: object) -> str:
    return str(value)[:ID_LENGTH] if _is_known(value) else ""


def _is_known(value: object) -> bool:
    return value == value and value not in (None, "")
