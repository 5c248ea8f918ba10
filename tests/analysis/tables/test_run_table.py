import json
import math
import re

import pandas as pd
import pytest
from written_runs import write_failed_run, write_run, yardstick_of

from mental_health_classifier.analysis.tables.number_columns import column_of
from mental_health_classifier.analysis.tables.run_table import (
    headline_column,
    newest_first,
    ranked,
    records_of,
    run_table,
    write_csv,
)
from mental_health_classifier.contracts import InputError
from mental_health_classifier.tracking.record.assessments import write_assessment
from mental_health_classifier.tracking.run_index import read_run


def table_of_runs(*directories):
    return run_table([read_run(directory) for directory in directories])


def test_a_run_is_a_row_with_the_columns_of_the_guide(tmp_path):
    table = table_of_runs(
        write_run(tmp_path / "run", run={"variants": ["a", "b"], "tags": ["t", "u"]})
    )
    row = table.iloc[0]
    assert row["experiment_name"] == "baseline"
    assert row["status"] == "completed"
    assert row["model"] == "baseline_small"
    assert row["variants"] == "a+b"
    assert row["tags"] == "t, u"
    assert row["seed"] == 1
    assert row["parameters_millions"] == 2.4
    assert row["final_accuracy"] == pytest.approx(0.75)
    assert row["final_f1_macro"] == pytest.approx(0.7)
    assert row["final_recall_suicide"] == pytest.approx(0.65)
    assert row["final_recall_at_spec80"] == 0.8
    assert row["final_recall_at_spec80_low"] == pytest.approx(0.76)
    assert row["final_recall_at_spec80_high"] == pytest.approx(0.83)
    assert row["val_recall_at_spec80"] == 0.8
    assert row["final_operating_point_alert_rate"] == 0.38
    assert row["duration_seconds"] == 125.4
    assert row["commit"] == "a1b2c3d4" * 5
    assert not row["is_dirty"]
    assert row["directory"] == str(tmp_path / "run")


def test_columns_have_types(tmp_path):
    table = table_of_runs(write_run(tmp_path / "a"), write_failed_run(tmp_path / "b"))
    kinds = {name: str(kind) for name, kind in table.dtypes.items()}
    assert kinds["final_accuracy"] == kinds["val_f2_low"] == "float64"
    assert kinds["seed"] == kinds["final_n"] == kinds["final_support_suicide"] == "Int64"
    assert kinds["is_dirty"] == kinds["is_yardstick"] == "boolean"
    assert kinds["experiment_name"] == kinds["commit"] == "str"
    assert kinds["created_at"].startswith("datetime64") and kinds["created_at"].endswith("UTC]")
    assert "object" not in kinds.values()


def test_the_first_columns_are_always_there_with_the_priority_class_first(tmp_path):
    table = table_of_runs(write_run(tmp_path / "run"))
    columns = list(table.columns)
    assert columns[:4] == ["configuration", "experiment_name", "run_id", "status"]
    first = columns.index("final_recall_suicide")
    assert columns[first : first + 4] == [
        *("final_recall_suicide", "final_recall_anxiety", "final_recall_control"),
        "final_recall_at_spec80",
    ]
    nothing = run_table([])
    assert nothing.empty
    assert nothing["final_accuracy"].dtype == "float64"
    assert list(nothing[nothing["final_accuracy"] > 0.85].columns) == list(nothing.columns)


def test_what_was_not_measured_is_missing_and_not_zero(tmp_path):
    run = write_run(
        tmp_path / "a", end={"metrics": {"test/precision/suicide": None}, "intervals": {}}
    )
    table = table_of_runs(run, write_failed_run(tmp_path / "b"))
    assert table["final_precision_suicide"].isna().all()
    assert table["final_accuracy"].isna().all()
    assert table["final_accuracy"].dtype == "float64"


