import json

import pytest
from written_runs import write_failed_run, write_run

from mental_health_classifier.contracts import InputError
from mental_health_classifier.tracking.provenance.configuration_hash import (
    configuration_hash,
    job_hash,
)
from mental_health_classifier.tracking.sweep.ledger import (
    FILE_NAME,
    SweepJob,
    begin_sweep,
    continue_sweep,
    read_jobs,
    states_of,
)


def config_of(seed):
    return {"seed": seed, "model": {"name": "small", "width": 8}}


def job_of(seed, number=0):
    return SweepJob(number, job_hash(config_of(seed)), (f"seed={seed}",))


def run_of(directory, seed, *, write=write_run, **changes):
    return write(
        directory, run={"config": config_of(seed), "overrides": [f"seed={seed}"]}, **changes
    )


def test_jobs_that_differ_in_anything_have_another_hash_and_the_order_of_keys_is_nothing():
    config = config_of(1)
    assert configuration_hash(config) == configuration_hash(config_of(2))
    others = [config_of(2), {**config, "name": "a"}, {**config, "num_threads": 1}]
    assert len({job_hash(each) for each in [config, *others]}) == 4
    assert job_hash(dict(reversed(config.items()))) == job_hash(config)


def test_what_was_wanted_is_read_back(tmp_path):
    jobs = [job_of(seed, number) for number, seed in enumerate((1, 2))]
    begin_sweep(tmp_path, jobs).release()
    assert read_jobs(tmp_path) == jobs
    with pytest.raises(FileExistsError):
        begin_sweep(tmp_path, jobs)


def test_each_job_is_found_wherever_its_run_lies(tmp_path):
    run_of(tmp_path / "anywhere" / "x", 1)
    run_of(tmp_path / "b", 2, write=write_failed_run)
    run_of(tmp_path / "c", 3, left_out=("end.json",))
    (run_of(tmp_path / "d", 4) / "data.json").write_text("{", encoding="utf-8")
    jobs = [job_of(seed, number) for number, seed in enumerate((1, 2, 3, 4, 5))]
    states = states_of(tmp_path, jobs)
    assert [state.job for state in states] == jobs
    assert [state.status for state in states] == [
        *("completed", "failed", "killed", "missing", "missing")
    ]
    assert [state.is_open for state in states] == [False, True, True, True, True]


def test_of_several_runs_of_a_job_a_completed_one_counts_and_then_the_latest(tmp_path):
    run_of(tmp_path / "a", 1)
    run_of(tmp_path / "b", 1, write=write_failed_run)
    run_of(tmp_path / "c", 2, write=write_failed_run)
    run_of(tmp_path / "d", 2, left_out=("end.json",))
    first, second = states_of(tmp_path, [job_of(1), job_of(2)])
    assert first.run is not None and first.run.directory.name == "a"
    assert second.run is not None and second.run.directory.name == "d"


def test_jobs_that_a_sweeper_chose_as_it_went_are_known_by_their_runs(tmp_path):
    begin_sweep(tmp_path, []).release()
    run_of(tmp_path / "0", 1)
    run_of(tmp_path / "1", 2, write=write_failed_run)
    states = states_of(tmp_path, read_jobs(tmp_path))
    assert [(state.job.number, state.job.overrides, state.status) for state in states] == [
        (0, ("seed=1",), "completed"),
        (1, ("seed=2",), "failed"),
    ]


def test_a_sweep_is_continued_by_one_process_at_a_time(tmp_path):
    attempt = begin_sweep(tmp_path, [])
    with pytest.raises(InputError, match="still running"):
        continue_sweep(tmp_path)
    attempt.release()
    second = continue_sweep(tmp_path)
    assert second.folder.name == "002"
    with pytest.raises(InputError, match="still running"):
        continue_sweep(tmp_path)
    second.end({})
    third = continue_sweep(tmp_path)
    assert third.folder.name == "003"
    third.release()


def test_a_ledger_that_is_missing_damaged_or_asks_for_more_than_runs_is_refused(tmp_path):
    with pytest.raises(InputError, match="is missing"):
        read_jobs(tmp_path)
    path = tmp_path / FILE_NAME
    for content in ("{", '{"jobs": 1}', '{"jobs": [{"number": 1}]}', "{}"):
        path.write_text(content, encoding="utf-8")
        with pytest.raises(InputError, match="is damaged"):
            read_jobs(tmp_path)
    for override in ("hydra/launcher=x", "--multirun", "~hydra.job", "++hydra.run.dir=x"):
        job = {"number": 0, "key": "a" * 16, "overrides": [override]}
        path.write_text(json.dumps({"jobs": [job]}), encoding="utf-8")
        with pytest.raises(InputError, match="not run again"):
            read_jobs(tmp_path, is_trusted=True)
    for override in ("experiment=../../x/e", "+x._target_=os.system", "name=${oc.env:HOME}"):
        job = {"number": 0, "key": "a" * 16, "overrides": [override]}
        path.write_text(json.dumps({"jobs": [job]}), encoding="utf-8")
        with pytest.raises(InputError, match="can name code or a folder outside"):
            read_jobs(tmp_path)
        assert len(read_jobs(tmp_path, is_trusted=True)) == 1


def test_a_ledger_cut_at_any_byte_is_damaged_and_never_shorter(tmp_path):
    begin_sweep(tmp_path, [job_of(1), job_of(2, 1)]).release()
    whole = (tmp_path / FILE_NAME).read_bytes()
    for length in range(len(whole)):
        (tmp_path / FILE_NAME).write_bytes(whole[:length])
        with pytest.raises(InputError, match="is damaged"):
            read_jobs(tmp_path)
