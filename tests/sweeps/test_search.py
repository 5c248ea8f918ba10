"""A search: its plan, its trials and its best configuration. Runs are played, not trained."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from resuming import start_child
from written_runs import write_run

from mental_health_classifier.contracts import InputError
from mental_health_classifier.sweeps import job_process, resume
from mental_health_classifier.sweeps.job_process import JobTask
from mental_health_classifier.sweeps.launchers.this_machine import OnThisMachine
from mental_health_classifier.sweeps.search import beginning, trials, winner, workers
from mental_health_classifier.sweeps.search.beginning import begin_search, override_of
from mental_health_classifier.sweeps.search.winner import lines_of, require_trials
from mental_health_classifier.sweeps.search.workers import SearchAccount, work_on_search
from mental_health_classifier.tracking.run_index import find_runs
from mental_health_classifier.tracking.search.plan import SearchPlan, plan_from, read_plan
from mental_health_classifier.tracking.search.result import read_result
from mental_health_classifier.tracking.search.study import (
    JOURNAL,
    is_hopeless,
    open_study,
    suggest,
)
from mental_health_classifier.tracking.search.trial import VARIABLE
from mental_health_classifier.tracking.selection.candidates import candidates_among
from mental_health_classifier.tracking.sweep.ledger import claim_job

RATE = {"model.learning_rate": {"float": [1e-4, 1e-2], "log": True}}


def plan(**changes: Any) -> SearchPlan:
    content = {"space": RATE, "trials": 6, "startup_trials": 3, "pruner": "none", **changes}
    return plan_from(content, of="plan.yaml")


def configuration(overrides: Any, *_: Any) -> dict[str, Any]:
    """What Hydra would compose, which takes long for each."""
    words = sorted(each for each in overrides if not each.startswith("optimized_metric"))
    values = dict(each.split("=", 1) for each in words)
    return {
        **{"words": words, "seed": int(values.get("seed", 1)), "name": "played"},
        "model": {"name": "played", "learning_rate": 1e-3},
        "data": {"priority_class": "suicide"},
        **{"trainer": {"max_epochs": 3}, "cache_dir": ".cache"},
    }


def recall_of(overrides: tuple[str, ...]) -> float:
    """Best where the rate is 1e-3, and by luck at the seed of the search."""
    values = dict(each.split("=", 1) for each in overrides)
    best = 0.9 - 0.2 * abs(math.log10(float(values["model.learning_rate"])) + 3)
    return best - 0.01 * int(values.get("seed", 0))


@pytest.fixture
def play(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Works on the search in tmp_path/search until `dies_at` so many runs were begun."""
    told: dict[int, str] = {}
    begun: list[int] = []

    def run_job(task: JobTask, environment: Mapping[str, str]) -> None:
        job = task.job
        claim = claim_job(task.sweep, job)
        if claim is None:
            return
        if not task.state_now().is_open:
            claim.end({"exit_code": None, "problem": None})
            return
        with (tmp_path / "begun.txt").open("a") as file:
            print(job.number, file=file)
        trial = environment.get(VARIABLE, "").partition(":")[0]
        what = told.get(job.number, "")
        begun.append(job.number)
        if what == "killed":
            claim.release()
            return
        if what == "refused":
            claim.end({"exit_code": 1, "problem": None})
            return
        if what == "dies":
            told.pop(job.number)
            claim.release()
            raise KeyboardInterrupt
        pruned = {"status": "pruned", "metrics": {}, "error": {"type": "Pruned", "message": "So."}}
        config = configuration(job.overrides)
        write_run(
            task.sweep / f"{job.number}-played-seed{config['seed']}",
            recall=recall_of(job.overrides),
            run={
                **{"id": os.urandom(6).hex(), "config": config, "seed": config["seed"]},
                **({"trial": int(trial)} if trial else {}),
                "configuration_hash": " ".join(
                    each for each in config["words"] if not each.startswith("seed")
                ),
            },
            end=pruned if what == "pruned" else {},
        )
        claim.end({"exit_code": 0, "problem": None})

    for module in (beginning, trials, winner):
        monkeypatch.setattr(module, "composed", configuration)
    monkeypatch.setattr(job_process, "configuration_of", configuration)
    monkeypatch.setattr(workers, "PAUSE", 0.01)
    for module in (trials, resume):
        monkeypatch.setattr(module, "run_job", run_job)
    monkeypatch.setattr(trials, "PAUSE", 0.01)

    def play(say: Callable[[str], None] = lambda _: None) -> SearchAccount:
        launcher = OnThisMachine(jobs=1)
        return work_on_search(tmp_path / "search", say=say, launcher=launcher, is_trusted=True)

    play.told, play.begun = told, begun  # pyright: ignore[reportFunctionMemberAccess]
    begin_search_in = tmp_path / "search"
    play.begin = lambda **changes: begin_search(plan(**changes), begin_search_in)  # pyright: ignore[reportFunctionMemberAccess]
    return play


