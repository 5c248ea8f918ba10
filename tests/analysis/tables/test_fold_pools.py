"""Folds of a configuration pooled, from records that are written as a run would."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from table_widths import assert_no_number_is_cut
from typer.testing import CliRunner
from written_runs import write_run

from mental_health_classifier.analysis.report.contents import gather_report
from mental_health_classifier.analysis.tables.fold_pools import fold_pools, fold_section
from mental_health_classifier.cli.app import app
from mental_health_classifier.contracts import Predictions, Task
from mental_health_classifier.tracking.record.prediction_files import write_predictions
from mental_health_classifier.tracking.record.run_summary import read_run
from mental_health_classifier.tracking.run_index import find_runs

CLASSES = ("other", "suicide")
TASK = Task.categorical("condition", CLASSES, "suicide")


def write_fold(
    directory: Path,
    fold: int,
    *,
    seed: int = 1,
    num_folds: int = 2,
    wrong: int = 0,
    yardstick_wrong: int | None = None,
    width: int = 64,
    split_seed: int = 1,
) -> Path:
    """Writes a run on a fold of 20 posts, 4 of which are of the class; `wrong` others are taken for
    it."""
    yardstick = {
        "name": "tfidf_logistic",
        **{"metrics": {"val/operating_point/threshold": 0.5}, "intervals": {}},
        **{"differences": {}, "difference_intervals": {}},
    }
    write_run(
        directory,
        classes=CLASSES,
        run={
            "seed": seed,
            "overrides": ["model=baseline_small", f"data.fold={fold}", f"seed={seed}"],
            "config": {
                "seed": seed,
                "model": {"name": "baseline_small", "width": width},
                "data": {"split_seed": split_seed, "fold": fold, "num_folds": num_folds},
            },
        },
        end={"yardstick": None if yardstick_wrong is None else yardstick},
    )
    for folder, mistakes in (("predictions", wrong), ("predictions/yardstick", yardstick_wrong)):
        if mistakes is not None:
            scores = np.repeat([0.9, 0.1], [4 + mistakes, 16 - mistakes])
            predictions = Predictions(
                part="test",
                task=TASK,
                post_ids=[f"post{fold}-{number}" for number in range(20)],
                authors=[f"author{fold}-{number // 2}" for number in range(20)],
                labels=np.repeat([1, 0], [4, 16]),
                probabilities=np.stack([1 - scores, scores], axis=1),
            )
            write_predictions(predictions, directory / folder / "test.csv")
    return directory


def test_no_number_of_folds_is_cut(tmp_path, monkeypatch):
    write_fold(tmp_path / "a1", 1, wrong=2, yardstick_wrong=4)
    write_fold(tmp_path / "a2", 2, wrong=0, yardstick_wrong=4)
    assert_no_number_is_cut(["folds", str(tmp_path)], monkeypatch)


def test_folds_of_each_configuration_are_pooled_and_measured_beside_the_yardstick(tmp_path):
    write_fold(tmp_path / "a1", 1, wrong=2, yardstick_wrong=4)
    write_fold(tmp_path / "a2", 2, wrong=0, yardstick_wrong=4)
    write_fold(tmp_path / "b1", 1, width=128)
    write_fold(tmp_path / "b2", 2, width=128)
    write_run(tmp_path / "no_fold")
    first, second = fold_pools(find_runs([tmp_path]))
    assert (first["n"], first["authors"], first["num_folds"], first["seeds"]) == (40, 20, 2, [1])
    accuracy = first["numbers"]["accuracy"]
    assert accuracy["value"] == pytest.approx(38 / 40)
    assert (accuracy["lowest"], accuracy["highest"]) == pytest.approx((0.9, 1.0))
    assert accuracy["difference"] == pytest.approx(38 / 40 - 32 / 40)
    # .25 is the threshold of the run that is written, and the yardstick's .5 parts the same posts.
    specificity = first["numbers"]["operating_point/specificity"]
    assert specificity["value"] == pytest.approx(30 / 32)
    assert specificity["difference"] == pytest.approx(30 / 32 - 24 / 32)
    assert second["numbers"]["accuracy"]["value"] == 1
    assert second["numbers"]["accuracy"]["difference"] is None


def test_seeds_are_averaged_once_all_of_their_folds_are_there(tmp_path):
    for seed, wrong in ((1, 0), (2, 2)):
        for fold in (1, 2):
            write_fold(tmp_path / f"{seed}-{fold}", fold, seed=seed, wrong=wrong)
    write_fold(tmp_path / "3-2", 2, seed=3)
    (entry,) = fold_pools(find_runs([tmp_path]))
    assert (entry["seeds"], entry["missing"]) == ([1, 2], {"3": [1]})
    assert entry["numbers"]["accuracy"]["value"] == pytest.approx((1 + 36 / 40) / 2)


def test_other_numbers_of_folds_are_another_cross_validation(tmp_path):
    write_fold(tmp_path / "a", 1)
    write_fold(tmp_path / "b", 2, num_folds=3)
    first, second = fold_pools(find_runs([tmp_path]))
    assert first["missing"] == {"1": [2]} and second["missing"] == {"1": [1, 3]}
    assert first["n"] is None and first["numbers"] == {}


def test_cross_validations_that_differ_in_their_split_or_model_are_told_apart(tmp_path):
    for place, changes in enumerate(({}, {"split_seed": 2}, {"width": 128})):
        for fold in (1, 2):
            write_fold(tmp_path / f"{place}-{fold}", fold, **changes)
    headings = [fold_section(entry).sentences[0] for entry in fold_pools(find_runs([tmp_path]))]
    assert len(set(headings)) == 3
    assert sum("split seed 2" in heading for heading in headings) == 1


def test_pages_call_a_fold_a_fold(tmp_path):
    for fold in (1, 2):
        write_fold(tmp_path / f"{fold}", fold)
    for command in ("compare", "best"):
        said = CliRunner().invoke(app, [command, str(tmp_path)]).output
        assert "posts, fold 1 of 2" in said and "posts, fold 2 of 2" in said
    report = gather_report(find_runs([tmp_path]))
    assert {group.title for group in report.groups} == {
        f"posts, fold {fold} of 2 (split seed 1)" for fold in (1, 2)
    }
    (pooled,) = report.folds
    assert "40 posts" in pooled.sentences[0] and pooled.rows


def test_runs_of_different_folds_are_not_of_the_same_parts(tmp_path):
    prints = {read_run(write_fold(tmp_path / f"{fold}", fold)).parts_fingerprint for fold in (1, 2)}
    prints.add(read_run(write_fold(tmp_path / "3", 1, num_folds=3)).parts_fingerprint)
    assert len(prints) == 3


def test_the_command_prints_a_table_and_what_is_missing(tmp_path):
    for fold in (1, 2):
        write_fold(tmp_path / f"{fold}", fold, wrong=2, yardstick_wrong=4)
    write_fold(tmp_path / "seed2", 1, seed=2)
    result = CliRunner().invoke(app, ["folds", str(tmp_path)])
    assert result.exit_code == 0
    assert (
        "baseline on posts, 2 folds of split seed 1: 40 posts (20 authors), seed 1."
        in result.output
    )
    assert "minus yardstick" in result.output
    said = " ".join(result.output.split())
    assert "Seed 2 has no completed run on fold 2, of 2 folds, and is left out" in said
    assert "python train.py model=baseline_small seed=2 data.fold=2" in said
    (entry,) = json.loads(CliRunner().invoke(app, ["folds", str(tmp_path), "--json"]).stdout)
    assert entry["numbers"]["recall/suicide"]["value"] == 1


def test_without_folds_the_command_says_how_to_make_some(tmp_path):
    write_run(tmp_path / "a")
    result = CliRunner().invoke(app, ["folds", str(tmp_path)])
    assert result.exit_code == 1
    assert "sweep=folds" in result.output
