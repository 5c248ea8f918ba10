"""Names in figures: short and harmless."""

from __future__ import annotations

from mental_health_classifier.console.wording import printable

MAX_LENGTH = 28

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
