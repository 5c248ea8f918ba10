"""Metrics in words, as pages and figures call them."""

from __future__ import annotations

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


def metric_words(metric: str) -> str:
    """`final_recall_at_spec80`, or `test/recall_at_spec80`, in words: recall at specificity .80,
    test."""
    column = metric.replace("test/", "final_", 1).replace("/", "_")
    for prefix, part in _PARTS.items():
        if column.startswith(prefix):
            return f"{measure_words(column.removeprefix(prefix))}, {part}"
    return column.replace("_", " ")


def measure_words(name: str) -> str:
    """`recall_at_spec80`, of no part in particular, in words: recall at specificity .80."""
    return _WORDS.get(name, name.replace("_", " "))
