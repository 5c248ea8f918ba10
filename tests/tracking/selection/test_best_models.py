from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from written_runs import CLASSES, write_failed_run, write_run, yardstick_of

from mental_health_classifier.contracts import Predictions, Task
from mental_health_classifier.evaluation.evaluate import evaluate
from mental_health_classifier.tracking.record.prediction_files import write_predictions
from mental_health_classifier.tracking.run_index import find_runs
from mental_health_classifier.tracking.selection.best_models import best_by_corpus, best_models

TASK = Task.categorical("condition", CLASSES, "suicide")
KEYS = ["highest_accuracy", "best_f1_macro", "best_suicide_recall", "most_stable"]


def write_configuration(root: Path, name: str, recalls: Mapping[int, float]) -> None:
    """A run for each seed; the configuration is named by its hash."""
    for seed, recall in recalls.items():
        about = {"configuration_hash": name, "seed": seed, "name": name}
        write_run(root / f"{name}-{seed}", recall=recall, run=about)


def write_predicting_run(directory: Path, name: str, probabilities: Any) -> None:
    """A run whose numbers are those of probabilities, shape `(n, 3)`, on val and test."""
    n = len(probabilities)
    parts = {
        part: Predictions(
            part=part,
            task=TASK,
            post_ids=[f"{part}{row}" for row in range(n)],
            authors=None,
            labels=np.arange(n) % 3,
            probabilities=probabilities.round(6),
        )
        for part in ("val", "test")
    }
    evaluation = evaluate(parts, specificity_floor=0.8, bootstrap_draws=500)
    end = {"metrics": dict(evaluation.metrics), "intervals": dict(evaluation.intervals)}
    write_run(directory, run={"configuration_hash": name, "name": name}, end=end)
    write_predictions(parts["test"], directory / "predictions" / "test.csv")


def best(root: Path) -> dict[str, dict[str, Any]]:
    found = best_models(find_runs([root]))
    assert list(found) == KEYS
    return found


def probabilities_towards(column: int, strength: float, n: int = 300) -> np.ndarray:
    logits = np.random.default_rng(0).normal(size=(n, 3))
    logits[:, column] += strength
    return np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)


def informed_probabilities(strength: float, n: int = 300) -> np.ndarray:
    logits = np.random.default_rng(1).normal(size=(n, 3))
    logits[np.arange(n), np.arange(n) % 3] += strength
    return np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)


def test_without_runs_nobody_wins_and_it_says_so(tmp_path: Path) -> None:
    for entry in best(tmp_path).values():
        assert entry["run"] is None and entry["reason"] == "No run that judges posts has completed."


def test_the_better_mean_on_val_wins_and_test_is_reported(tmp_path: Path) -> None:
    write_configuration(tmp_path, "steady", {1: 0.70, 2: 0.72})
    # Higher once, lower on average; its test numbers, higher still, must not matter.
    write_configuration(tmp_path, "lucky", {1: 0.80, 2: 0.50})
    entry = best(tmp_path)["best_suicide_recall"]
    assert entry["configuration"] == "steady" and entry["metric"] == "test/recall_at_spec80"
    # The mean of both seeds; Student's 12.706 * .01414 / sqrt 2 = .127 over them, and .04 below and
    # .03 above over authors, added as squares.
    assert entry["value"] == pytest.approx(0.71)
    assert entry["interval"] == pytest.approx([0.5768, 0.8405], abs=1e-4)
    assert entry["run_value"] == 0.72 and entry["run_interval"] == pytest.approx([0.68, 0.75])
    assert entry["n"] == 100 and entry["val"] == pytest.approx(0.71)
    assert entry["seeds"] == {"1": 0.70, "2": 0.72} and entry["warnings"] == []
    assert entry["reason"].endswith("over its seeds, of 2 configurations that qualify.")


def test_trials_of_a_search_do_not_compete_but_were_looked_at(tmp_path: Path) -> None:
    write_configuration(tmp_path, "fresh", {1: 0.8})
    for number in range(3):
        about = {"configuration_hash": f"try{number}", "seed": 1, "trial": number}
        write_run(tmp_path / f"trial-{number}", recall=0.95, run=about)
    found = best(tmp_path)["best_suicide_recall"]
    assert (found["name"], found["looked_at"]) == ("fresh", 4)


def test_a_winner_without_rivals_is_the_only_one(tmp_path: Path) -> None:
    write_configuration(tmp_path, "steady", {1: 0.70, 2: 0.72})
    entry = best(tmp_path)["best_suicide_recall"]
    assert entry["reason"] == "It is the only configuration that qualifies."


def test_runs_with_another_priority_class_are_left_out(tmp_path: Path) -> None:
    write_configuration(tmp_path, "suicide", {1: 0.70})
    about = {"configuration_hash": "anxiety", "name": "anxiety"}
    write_run(tmp_path / "first", recall=0.95, priority_class="anxiety", run=about)
    entry = best(tmp_path)["best_suicide_recall"]
    # Those of the latest run are compared.
    assert entry["configuration"] == "anxiety" and "left out: 1." in entry["warnings"][0]
    write_configuration(tmp_path, "later", {1: 0.60})
    assert best(tmp_path)["best_suicide_recall"]["configuration"] == "suicide"