def test_runs_without_a_record_of_their_end_or_with_a_damaged_one_have_their_row(tmp_path):
    killed = write_run(tmp_path / "killed", left_out=("end.json", "data.json"))
    damaged = write_run(tmp_path / "damaged")
    (damaged / "run.json").write_text("{", encoding="utf-8")
    failed = write_failed_run(tmp_path / "failed")
    table = table_of_runs(killed, damaged, failed)
    assert table["status"].tolist() == ["killed", "damaged", "failed"]
    assert table["experiment_name"].isna().tolist() == [False, True, False]
    assert "run.json is damaged" in table["problem"][1]
    assert table["problem"][2] == "InputError: data.path=x is gone"


def test_numbers_of_the_wrong_kind_are_missing(tmp_path):
    metrics = {"test/accuracy": "high", "test/f1_macro": True}
    run = write_run(tmp_path / "a", end={"metrics": metrics, "intervals": {"test/accuracy": 3}})
    assert table_of_runs(run)["final_accuracy"].isna().all()


@pytest.mark.parametrize(
    "end",
    [
        {"metrics": {"test/accuracy": "high", "test/f1_macro": 0.5}},
        {"intervals": {"test/accuracy": [0.1, "x"]}},
        {"intervals": {"test/accuracy": [0.1, 0.2, 0.3]}},
    ],
)
def test_a_run_with_a_wrong_number_is_damaged_and_leaves_the_others(tmp_path, end):
    wrong, right = write_run(tmp_path / "a", end=end), write_run(tmp_path / "b", recall=0.8)
    table = table_of_runs(wrong, right)
    assert table["status"].tolist() == ["damaged", "completed"]
    assert re.search(r"test/accuracy(\.1)? is missing or of the wrong kind", table["problem"][0])
    assert table["final_accuracy"].fillna(-1).tolist() == [-1, 0.75]
    assert table["experiment_name"].tolist() == ["baseline", "baseline"]


def test_runs_that_measured_other_things_share_one_table(tmp_path):
    one = write_run(tmp_path / "a", end={"metrics": {"test/accuracy": 0.5}, "intervals": {}})
    other = write_run(tmp_path / "b", end={"metrics": {"test/f2": 0.25}, "intervals": {}})
    table = table_of_runs(one, write_failed_run(tmp_path / "c"), other, one)
    assert table["final_accuracy"].fillna(-1).tolist() == [0.5, -1, -1, 0.5]
    assert table["final_f2"].fillna(-1).tolist() == [-1, -1, 0.25, -1]
    assert "final_f2_low" not in table


def test_the_yardstick_and_ceilings_stand_beside_the_numbers(tmp_path):
    yardstick = yardstick_of({"test/accuracy": (0.05, 0.01, 0.09)})
    run = write_run(
        tmp_path / "run",
        end={"yardstick": yardstick},
        data={"ceilings": {"sequence": 0.85, "bag_of_words": 0.78}},
    )
    row = table_of_runs(run).iloc[0]
    assert row["yardstick_name"] == "tfidf_logistic"
    assert row["yardstick_final_accuracy"] == 0.7
    assert row["yardstick_difference_final_accuracy"] == 0.05
    assert row["yardstick_difference_final_accuracy_low"] == 0.01
    assert row["yardstick_difference_final_accuracy_high"] == 0.09
    assert (row["ceiling_sequence"], row["ceiling_bag_of_words"]) == (0.85, 0.78)


def test_rows_of_the_yardstick_are_marked(tmp_path):
    table = table_of_runs(
        write_run(tmp_path / "a"), write_run(tmp_path / "b", run={"model": "tfidf_logistic"})
    )
    assert table["is_yardstick"].tolist() == [False, True]


def test_runs_on_other_posts_or_parts_have_another_fingerprint(tmp_path):
    runs = [
        write_run(tmp_path / "a"),
        write_run(tmp_path / "b", run={"seed": 2}),
        write_run(tmp_path / "c", data={"fingerprint": "f2"}),
        write_run(tmp_path / "d", run={"config": {"data": {"split_seed": 2}}}),
    ]
    prints = table_of_runs(*runs)["parts_fingerprint"].tolist()
    assert prints[0] == prints[1]
    assert len(set(prints)) == 3


