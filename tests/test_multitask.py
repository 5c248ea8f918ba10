"""The clinical variant multitask, from end to end."""

from __future__ import annotations

import signal
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hydra import compose, initialize_config_dir
from omegaconf import DictConfig
from resuming import SMALL, in_child, killed_before_step, outcome_of, resume, run

from mental_health_classifier.assessment.recorded_runs import evaluate_run
from mental_health_classifier.configuration.build import register_resolvers
from mental_health_classifier.contracts import InputError
from mental_health_classifier.prediction.predictor import Predictor
from mental_health_classifier.storage.json_lines import read_records
from mental_health_classifier.tracking.record.assessments import (
    auxiliary_tasks_of,
    stored_predictions,
)
from mental_health_classifier.tracking.record.prediction_files import (
    stored_auxiliary_predictions,
)
from mental_health_classifier.tracking.record.run_summary import RunSummary, read_run

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore:.*LeafSpec:FutureWarning")]

ROOT = Path(__file__).resolve().parent.parent
TASKS = ("risk", "severity", "urgency", "emotions")
VARIANT = ("clinical=multitask", "objective=multitask_uncertainty")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("multitask")


def configured(folder: Path, *overrides: str, small: Sequence[str] = SMALL) -> DictConfig:
    register_resolvers()
    with initialize_config_dir(str(ROOT / "conf"), version_base="1.3"):
        return compose("config", overrides=[f"cache_dir={folder / 'cache'}", *small, *overrides])


@pytest.fixture(scope="module")
def whole(folder: Path) -> RunSummary:
    assert in_child(lambda: run(configured(folder, *VARIANT), folder / "whole")) == 0
    return read_run(folder / "whole")


def tables_of(directory: Path) -> dict[str, bytes]:
    folder = directory / "predictions" / "tasks"
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*.csv")}


def test_every_task_leaves_its_predictions_and_its_numbers(whole: RunSummary) -> None:
    assert (whole.status, whole.run["variants"]) == ("completed", ["multitask"])
    assert set(tables_of(whole.directory)) == {
        f"{task}/{part}.csv" for task in TASKS for part in ("val", "calibration", "test")
    }
    assert "test/severity/kappa" in whole.metrics and "test/risk/f1" in whole.metrics
    numbers = {key: value for key, value in whole.metrics.items() if value is not None}
    for key in ("risk/accuracy", "severity/mae", "urgency/r2", "emotions/f1/joy"):
        low, high = whole.intervals[f"test/{key}"]
        assert low <= numbers[f"test/{key}"] <= high
    low, high = whole.intervals["test/severity/underestimated"]
    assert low <= numbers["test/severity/underestimated"] <= high
    assert 0 < numbers["test/severity/n"] < numbers["test/n"]


def test_the_losses_of_all_tasks_are_logged_unweighed(whole: RunSummary) -> None:
    records = read_records(whole.directory / "metrics.jsonl").records
    logged = [record for record in records if "train/loss/severity" in record]
    assert logged
    for task in ("condition", *TASKS):
        assert all(record[f"train/loss/{task}"] >= 0 for record in logged)


def test_evaluating_the_record_again_gives_its_numbers(whole: RunSummary) -> None:
    evaluation, _ = evaluate_run(whole)
    assert evaluation.metrics == whole.metrics
    assert {k: list(v) for k, v in evaluation.intervals.items()} == {
        key: list(interval) for key, interval in whole.intervals.items()
    }


def test_stored_answers_name_the_posts_of_the_main_table(whole: RunSummary) -> None:
    main = stored_predictions(whole, ["test"])["test"]
    answers = stored_auxiliary_predictions(whole.directory, auxiliary_tasks_of(whole), ["test"])
    assert [each.task.name for each in answers] == list(TASKS)
    for each in answers:
        assert list(each.post_ids) == list(main.post_ids)
        assert list(each.authors or []) == list(main.authors or [])
    risk = answers[0]
    assert (risk.labels == main.is_priority).all()


def test_the_trained_network_is_read_back_with_its_heads(whole: RunSummary) -> None:
    predictor = Predictor.load(whole, allow_uncertified=True)
    probabilities = predictor.predict_proba(
        ["i am really finished", "i am truly hopeful, rain again"]
    )
    assert probabilities.shape == (2, 6) and np.isfinite(probabilities).all()


@pytest.mark.parametrize("step", [9, 20])
def test_killed_in_mid_epoch_it_ends_the_same_bit_for_bit(
    tmp_path: Path, folder: Path, whole: RunSummary, step: int
) -> None:
    directory, config = tmp_path / "killed", configured(folder, *VARIANT)
    assert killed_before_step(step, lambda: run(config, directory)) == -signal.SIGKILL
    assert in_child(lambda: resume(directory)) == 0
    assert outcome_of(directory) == outcome_of(whole.directory)
    assert tables_of(directory) == tables_of(whole.directory)
    assert read_run(directory).metrics == whole.metrics


def test_a_corpus_that_declares_no_tasks_is_refused_before_training(
    tmp_path: Path, folder: Path
) -> None:
    posts = tmp_path / "posts.csv"
    rows = [f"post {i} about {i % 7},{'ok' if i % 2 else 'suicide'}" for i in range(300)]
    posts.write_text("\n".join(["text,label", *rows]) + "\n")
    small = [override for override in SMALL if not override.startswith("data.size")]
    overrides = ("clinical=multitask", "data=file", f"data.path={posts}")
    config = configured(folder, *overrides, small=small)
    with pytest.raises(InputError, match=r"declares none \(data\.auxiliary_tasks\)"):
        run(config, tmp_path / "run")
