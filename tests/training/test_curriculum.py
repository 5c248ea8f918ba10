"""Curricula as whole runs: small, on the sample posts."""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from mental_health_classifier.contracts import InputError
from mental_health_classifier.experiment.run import run_experiment
from mental_health_classifier.storage.json_lines import read_records
from mental_health_classifier.tracking.record.run_summary import RunSummary, read_run

SMALL = [
    *("model=baseline_micro", "data.size=700", "trainer=smoke", "num_threads=1", "logger=none"),
    *("trainer.max_epochs=3", "trainer.limit_train_batches=null", "evaluation.yardstick=null"),
    *("evaluation.bootstrap_draws=50", "callbacks.progress=null", "callbacks.resources=null"),
]

Run = Callable[[str, Sequence[str]], RunSummary]


@pytest.fixture
def run(compose_config, tmp_path: Path) -> Run:
    def ran(name: str, overrides: Sequence[str]) -> RunSummary:
        run_experiment(compose_config([*SMALL, *overrides]), tmp_path / name, list(overrides))
        return read_run(tmp_path / name)

    return ran


def column(run: RunSummary, key: str) -> list[float]:
    records = read_records(run.directory / "metrics.jsonl").records
    return [record[key] for record in records if key in record]


def test_a_curriculum_takes_as_many_steps_as_none_and_learns_something_else(run: Run) -> None:
    without, curriculum = run("without", []), run("with", ["clinical=curriculum"])
    assert len(column(curriculum, "train/loss")) == len(column(without, "train/loss"))
    assert column(curriculum, "train/learning_rate") == column(without, "train/learning_rate")
    assert column(curriculum, "train/loss") != column(without, "train/loss")
    assert curriculum.variants == ("curriculum",)


def test_stages_have_learning_rates_of_their_own(run: Run) -> None:
    stages = "sampler.pacing.stages"
    epochs = [f"{stages}.{name}.epochs=1" for name in ("easy", "medium", "hard")]
    found = run("run", ["clinical=curriculum_staged", *epochs])
    rates = column(found, "train/learning_rate")
    steps = len(rates) // 3
    peaks = [max(rates[first : first + steps]) for first in range(0, 3 * steps, steps)]
    assert peaks == pytest.approx([1e-3, 1e-3, 0.7e-3])
    assert rates[steps - 1] < 1e-4


def test_stages_that_do_not_fill_the_training_are_refused_before_it(run: Run) -> None:
    with pytest.raises(InputError, match=r"stages last 6 epochs .* trainer.max_epochs=3"):
        run("run", ["clinical=curriculum_staged"])


def test_a_run_can_take_the_difficulty_of_posts_from_an_earlier_one(run: Run) -> None:
    plain, first = run("plain", []), run("first", ["callbacks=training_dynamics"])
    assert first.configuration_hash == plain.configuration_hash
    assert column(first, "train/loss") == column(plain, "train/loss")  # it only watches
    files = sorted((first.directory / "training_dynamics").iterdir())
    assert [file.name for file in files] == [f"epoch-00{number}.csv" for number in (1, 2, 3)]
    with files[0].open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert len({row["post"] for row in rows}) == first.data["parts"]["train"]["posts"] == len(rows)
    assert all(0 <= float(row["probability"]) <= 1 for row in rows)
    second = run(
        "second",
        [
            "clinical=curriculum",
            "sampler/difficulty=training_dynamics",
            f"sampler.difficulty.run={first.directory}",
        ],
    )
    assert second.status == "completed"
    with pytest.raises(InputError, match="learned from other posts"):
        run(
            "other",
            [
                *("clinical=curriculum", "sampler/difficulty=training_dynamics"),
                *(f"sampler.difficulty.run={first.directory}", "data.split_seed=2"),
            ],
        )


@pytest.mark.parametrize("difficulty", ["length", "rarity"])
@pytest.mark.parametrize("variant", ["curriculum", "curriculum_random", "curriculum_anti"])
def test_difficulties_and_controls_combine(compose_config, difficulty: str, variant: str) -> None:
    config = compose_config([f"clinical={variant}", f"sampler/difficulty={difficulty}"])
    assert config.sampler.difficulty._target_ == f"by_{difficulty}"
    assert config.sampler.pacing.epochs == config.trainer.max_epochs
    orders = {"curriculum": "easiest_first", "curriculum_anti": "hardest_first"}
    assert config.sampler.order._target_ == orders.get(variant, "in_random_order")