def test_a_class_cannot_pose_as_another_metric():
    keys = ("test/f1_macro", "test/f1/macro", "test/f1/suicide")
    assert [column_of(key, keys) for key in keys] == [
        *("final_f1_macro", "final_f1_class_macro", "final_f1_suicide")
    ]
    assert column_of("val/accuracy", keys) == "val_accuracy"
    assert column_of("accuracy", keys) == "final_accuracy"


def test_the_headline_is_macro_f1_without_a_priority_class(tmp_path):
    with_class = write_run(tmp_path / "a")
    without = write_run(tmp_path / "b", priority_class=None)
    assert headline_column(table_of_runs(without)) == "final_f1_macro"
    assert headline_column(table_of_runs(without, with_class)) == "final_recall_at_spec80"
    assert headline_column(run_table([])) == "final_f1_macro"


def test_completed_runs_come_best_first_and_the_others_last(tmp_path):
    low, high = write_run(tmp_path / "low", recall=0.7), write_run(tmp_path / "high", recall=0.9)
    without = write_run(tmp_path / "without", priority_class=None)
    failed = write_failed_run(tmp_path / "failed")
    table = table_of_runs(failed, low, without, high)
    names = [
        path.rpartition("/")[2] for path in ranked(table, by="final_recall_at_spec80")["directory"]
    ]
    assert names == ["high", "low", "without", "failed"]
    ascending = ranked(table, by="final_recall_at_spec80", ascending=True)["directory"]
    assert [path.rpartition("/")[2] for path in ascending] == ["low", "high", "without", "failed"]


def test_the_newest_runs_come_first_and_those_without_a_date_last(tmp_path):
    days = [{"created_at": f"2026-01-0{day}T00:00:00.000000+00:00"} for day in (1, 3, 2)]
    runs = [write_run(tmp_path / str(place), run=day) for place, day in enumerate(days)]
    damaged = write_run(tmp_path / "x")
    (damaged / "run.json").write_text("{", encoding="utf-8")
    table = newest_first(table_of_runs(damaged, *runs))
    assert [path.rpartition("/")[2] for path in table["directory"]] == ["1", "2", "0", "x"]
    assert newest_first(run_table([])).empty


def test_records_are_strict_json(tmp_path):
    table = table_of_runs(write_run(tmp_path / "a"), write_failed_run(tmp_path / "b"))
    records = json.loads(json.dumps(records_of(table), allow_nan=False))
    assert records[0]["final_accuracy"] == pytest.approx(0.75)
    assert records[0]["seed"] == 1 and records[0]["is_dirty"] is False
    assert records[0]["created_at"].startswith("2026-11-23T15:")
    assert records[1]["final_accuracy"] is None and records[1]["final_n"] is None


def test_a_table_is_written_once_and_never_over_another_file(tmp_path):
    table = table_of_runs(write_run(tmp_path / "a"))
    path = tmp_path / "runs.csv"
    write_csv(table, str(path))
    assert pd.read_csv(path)["final_recall_at_spec80"].tolist() == [0.8]
    with pytest.raises(InputError, match="not replaced"):
        write_csv(table, str(path))
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match=r"--csv=.*: expected a file in a folder that exists"):
        write_csv(table, str(tmp_path / "file" / "runs.csv"))


def test_what_explanations_are_worth_is_a_column_where_it_was_measured(tmp_path):
    measured, other = write_run(tmp_path / "a"), write_run(tmp_path / "b")
    write_assessment(
        measured,
        "explain",
        {
            "interpretability_score": 0.7,
            "stability": 0.5,
            "plausibility": None,
            "n": 100,
            "intervals": {"interpretability_score": [0.6, 0.8]},
        },
    )
    table = table_of_runs(measured, other)
    assert table["interpretability_score"].tolist() == pytest.approx([0.7, math.nan], nan_ok=True)
    assert table["interpretability_score_low"][0] == 0.6
    assert table["interpretability_stability"][0] == 0.5
    assert table["interpretability_plausibility"].isna().all()