def tried_in(folder: Path) -> list[dict[str, Any]]:
    return [each.params for each in open_study(folder, read_plan(folder)).get_trials()]


def test_the_best_is_run_again_with_seeds_that_no_trial_had(tmp_path: Path, play) -> None:
    play.begin(fresh_seeds=3)
    account = play()
    result = account.result
    assert result.counts() == {"completed": 6} and account.fresh_missing == 0
    best = max(result.trials, key=lambda each: each.value or 0)
    assert result.best == best.number and result.seeds == (2, 3, 4)
    fresh = result.fresh["val/recall_at_spec80"]
    # Seed s of the best costs .01 s; the trial, whose overrides name no seed, nothing.
    assert fresh.mean == pytest.approx((best.value or 0) - 0.03)
    assert (fresh.worst, fresh.worst_seed) == (pytest.approx((best.value or 0) - 0.04), 4)
    assert read_result(tmp_path / "search") == result
    said = " ".join(lines_of(result))
    assert "which is optimistic: it is the highest of 6." in said
    # What was tried are numbers that people can read, within the range.
    assert all(len(each.overrides[0].partition("=")[2]) <= 10 for each in result.trials)
    assert "With the fresh seeds 2, 3, 4: recall at specificity .80, validation, " in said
    # The lucky trial is no fourth seed of its configuration.
    (candidate,) = candidates_among(find_runs([tmp_path / "search"]))
    assert [run.seed for run in candidate.runs] == [2, 3, 4]


def test_a_search_that_is_killed_twice_tries_what_it_would_have_tried(tmp_path: Path, play) -> None:
    play.begin()
    play()
    expected = tried_in(tmp_path / "search")
    (tmp_path / "search").rename(tmp_path / "whole")
    play.begin()
    play.told.update({1: "dies", 4: "dies"})
    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            play()
    play.begun.clear()
    account = play()
    assert play.begun[:2] == [4, 5]  # nothing that was done is done again
    assert tried_in(tmp_path / "search") == expected
    assert account.result.counts() == {"completed": 6}


def test_pruned_failed_and_refused_trials_are_told_apart(tmp_path: Path, play) -> None:
    play.begin()
    play.told.update({0: "pruned", 1: "refused", 2: "killed"})
    messages: list[str] = []
    result = play(messages.append).result
    assert [each.state for each in result.trials] == ["pruned", *["failed"] * 2, *["completed"] * 3]
    assert play.begun.count(1) == 1 and play.begun.count(2) == trials.MOST_TRIES
    assert "exit code 1" in str(result.trials[1].problem)
    assert f"gone {trials.MOST_TRIES} times" in str(result.trials[2].problem)
    (pruned,) = [run for run in find_runs([tmp_path / "search"]) if run.trial == 0]
    assert pruned.status == "pruned" and pruned.problem == "Pruned: So."


def test_a_search_of_which_nothing_comes_says_why(tmp_path: Path, play) -> None:
    play.begin(trials=1)
    play.told[0] = "refused"
    with pytest.raises(InputError, match=r"No trial of the search was completed\. Trial 0: its"):
        require_trials(play().result)


def test_no_trial_begins_after_the_minutes_are_over(tmp_path: Path, play) -> None:
    play.begin(minutes=1.0)  # a played run says that it took longer
    assert len(play().result.trials) < 6


def test_workers_at_once_run_each_trial_once(tmp_path: Path, play) -> None:
    play.begin(trials=12)
    children = [start_child(play) for _ in range(3)]
    assert [os.waitpid(each, 0)[1] for each in children] == [0, 0, 0]
    found = [run.trial for run in find_runs([tmp_path / "search"]) if run.trial is not None]
    assert sorted(found) == list(range(12))
    begun = (tmp_path / "begun.txt").read_text().split()
    assert sorted(map(int, begun)) == list(range(12 + 5))
    result = read_result(tmp_path / "search")
    assert result is not None and result.counts() == {"completed": 12} and len(result.seeds) == 5
    values = [each["model.learning_rate"] for each in tried_in(tmp_path / "search")[:12]]
    assert len(set(values)) == 12


