import numpy as np
import pytest
from written_runs import write_failed_run, write_run

from mental_health_classifier.analysis.model_analyzer import ModelAnalyzer
from mental_health_classifier.analysis.tables.run_table import run_table
from mental_health_classifier.analysis.tables.seed_groups import (
    compared_columns,
    group_table,
    is_share,
)
from mental_health_classifier.tracking.run_index import read_run


def write_seeds(folder, recalls, *, configuration="a" * 16, **changes):
    for seed, recall in enumerate(recalls, start=1):
        run = {"seed": seed, "configuration_hash": configuration}
        write_run(folder / str(seed), recall=recall, run=run, **changes)


def test_seeds_of_one_configuration_are_one_row_with_mean_spread_interval_and_worst(tmp_path):
    write_seeds(tmp_path, (0.7, 0.8, 0.9))
    (row,) = ModelAnalyzer([tmp_path]).groups().to_dict("records")
    assert (row["num_seeds"], row["seeds"]) == (3, "1, 2, 3")
    assert row["final_recall_at_spec80_mean"] == pytest.approx(0.8)
    assert row["final_recall_at_spec80_spread"] == pytest.approx(0.1)
    assert row["final_recall_at_spec80_worst"] == 0.7
    # The 97.5 % point of Student's t with two degrees of freedom is 4.302653 in any table.
    # Over authors these runs have .04 below and .03 above; a share is at most 1.
    half = 4.302653 * 0.1 / 3**0.5
    low = 0.8 - (half**2 + 0.04**2) ** 0.5
    assert row["final_recall_at_spec80_low"] == pytest.approx(low, abs=1e-6)
    assert row["final_recall_at_spec80_high"] == 1
    assert row["val_accuracy_mean"] == pytest.approx(0.75)
    assert (row["width"], row["parameters_millions"]) == (256, 2.4)
    assert row["duration_seconds"] == pytest.approx(125.4)


def test_one_seed_has_no_spread_and_the_interval_over_authors(tmp_path):
    write_run(tmp_path / "a")
    (row,) = ModelAnalyzer([tmp_path]).groups().to_dict("records")
    assert row["final_accuracy_mean"] == row["final_accuracy_worst"] == pytest.approx(0.75)
    assert np.isnan(row["final_accuracy_spread"])
    assert (row["final_accuracy_low"], row["final_accuracy_high"]) == pytest.approx((0.71, 0.78))


def test_seeds_of_the_same_numbers_throughout_are_one_model(tmp_path):
    write_seeds(tmp_path, (0.8, 0.8, 0.8, 0.8))
    (row,) = ModelAnalyzer([tmp_path]).groups().to_dict("records")
    assert (row["num_seeds"], row["num_models"]) == (4, 1)
    assert np.isnan(row["final_accuracy_spread"])
    assert (row["final_accuracy_low"], row["final_accuracy_high"]) == pytest.approx((0.71, 0.78))


def test_other_configurations_are_other_rows_best_first_and_other_posts_apart(tmp_path):
    write_seeds(tmp_path / "low", (0.6, 0.7))
    write_seeds(tmp_path / "high", (0.8, 0.9), configuration="b" * 16)
    write_seeds(tmp_path / "elsewhere", (0.7, 0.8), data={"fingerprint": "f2"})
    write_failed_run(tmp_path / "failed", run={"seed": 3})
    groups = ModelAnalyzer([tmp_path]).groups()
    assert groups["final_recall_at_spec80_mean"].tolist() == pytest.approx([0.75, 0.85, 0.65])
    assert groups["num_seeds"].tolist() == [2, 2, 2]
    assert groups["data_fingerprint"].tolist() == ["f2", "f1", "f1"]


def test_of_a_seed_that_ran_twice_the_latest_run_counts(tmp_path):
    days = [{"created_at": f"2026-01-0{day}T00:00:00.000000+00:00"} for day in (2, 1)]
    write_run(tmp_path / "latest", recall=0.9, run=days[0])
    write_run(tmp_path / "first", recall=0.5, run=days[1])
    (row,) = ModelAnalyzer([tmp_path]).groups().to_dict("records")
    assert (row["num_seeds"], row["final_recall_at_spec80_mean"]) == (1, 0.9)


def test_runs_without_a_configuration_stand_for_themselves(tmp_path):
    for name in "ab":
        write_run(tmp_path / name, run={"configuration_hash": None, "seed": None})
    assert ModelAnalyzer([tmp_path]).groups()["num_seeds"].tolist() == [1, 1]


def test_a_number_that_one_seed_lacks_is_taken_of_the_others(tmp_path):
    write_run(tmp_path / "a", recall=0.8)
    lacking = {"metrics": {"test/accuracy": 0.5, "test/recall_at_spec80": None}, "intervals": {}}
    write_run(tmp_path / "b", run={"seed": 2}, end=lacking)
    (row,) = ModelAnalyzer([tmp_path]).groups().to_dict("records")
    assert (row["num_seeds"], row["final_recall_at_spec80_mean"]) == (2, 0.8)
    assert np.isnan(row["final_recall_at_spec80_spread"])


def test_no_completed_runs_make_an_empty_table_with_its_columns(tmp_path):
    assert "final_accuracy_mean" in ModelAnalyzer([tmp_path]).groups()
    write_failed_run(tmp_path / "failed")
    groups = ModelAnalyzer([tmp_path]).groups()
    assert groups.empty and "final_recall_at_spec80_mean" in groups


def test_counts_and_ends_of_intervals_are_no_numbers_to_compare_by(tmp_path):
    run = write_run(tmp_path / "a", classes=("suicide", "low"))
    columns = compared_columns(run_table([read_run(run)]))
    assert "final_accuracy" in columns and "final_recall_low" in columns
    assert not {"final_accuracy_low", "final_n", "final_support_low", "seed"} & set(columns)


def test_types_of_columns_are_those_of_the_runs(tmp_path):
    write_seeds(tmp_path, (0.7, 0.8))
    kinds = {name: str(kind) for name, kind in ModelAnalyzer([tmp_path]).groups().dtypes.items()}
    assert kinds["num_seeds"] == kinds["width"] == "Int64"
    assert kinds["model"] == kinds["seeds"] == "str"
    assert kinds["final_accuracy_mean"] == kinds["duration_seconds"] == "float64"
    assert "object" not in kinds.values()
    assert group_table(run_table([])).dtypes["num_seeds"] == "Int64"


def test_only_shares_are_kept_between_nothing_and_all():
    others = ("final_severity_mae", "final_urgency_r2", "val_severity_kappa", "val_loss")
    others += ("final_operating_point_temperature", "yardstick_difference_final_accuracy")
    assert [name for name in (*others, "final_accuracy", "val_auprc") if is_share(name)] == [
        "final_accuracy",
        "val_auprc",
    ]
