import os
from dataclasses import replace

import pytest
from written_runs import write_failed_run, write_run

from mental_health_classifier.contracts import InputError
from mental_health_classifier.tracking.provenance.configuration_hash import job_hash
from mental_health_classifier.tracking.search.plan import plan_from, write_plan
from mental_health_classifier.tracking.search.result import (
    SearchResult,
    TrialResult,
    write_result,
)
from mental_health_classifier.tracking.search.workers import at_work
from mental_health_classifier.tracking.sweep.ledger import SweepJob, begin_sweep, claim_job
from mental_health_classifier.tracking.sweep.progress import progress_in, watched_called


def config_of(seed):
    return {"seed": seed, "model": {"name": "small"}}


def job_of(seed):
    return SweepJob(seed - 1, job_hash(config_of(seed)), ("model=small", f"seed={seed}"))


def run_of(directory, seed, *, write=write_run, **changes):
    facts = {"config": config_of(seed), "seed": seed, "overrides": [f"seed={seed}"]}
    return write(directory, run=facts, **changes)


@pytest.fixture
def sweep(tmp_path):
    """Six jobs: completed, failed, killed, taken, ended before its record began, waiting."""
    directory = tmp_path / "multirun" / "2026-11-23" / "15-04-05-123456-small"
    directory.mkdir(parents=True)
    jobs = [job_of(seed) for seed in range(1, 7)]
    attempt = begin_sweep(directory, jobs)
    run_of(directory / "0", 1)
    run_of(directory / "1", 2, write=write_failed_run)
    run_of(directory / "2", 3, left_out=("end.json",))
    taken, ended = (claim_job(directory, job) for job in jobs[3:5])
    assert taken is not None and ended is not None
    ended.end({"exit_code": 3, "problem": None})
    yield directory, attempt, taken
    for each in (attempt, taken):
        if (each.folder / "end.json").exists():
            continue
        each.release()


def test_a_job_is_called_by_what_tells_it_apart_without_what_all_keys_lie_in(tmp_path):
    overrides = [
        ("data=sample", f"network/pooling={pooling}", f"model.width={width}", f"a.width={width}")
        for pooling, width in (("mean", 32), ("last", 64))
    ]
    jobs = [SweepJob(n, f"{n:016x}", each) for n, each in enumerate(overrides)]
    begin_sweep(tmp_path, jobs).end({})
    assert [job.name for job in progress_in(tmp_path).jobs] == [
        "pooling=mean model.width=32 a.width=32",
        "pooling=last model.width=64 a.width=64",
    ]


def test_every_job_is_told_apart(sweep):
    directory, *_ = sweep
    found = progress_in(directory)
    assert [job.name for job in found.jobs] == [f"seed={seed}" for seed in range(1, 7)]
    assert [job.status for job in found.jobs] == [
        *("completed", "failed", "killed", "starting", "failed", "waiting")
    ]
    assert found.counts() == {
        **{"starting": 1, "waiting": 1, "completed": 1, "failed": 2, "killed": 1}
    }
    assert list(found.counts()) == ["starting", "waiting", "completed", "failed", "killed"]
    assert "data.path=x is gone" in (found.jobs[1].problem or "")
    assert "exit code 3" in (found.jobs[4].problem or "")
    assert not found.is_over


def test_a_sweep_is_over_when_its_process_is_gone_and_nothing_runs(sweep):
    directory, attempt, taken = sweep
    attempt.end({})
    assert progress_in(directory).jobs[5].status == "missing"
    assert not progress_in(directory).is_over  # a job runs elsewhere
    taken.end({"exit_code": None, "problem": "the disk is full"})
    found = progress_in(directory)
    assert found.is_over and found.jobs[3].problem == "the disk is full"


def test_a_search_is_over_when_its_workers_have_said_so(tmp_path):
    space = {"model.dropout": {"float": [0.0, 0.5]}}
    write_plan(plan_from({"space": space, "trials": 5, "fresh_seeds": 1}, of="s"), tmp_path)
    begin_sweep(tmp_path, []).end({})
    run_of(tmp_path / "0", 1)
    found = progress_in(tmp_path)
    assert (len(found.jobs), found.to_come, found.is_over) == (1, 4, False)
    trial = TrialResult(0, "completed", 0.5, ("seed=1",))
    result = SearchResult(
        **{"name": "s", "metric": "val/f1_macro", "wanted": 5, "trials": (trial,), "best": 0},
        **{"seeds": (), "fresh": {}, "importances": {}},
    )
    write_result(result, tmp_path)
    assert not progress_in(tmp_path).is_over  # fresh seeds are still to run
    write_result(replace(result, seeds=(2,)), tmp_path)
    found = progress_in(tmp_path)
    assert (found.to_come, found.is_over) == (0, True)


def test_a_search_is_over_when_its_workers_are_all_gone(tmp_path):
    space = {"model.dropout": {"float": [0.0, 0.5]}}
    write_plan(plan_from({"space": space, "trials": 5, "fresh_seeds": 1}, of="s"), tmp_path)
    begin_sweep(tmp_path, []).end({})
    run_of(tmp_path / "0", 1)
    with at_work(tmp_path):
        assert not progress_in(tmp_path).is_over
    found = progress_in(tmp_path)
    assert (found.to_come, found.is_over) == (4, True)


def test_one_run_is_watched_like_a_sweep_of_one(tmp_path):
    found = progress_in(run_of(tmp_path / "a", 1))
    assert [(job.name, job.status) for job in found.jobs] == [("baseline", "completed")]
    assert found.is_over


def test_a_folder_without_any_and_a_damaged_ledger_are_refused(tmp_path):
    with pytest.raises(InputError, match="holds no sweep and no run"):
        progress_in(tmp_path)
    (tmp_path / "sweep.json").write_text("{")
    with pytest.raises(InputError, match="is damaged"):
        progress_in(tmp_path)


def test_what_runs_is_watched_before_what_began_later(sweep, tmp_path, monkeypatch):
    directory, attempt, taken = sweep
    monkeypatch.chdir(tmp_path)
    roots = (tmp_path / "outputs", tmp_path / "multirun")
    late = {"created_at": "2999-01-01T00:00:00.000000+00:00"}
    single = write_run(tmp_path / "outputs" / "late", run=late)
    assert os.path.samefile(watched_called(None, roots), directory)
    attempt.end({})
    taken.end({})
    assert watched_called(None, roots) == single
    assert os.path.samefile(watched_called(str(directory), roots), directory)
    assert os.path.samefile(watched_called("late", roots), single)
    with pytest.raises(InputError, match=r"No runs in .* yet"):
        watched_called(None, (tmp_path / "nowhere",))
