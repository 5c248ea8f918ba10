"""A search of real runs, killed on the way and gone on with."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from forked_trials import forked_job
from resuming import SMALL, a_repository_that_stays_as_it_is, die, in_child

from mental_health_classifier.storage.files import read_json
from mental_health_classifier.sweeps import job_process
from mental_health_classifier.sweeps.launchers.this_machine import OnThisMachine
from mental_health_classifier.sweeps.search.beginning import begin_search
from mental_health_classifier.sweeps.search.workers import work_on_search
from mental_health_classifier.tracking.run_index import find_runs
from mental_health_classifier.tracking.search.plan import plan_from, read_plan
from mental_health_classifier.tracking.search.result import read_result
from mental_health_classifier.tracking.search.study import open_study
from mental_health_classifier.training.text_classifier import TextClassifier

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore:.*LeafSpec:FutureWarning")]


def test_a_search_that_is_killed_goes_on_with_its_trial_and_prunes(tmp_path: Path) -> None:
    place = tmp_path / "search"
    plan = plan_from(
        {
            "overrides": [*SMALL, f"cache_dir={tmp_path / 'cache'}"],
            # The last two choices learn nothing.
            "space": {"model.learning_rate": {"float": [1e-9, 1e-2], "log": True}},
            **{"trials": 4, "startup_trials": 1, "warmup_epochs": 0, "fresh_seeds": 1},
        },
        of="plan.yaml",
    )
    begin_search(plan, place)
    train = TextClassifier.training_step

    def killed_on_the_way(self: TextClassifier, *arguments: Any) -> object:
        is_second_trial = os.environ.get("MENTAL_HEALTH_TRIAL", "").startswith("1:")
        if is_second_trial and self.global_step == 6 and not (tmp_path / "died").exists():
            (tmp_path / "died").touch()
            os.kill(os.getppid(), 9)  # the worker, and by that this process
            die()
        return train(self, *arguments)  # pyright: ignore[reportArgumentType]

    def work() -> None:
        with (
            a_repository_that_stays_as_it_is(),
            patch.object(TextClassifier, "training_step", killed_on_the_way),
            patch.object(job_process, "_run", forked_job()),
        ):
            launcher = OnThisMachine(jobs=1)
            work_on_search(place, say=lambda _: None, launcher=launcher, is_trusted=True)

    assert in_child(work) == -9
    assert in_child(work) == 0
    result = read_result(place)
    assert result is not None and len(result.trials) == 4 and result.seeds == (2,)
    assert not [each for each in result.trials if each.state in ("failed", "running")]
    runs = {run.trial: run for run in find_runs([place]) if run.trial is not None}
    assert [path.name for path in sorted((runs[1].directory / "attempts").iterdir())] == [
        *("001", "002"),
    ]
    study = open_study(place, read_plan(place))
    for number, run in runs.items():
        told = study.get_trials()[number].intermediate_values
        lines = (run.directory / "metrics.jsonl").read_text().count('"val/recall_at_spec80"')
        assert len(told) == lines == len(set(told))
        assert run.status in ("completed", "pruned")
        # What a trial is to the search is no part of its configuration.
        config = read_json(run.directory / "run.json")["config"]
        assert "trial" not in str(config) and "search" not in config