def test_a_run_that_alerts_everybody_never_wins(tmp_path: Path) -> None:
    everybody = np.tile([0.98, 0.01, 0.01], (300, 1))
    write_predicting_run(tmp_path / "all", "everybody", everybody)
    for entry in best(tmp_path).values():
        assert entry["run"] is None
    reason = best(tmp_path)["best_suicide_recall"]["reason"]
    assert "not shown to be better than chance" in reason
    # Neither where it has a threshold that it keeps, beside a model with less recall.
    write_predicting_run(tmp_path / "leaning", "leaning", probabilities_towards(0, 8.0))
    write_predicting_run(tmp_path / "informed", "informed", informed_probabilities(1.5))
    for key in KEYS[:3]:
        assert best(tmp_path)[key]["configuration"] == "informed"


def test_random_scores_are_refused(tmp_path: Path) -> None:
    write_predicting_run(tmp_path / "random", "random", probabilities_towards(1, 0.0))
    entry = best(tmp_path)["best_suicide_recall"]
    assert entry["run"] is None and "better than chance (1 of 1)" in entry["reason"]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"val/support/suicide": 21}, "fewer than 22 suicide posts in val"),
        ({"val/recall_at_spec80": None}, "was not measured on val"),
        ({"val/operating_point/alert_rate": 0.51}, "alert more than 50 % of posts"),
        ({"val/operating_point/alert_rate": None}, "alert more than 50 % of posts"),
    ],
)
def test_each_condition_keeps_a_run_from_winning(tmp_path: Path, changes, reason) -> None:
    directory = write_run(tmp_path / "run")
    (run,) = find_runs([tmp_path])
    metrics = {**run.metrics, **changes}
    write_run(tmp_path / "other", end={"metrics": metrics}, run={"configuration_hash": "other"})
    entry = best(tmp_path)["best_suicide_recall"]
    assert entry["directory"] == str(directory)
    for path in sorted(directory.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    directory.rmdir()
    entry = best(tmp_path)["best_suicide_recall"]
    assert entry["run"] is None and reason in entry["reason"]


def test_a_specificity_that_is_not_shown_keeps_a_run_from_winning(tmp_path: Path) -> None:
    intervals = {"val/operating_point/specificity": [0.59, 0.9]}
    write_run(tmp_path / "run", end={"intervals": intervals})
    reason = best(tmp_path)["best_suicide_recall"]["reason"]
    assert "specificity at its operating point is not shown to reach .60" in reason


def test_the_budget_for_alerts_is_that_of_the_configuration(tmp_path: Path) -> None:
    config = {"evaluation": {"alert_budget": 0.37}}
    write_run(tmp_path / "run", run={"config": config})
    assert "alert more than 37 % of posts" in best(tmp_path)["best_suicide_recall"]["reason"]


def test_one_useless_seed_disqualifies_its_configuration(tmp_path: Path) -> None:
    write_configuration(tmp_path, "good", {1: 0.6})
    write_configuration(tmp_path, "mixed", {1: 0.9})
    useless = {"intervals": {}}
    write_run(
        tmp_path / "useless",
        recall=0.9,
        end=useless,
        run={"configuration_hash": "mixed", "seed": 2},
    )
    assert best(tmp_path)["best_suicide_recall"]["configuration"] == "good"


def test_stability_needs_five_different_seeds(tmp_path: Path) -> None:
    write_configuration(tmp_path, "four", {1: 0.7, 2: 0.7, 3: 0.7, 4: 0.7})
    repeated = {"configuration_hash": "four", "seed": 4}
    write_run(tmp_path / "again", recall=0.7, run=repeated)
    entry = best(tmp_path)["most_stable"]
    assert entry["run"] is None
    wanted = "No configuration qualifies: fewer than 5 different seeds (1 of 1)."
    assert entry["reason"] == wanted


def test_the_most_stable_model_has_the_best_worst_seed_not_the_smallest_spread(
    tmp_path: Path,
) -> None:
    write_configuration(tmp_path, "constant", dict.fromkeys(range(5), 0.50))
    write_configuration(tmp_path, "better", dict(enumerate([0.70, 0.72, 0.74, 0.76, 0.78])))
    entry = best(tmp_path)["most_stable"]
    assert entry["configuration"] == "better" and len(entry["seeds"]) == 5
    stability = entry["stability"]
    assert stability["worst"] == 0.70 and stability["mean"] == pytest.approx(0.74)
    # statistics: sqrt((2 * .04**2 + 2 * .02**2) / 4)
    assert stability["standard_deviation"] == pytest.approx(0.0316228, abs=1e-6)
    assert stability["coefficient_of_variation"] == pytest.approx(0.0427335, abs=1e-6)
    assert stability["churn"] is None  # no predictions were written


def test_churn_is_the_mean_disagreement_of_two_seeds_about_priority_posts(tmp_path: Path) -> None:
    scores = np.full((5, 12), 0.1)
    # Posts 0, 3, 6 and 9 are of the priority class; the threshold is .25.
    scores[:, [0, 3]] = 0.6
    scores[0, [6]] = 0.6
    for seed in range(5):
        directory = tmp_path / str(seed)
        write_run(directory, recall=0.8 + seed / 100, run={"seed": seed})
        rest = (1 - scores[seed]) / 2
        predictions = Predictions(
            part="test",
            task=TASK,
            post_ids=[f"p{row}" for row in range(12)],
            authors=None,
            labels=np.arange(12) % 3,
            probabilities=np.column_stack([scores[seed], rest, rest]),
        )
        write_predictions(predictions, directory / "predictions" / "test.csv")
    # Four of ten pairs differ, in one post of four.
    churn = best(tmp_path)["most_stable"]["stability"]["churn"]
    assert churn == pytest.approx(0.4 * 0.25)


def test_a_repeated_seed_counts_once_by_its_latest_run(tmp_path: Path) -> None:
    write_configuration(tmp_path, "a", {1: 0.60, 2: 0.80})
    write_run(tmp_path / "again", recall=0.70, run={"configuration_hash": "a", "seed": 1})
    entry = best(tmp_path)["best_suicide_recall"]
    assert entry["seeds"] == {"1": 0.70, "2": 0.80} and entry["val"] == pytest.approx(0.75)


def test_a_winner_that_the_yardstick_equals_is_flagged(tmp_path: Path) -> None:
    yardstick = {"metrics": {"val/recall_at_spec80": 0.8}}
    write_run(tmp_path / "run", recall=0.8, end={"yardstick": yardstick})
    (warning,) = best(tmp_path)["best_suicide_recall"]["warnings"]
    assert warning.startswith("Below baseline")


def test_only_completed_runs_on_the_posts_of_the_latest_are_compared(tmp_path: Path) -> None:
    write_run(tmp_path / "other", recall=0.95, data={"fingerprint": "f2"})
    write_run(tmp_path / "killed", recall=0.99, left_out=("end.json",))
    write_failed_run(tmp_path / "failed")
    latest = write_run(tmp_path / "latest", recall=0.6, run={"configuration_hash": "b"})
    for key in KEYS[:3]:
        entry = best(tmp_path)[key]
        assert entry["directory"] == str(latest)
        (warning,) = entry["warnings"]
        assert warning.startswith("Completed runs on other posts") and "left out: 1." in warning


def test_without_a_priority_class_accuracy_and_f1_still_have_their_best(tmp_path: Path) -> None:
    write_run(tmp_path / "run", priority_class=None)
    found = best(tmp_path)
    assert found["highest_accuracy"]["value"] == pytest.approx(0.75)
    assert found["highest_accuracy"]["warnings"] == []
    assert "no class has priority" in found["best_suicide_recall"]["reason"]


def test_every_corpus_has_a_best_and_the_latest_without_one_hides_no_other(tmp_path: Path) -> None:
    write_run(tmp_path / "one", recall=0.7, data={"fingerprint": "f2", "name": "other"})
    write_run(tmp_path / "two", recall=0.8)
    write_run(tmp_path / "tracked", data={"fingerprint": "f3"}, end={"metrics": {}})
    found = best_by_corpus(find_runs([tmp_path]))
    named = [
        (best["highest_accuracy"]["data_name"], best["highest_accuracy"]["run"] is None)
        for best in found
    ]
    assert named == [("posts", True), ("posts", False), ("other", False)]
    assert best(tmp_path)["highest_accuracy"]["directory"] == str(tmp_path / "two")


def test_seeds_are_in_the_order_of_numbers(tmp_path: Path) -> None:
    write_configuration(tmp_path, "many", {10: 0.7, 2: 0.71, 1: 0.72})
    assert list(best(tmp_path)["highest_accuracy"]["seeds"]) == ["1", "2", "10"]


def test_identical_runs_are_one_model_and_nobody_is_stable_for_them(tmp_path: Path) -> None:
    write_configuration(tmp_path, "fixed", dict.fromkeys(range(5), 0.8))
    found = best(tmp_path)
    assert found["highest_accuracy"]["num_models"] == 1
    assert found["highest_accuracy"]["interval"] == pytest.approx([0.71, 0.78])
    assert found["most_stable"]["run"] is None


def test_a_heading_is_below_baseline_by_its_own_number(tmp_path: Path) -> None:
    yardstick = yardstick_of({"val/accuracy": (0, 0, 0), "val/recall_at_spec80": (0, 0, 0)})
    yardstick["metrics"] = {"val/accuracy": 0.79, "val/recall_at_spec80": 0.79}
    write_run(tmp_path / "run", recall=0.8, end={"yardstick": yardstick})  # accuracy .75
    found = best(tmp_path)
    assert found["best_suicide_recall"]["warnings"] == []
    (warning,) = found["highest_accuracy"]["warnings"]
    assert warning.startswith("Below baseline: by accuracy on val")
