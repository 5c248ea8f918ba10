import math
from pathlib import Path

import numpy as np
import pytest
import safetensors.torch
import torch

import mental_health_classifier
from mental_health_classifier import ModelAnalyzer
from mental_health_classifier.contracts import InputError
from mental_health_classifier.storage.json_lines import read_records
from mental_health_classifier.tracking.run_index import find_runs, read_run
from mental_health_classifier.tracking.tracker import Tracker


@pytest.fixture
def tracker(tmp_path: Path) -> Tracker:
    return Tracker([tmp_path / "outputs", tmp_path / "multirun"])


def test_the_package_hands_out_a_tracker_of_the_usual_folders() -> None:
    assert mental_health_classifier.tracker.roots == [Path("outputs"), Path("multirun")]


def test_the_five_calls_of_the_guide_make_a_run_like_any_other(tracker: Tracker) -> None:
    exp_id = tracker.start_experiment(
        experiment_name="custom_test",
        description="Testing new architecture",
        config={"model": {"name": "mine", "width": 64}, "seed": 7},
        tags=["custom", "test"],
    )
    tracker.log_metrics(exp_id, {"accuracy": 0.85, "loss": np.float32(0.25)}, epoch=5)
    tracker.log_metrics(exp_id, {"loss": torch.tensor(0.5)})
    path = tracker.save_model(exp_id, torch.nn.Linear(2, 1), "checkpoint_epoch_10")
    assert find_runs(tracker.roots)[0].status == "running"
    tracker.finish_experiment(exp_id, final_metrics={"accuracy": 0.90}, notes="as hoped")
    (run,) = find_runs(tracker.roots)
    assert (run.id, run.status, run.seed, run.model) == (exp_id, "completed", 7, "mine")
    assert run.metrics == {"accuracy": 0.9} and run.end["notes"] == "as hoped"
    assert read_records(run.directory / "metrics.jsonl").records == [
        {"step": 0, "epoch": 5, "accuracy": 0.85, "loss": 0.25},
        {"step": 1, "epoch": 0, "loss": 0.5},
    ]
    artefacts = read_run(run.directory).end["artefacts"]
    assert path.relative_to(run.directory).as_posix() in artefacts
    assert safetensors.torch.load_file(path).keys() == {"weight", "bias"}
    table = ModelAnalyzer(tracker.roots).create_performance_comparison()
    row = table.loc[0]
    assert (row["experiment_name"], row["final_accuracy"]) == ("custom_test", 0.9)


def test_best_models_are_those_of_the_tracked_runs(tracker: Tracker) -> None:
    for width, accuracy in ((1, 0.7), (2, 0.8)):
        exp_id = tracker.start_experiment(f"width {width}", config={"width": width})
        metrics = {"val/accuracy": accuracy, "test/accuracy": accuracy - 0.1}
        tracker.finish_experiment(exp_id, final_metrics=metrics)
    best = tracker.get_best_models()
    assert best["highest_accuracy"]["name"] == "width 2"
    assert best["highest_accuracy"]["value"] == pytest.approx(0.7)
    assert "macro F1 was not measured on val" in best["best_f1_macro"]["reason"]


def test_several_experiments_can_be_open_at_once(tracker: Tracker) -> None:
    ids = [tracker.start_experiment("same name") for _ in range(3)]
    for place, exp_id in enumerate(reversed(ids)):
        tracker.finish_experiment(exp_id, final_metrics={"accuracy": place})
    assert {run.id for run in find_runs(tracker.roots)} == set(ids)


def test_a_block_that_raises_ends_its_experiment_as_failed(tracker: Tracker) -> None:
    with pytest.raises(ZeroDivisionError), tracker.experiment("fails", tags=["x"]):
        raise ZeroDivisionError
    with pytest.raises(KeyboardInterrupt), tracker.experiment("stopped"):
        raise KeyboardInterrupt
    with tracker.experiment("finished") as exp_id:
        tracker.finish_experiment(exp_id)
    with tracker.experiment("forgotten"):
        pass
    statuses = {run.name: run.status for run in find_runs(tracker.roots)}
    assert statuses == {
        "fails": "failed",
        "stopped": "interrupted",
        "finished": "completed",
        "forgotten": "failed",
    }


def test_what_is_wrong_with_a_call_is_said(tracker: Tracker) -> None:
    exp_id = tracker.start_experiment("a")
    with pytest.raises(InputError, match=f"No experiment 'nope' .* Open are: {exp_id}"):
        tracker.log_metrics("nope", {"x": 1})
    with pytest.raises(InputError, match="loss is nan; expected a finite number"):
        tracker.log_metrics(exp_id, {"loss": math.nan})
    with pytest.raises(InputError, match="loss is str; expected a finite number"):
        tracker.finish_experiment(exp_id, final_metrics={"loss": "low"})
    with pytest.raises(InputError, match="type object cannot be saved"):
        tracker.save_model(exp_id, object(), "x")
    with pytest.raises(InputError, match="no tensors to save"):
        tracker.save_model(exp_id, torch.nn.Identity(), "x")
    tracker.finish_experiment(exp_id)
    with pytest.raises(InputError, match="is finished"):
        tracker.finish_experiment(exp_id)
    with pytest.raises(InputError, match="is finished"):
        tracker.log_metrics(exp_id, {"x": 1})
    with pytest.raises(InputError, match="type Linear at network"):
        tracker.start_experiment("b", config={"network": torch.nn.Linear(1, 1)})
    with pytest.raises(InputError, match="expected a list of texts"):
        tracker.start_experiment("c", tags="custom")
    assert len(find_runs(tracker.roots)) == 1


def test_the_name_of_a_model_cannot_leave_its_run(tracker: Tracker) -> None:
    exp_id = tracker.start_experiment("../../a")
    path = tracker.save_model(exp_id, {"w": torch.ones(1)}, "../../../etc/x")
    (run,) = find_runs(tracker.roots)
    assert path.resolve().parent == (run.directory / "checkpoints").resolve()
    tracker.finish_experiment(exp_id)
