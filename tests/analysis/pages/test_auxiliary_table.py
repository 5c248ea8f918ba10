"""Numbers of further tasks on the page of a run."""

from __future__ import annotations

from types import SimpleNamespace
from typing import cast

from rich.console import Console

from mental_health_classifier.analysis.pages.auxiliary_table import SHOWN, table_of_auxiliary_tasks
from mental_health_classifier.contracts.task_kinds import KINDS
from mental_health_classifier.tracking.record.run_summary import RunSummary


def run_of(**changes) -> RunSummary:
    tasks = {"severity": {"labels": {"kind": "ordinal"}}, "risk": {"labels": {"kind": "binary"}}}
    metrics = {"test/severity/n": 84, "test/severity/kappa": 0.5, "test/severity/mae": 0.7}
    facts = {
        "data": {"auxiliary_tasks": tasks},
        "metrics": metrics,
        "intervals": {"test/severity/kappa": [0.3, 0.625]},
    }
    return cast(RunSummary, SimpleNamespace(**{**facts, **changes}))


def test_each_number_stands_with_its_interval_and_posts_and_tasks_without_labels_are_left_out():
    table = table_of_auxiliary_tasks(run_of())
    assert table is not None
    console = Console(width=100)
    with console.capture() as capture:
        console.print(table)
    lines = [line.split() for line in capture.get().splitlines()]
    assert ["severity", "quadratic", "kappa", "84", ".500", "[.30,", ".62]"] in lines
    assert ["severity", "mean", "error", "in", "levels", "84", ".700"] in lines
    assert ["severity", "two", "levels", "or", "more", "too", "low", "84", "-"] in lines
    assert not any("risk" in line for line in lines)


def test_a_run_of_one_task_has_no_such_table() -> None:
    assert table_of_auxiliary_tasks(run_of(data={})) is None


def test_every_kind_of_task_has_numbers_to_show() -> None:
    assert set(SHOWN) == set(KINDS) and all(SHOWN.values())