def test_a_line_that_was_cut_off_the_journal_is_left_out(tmp_path: Path, play) -> None:
    play.begin()
    study = open_study(tmp_path / "search", plan())
    study.ask()
    with (tmp_path / "search" / JOURNAL).open("a") as journal:
        journal.write('{"op_code": 4, "worker')
    again = open_study(tmp_path / "search", plan())
    again.ask()
    assert len(open_study(tmp_path / "search", plan()).trials) == 2
    (tmp_path / "search" / JOURNAL).write_text("{}\n{}\n")
    with pytest.raises(InputError, match=r"journal\.log is damaged"):
        open_study(tmp_path / "search", plan())


def test_a_trial_worse_than_the_median_is_hopeless(tmp_path: Path, play) -> None:
    play.begin(pruner="median", startup_trials=3, warmup_epochs=1)
    its_plan = read_plan(tmp_path / "search")
    study = open_study(tmp_path / "search", its_plan)
    for value in (0.4, 0.5, 0.6):
        number = study.ask().number
        suggest(study, number, its_plan)
        assert not any(is_hopeless(study, number, step=step, value=value) for step in (0, 1, 2))
        study.tell(number, value)
    number = study.ask().number
    assert not is_hopeless(study, number, step=0, value=0.1)  # its first epochs are given to it
    assert is_hopeless(study, number, step=1, value=0.49)
    other = study.ask().number
    assert not is_hopeless(study, other, step=1, value=0.51)
    # A resumed trial comes by the same step again, with the same number.
    assert not is_hopeless(study, other, step=1, value=0.51)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"space": {}}, "space: at least one key"),
        ({"space": {"a": {"uniform": [0, 1]}}}, "space.a: uniform is no distribution"),
        ({"space": {"a": {"float": [1, 0]}}}, "space.a: 1 is not below 0"),
        ({"space": {"a": {"float": [0, 1], "log": True}}}, "the lower end has to be above 0"),
        ({"space": {"a": {"int": [0.5, 2]}}}, "space.a: whole numbers were expected"),
        ({"space": {"a": {"int": [1, 4], "step": 9}}}, "space.a.step=9: above 0 and at most 3"),
        ({"space": {"a": {"float": [1, 4], "by": 9}}}, "space.a.by: float takes float, log, step"),
        ({"space": {"a": ["b"]}}, "space.a: a list of at least two"),
        ({"space": {"a": ["b", "b"]}}, "space.a: a value stands there twice"),
        ({"space": {"seed": {"int": [1, 9]}}}, "the luckiest would win"),
        ({"space": {"a b": ["c", "d"]}}, "space.a b: a key or a group"),
        ({"trials": 0}, "trials=0: a whole number from 1"),
        ({"trials": "many"}, "trials=many: a whole number from 1"),
        ({"trails": 3}, "trails is no key of a search: expected name, overrides"),
        ({"sampler": "grid"}, "sampler=grid: expected one of tpe, random"),
        ({"pruner": "asha"}, "pruner=asha: expected one of median, hyperband, none"),
        ({"maximise": "test/accuracy"}, "maximise=test/accuracy: a number of val"),
        ({"minutes": -1}, "minutes=-1: more than 0"),
        ({"overrides": "a=b"}, "overrides: a list of texts"),
    ],
)
def test_a_plan_that_cannot_be_says_what_was_expected(
    changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(InputError) as error:
        plan(**changes)
    assert str(error.value).startswith("plan.yaml: ") and message in str(error.value)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"space": {"model.widht": {"int": [8, 16]}}}, "space.model.widht: model has no key widht"),
        ({"space": {"network/pooling": ["mean", "meen"]}}, "space.network/pooling: "),
        ({"space": {"model": {"int": [1, 2]}}}, "a file of conf/model is chosen there"),
        ({"overrides": ["hydra.run.dir=/x"]}, "overrides: hydra.run.dir=/x is no KEY=VALUE"),
        ({"maximise": "val/nothing"}, "maximise=val/nothing: "),
        ({"maximise": "val/auprc", "pruner": "median"}, "is not measured before its end"),
    ],
)
def test_a_plan_that_does_not_fit_the_configuration_is_refused_before_anything_is_made(
    tmp_path: Path, changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(InputError) as error:
        begin_search(plan(**changes), tmp_path / "search")
    assert message in str(error.value) and "\n" not in str(error.value)
    assert not (tmp_path / "search").exists()


def test_values_become_overrides_that_give_them_back() -> None:
    values = ["mean", "true", "a,b", 0.1, 3, None, True]
    assert [override_of("k", each) for each in values] == [
        *("k=mean", "k='true'", "k='a,b'", "k=0.1", "k=3", "k=null", "k=true"),
    ]
