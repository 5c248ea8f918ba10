"""The choices of conf/debug, each as a whole run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from mental_health_classifier.experiment.run import run_experiment
from mental_health_classifier.storage.json_lines import read_records
from mental_health_classifier.tracking.record.run_summary import RunSummary, read_run

SMALL = ["model=baseline_micro", "evaluation.bootstrap_draws=100", "data.size=700"]

Run = Callable[[Sequence[str]], RunSummary]


@pytest.fixture
def run(compose_config, tmp_path: Path) -> Run:
    def ran(overrides: Sequence[str]) -> RunSummary:
        config = compose_config([*SMALL, "trainer=cpu", *overrides])
        run_experiment(config, tmp_path / "run", list(overrides))
        return read_run(tmp_path / "run")

    return ran


@pytest.mark.slow
def test_one_batch_is_learned_by_heart(run: Run) -> None:
    found = run(["debug=overfit", "trainer.max_epochs=40"])
    records = read_records(found.directory / "metrics.jsonl").records
    losses = [record["train/loss"] for record in records if "train/loss" in record]
    assert len(losses) == 40  # one step an epoch
    assert losses[-1] < losses[0] / 4


def test_a_profile_names_the_operations_of_a_step(run: Run) -> None:
    found = run(["debug=profile", "trainer.limit_train_batches=8", "callbacks.profile.rows=5"])
    table = (found.directory / "logs" / "profile.txt").read_text()
    assert "Self CPU" in table and "aten::" in table


def test_a_number_that_is_not_finite_is_traced_to_its_operation(run: Run) -> None:
    with pytest.raises(RuntimeError, match="returned nan values"):
        run(["debug=anomaly", "trainer.max_epochs=1", "optimizer.learning_rate=1e30"])
