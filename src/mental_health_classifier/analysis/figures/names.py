"""Names in figures: short and harmless."""

from __future__ import annotations

import textwrap

from mental_health_classifier.console.wording import printable

MAX_LENGTH = 28
LINE_LENGTH = 36

_WORDS = {
    "loss": "loss",
    "operating_point_recall": "recall at the operating point",
    "operating_point_specificity": "specificity at the operating point",
    "operating_point_precision": "precision at the operating point",
    "operating_point_alert_rate": "share alerted at the operating point",
    "recall_at_spec80": "recall at specificity .80",
    "recall_at_spec90": "recall at specificity .90",
    "f1_macro": "macro F1",
    "f2": "F2",
    "auprc": "AUPRC",
    "auprc_above_chance": "AUPRC above chance",
    "partial_auc": "partial AUC",
}
_PARTS = {"final_": "test", "val_": "validation", "train_": "training"}


def plain_name(value: object, *, max_length: int = MAX_LENGTH) -> str:
    """A name as it can be drawn: without what steers a screen, and never read as a formula."""
    shown = printable(value)
    if len(shown) > max_length:
        shown = f"{shown[: max_length - 1]}…"
    return shown.replace("$", r"\$")


def wrapped_name(value: object) -> str:
    """A `plain_name` of up to three lines, for what is told apart by its end."""
    whole = plain_name(value, max_length=3 * LINE_LENGTH)
    return "\n".join(textwrap.wrap(whole, LINE_LENGTH, break_on_hyphens=False)[:3])


def metric_name(metric: str) -> str:
    """`metric_words` as they can be drawn."""
    return plain_name(metric_words(metric), max_length=60)


def metric_words(metric: str) -> str:
    """`final_recall_at_spec80`, or `test/recall_at_spec80`, in words: recall at specificity .80,
    test."""
    column = metric.replace("test/", "final_", 1).replace("/", "_")
    for prefix, part in _PARTS.items():
        if column.startswith(prefix):
            rest = column.removeprefix(prefix)
            return f"{_WORDS.get(rest, rest.replace('_', ' '))}, {part}"
    return column.replace("_", " ")
