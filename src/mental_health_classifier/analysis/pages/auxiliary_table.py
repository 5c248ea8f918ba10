"""What a run's answers to the tasks beside the main one are worth, as a table."""

from __future__ import annotations

from mental_health_classifier.console.tables import Column, TextTable
from mental_health_classifier.console.wording import amount, number
from mental_health_classifier.tracking.record.run_summary import RunSummary

SHOWN = {
    "categorical": {"f1_macro": "macro F1"},
    "binary": {"f1": "F1"},
    "ordinal": {
        "kappa": "quadratic kappa",
        "mae": "mean error in levels",
        "underestimated": "two levels or more too low",
    },
    "regression": {"r2": "R2", "mae": "mean error"},
    "multi_label": {"f1_macro": "macro F1"},
}
"""By kind of task, the numbers of `evaluate_auxiliary` that are shown."""


def table_of_auxiliary_tasks(run: RunSummary) -> TextTable | None:
    """One row a number, on the test part. None: the run has no such tasks, or did not answer
    them."""
    rows = [
        (task, key, label)
        for task, described in (run.data.get("auxiliary_tasks") or {}).items()
        if run.metrics.get(f"test/{task}/n")
        for key, label in SHOWN[described["labels"]["kind"]].items()
    ]
    if not rows:
        return None
    keys = [f"test/{task}/{key}" for task, key, _ in rows]
    return TextTable(
        [
            Column("also learned", [task for task, _, _ in rows]),
            Column("", [label for _, _, label in rows]),
            Column(
                "posts",
                [amount(run.metrics.get(f"test/{task}/n")) for task, _, _ in rows],
                is_number=True,
            ),
            Column(
                "test",
                [number(run.metrics.get(key), run.intervals.get(key)) for key in keys],
                is_number=True,
            ),
        ]
    )
