"""What a run's model does on test posts."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import cast

from written_runs import write_run, yardstick_of

from mental_health_classifier.analysis.sections.performance import (
    AUXILIARY,
    auxiliary_tasks,
    evaluation,
    performance,
)
from mental_health_classifier.analysis.sections.pieces import DASH, Measure, plain
from mental_health_classifier.contracts.task_kinds import KINDS
from mental_health_classifier.tracking.record.run_summary import RunSummary
from mental_health_classifier.tracking.run_index import read_run


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
    section = auxiliary_tasks(run_of())
    assert section is not None
    assert [[plain(cell) for cell in row] for row in section.rows] == [
        ["severity", "quadratic kappa", "84", ".500 [.30, .62]"],
        ["severity", "mean error in levels", "84", ".700"],
        ["severity", "two levels or more too low", "84", DASH],
    ]


def test_a_run_of_one_task_has_no_such_table() -> None:
    assert auxiliary_tasks(run_of(data={})) is None


def test_every_kind_of_task_has_numbers_to_show() -> None:
    assert set(AUXILIARY) == set(KINDS) and all(AUXILIARY.values())


def test_a_yardstick_that_val_chose_is_named_with_what_it_was_chosen_among(tmp_path) -> None:
    yardstick = {
        **yardstick_of({"test/accuracy": (0.1, 0.0, 0.2)}),
        **{"name": "mean_of_yardsticks", "chosen_by": "val/partial_auc"},
        "chosen_among": {"tfidf_logistic": 0.5, "words": None, "mean_of_yardsticks": 0.625},
    }
    section = performance(read_run(write_run(tmp_path / "run", end={"yardstick": yardstick})))
    assert (
        "yardstick mean_of_yardsticks, chosen by val/partial_auc among tfidf_logistic (.500), "
        "words (-) and mean_of_yardsticks (.625), on the same posts."
    ) in section.caption
    assert section.header[2:] == ["yardstick", "difference"]


def test_a_precision_of_which_nothing_is_known_is_no_number(tmp_path) -> None:
    key = "test/operating_point/precision_at_prevalence/"
    known = {f"{key}0.001": (0.2, [0.0, 1.0]), f"{key}0.01": (0.5, [0.1, 1.0])}
    run = read_run(write_run(tmp_path / "run"))
    metrics = {name: value for name, (value, _) in known.items()}
    intervals = {name: ends for name, (_, ends) in known.items()}
    run = replace(run, end={**run.end, "metrics": metrics, "intervals": intervals})
    assert "not known at 0.1 %, .5 [.1, 1] at 1 %." in performance(run).notes[0]
    assert evaluation(metrics, intervals).rows[0][1] == Measure(None, decimals=None)


def test_numbers_of_the_threshold_are_told_from_those_of_the_most_probable_class() -> None:
    metrics = {"val/operating_point/alert_rate": 0.3, "val/alert_rate": 0.2, "test/alert_rate": 0.1}
    threshold, most_probable, chosen = evaluation(metrics, {}).notes
    assert "threshold" in threshold and "most probable class" in most_probable
    assert "val also chose" in chosen
    assert len(evaluation({"external/accuracy": 0.5}, {}).notes) == 1
