"""A sweep goes on. Jobs are played by a script that does what it is told."""

from __future__ import annotations

import json
import signal
import sys
from functools import partial
from pathlib import Path

import pytest
from omegaconf import OmegaConf
from written_runs import write_failed_run, write_run

from mental_health_classifier.contracts import InputError
from mental_health_classifier.storage.files import read_json, write_json
from mental_health_classifier.sweeps import launched_jobs
from mental_health_classifier.sweeps.jobs import configuration_of
from mental_health_classifier.sweeps.launchers.this_machine import OnThisMachine
from mental_health_classifier.sweeps.resume import resume_sweep, run_jobs
from mental_health_classifier.tracking.provenance.configuration_hash import job_hash
from mental_health_classifier.tracking.sweep.ledger import (
    SweepJob,
    begin_sweep,
    claim_job,
    read_jobs,
    states_of,
)

TESTS = Path(__file__).resolve().parents[1]
PLAYER = """
import json, os, signal, sys, time
from pathlib import Path
arguments, folder = sys.argv[1:], Path({folder!r})
with (folder / "commands.jsonl").open("a") as commands:
    print(json.dumps(arguments), file=commands)
if "seed=9" in arguments:
    sys.exit(3)
if "seed=7" in arguments:
    print("words of the job", flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
if "seed=8" in arguments:
    os.kill(os.getppid(), signal.SIGINT)
    time.sleep(60)
sys.path[:0] = [{tests!r}]
from written_runs import write_failed_run, write_run
if "resume" in arguments:
    attempt = Path(arguments[-1], "attempts", "002")
    other = write_run(folder / "other")
    attempt.mkdir()
    (other / "attempts" / "001" / "end.json").rename(attempt / "end.json")
    sys.exit()
number = [word for word in arguments if word.startswith("seed=")][0]
directory = Path(arguments[-1].removeprefix("hydra.run.dir='").removesuffix("'"))
configs = json.loads((folder / "configs.json").read_text())
write_run(directory, run={{"config": configs[number]}})
"""


@pytest.fixture
def play(tmp_path: Path):
    """Resumes the sweep in tmp_path/sweep; returns account, messages and the commands."""
    player = tmp_path / "player.py"
    player.write_text(PLAYER.format(tests=str(TESTS), folder=str(tmp_path)), encoding="utf-8")

    def play(launcher=None):
        (tmp_path / "commands.jsonl").write_text("", encoding="utf-8")
        messages: list[str] = []
        start = (sys.executable, str(player))
        account = resume_sweep(
            tmp_path / "sweep", say=messages.append, launcher=launcher, start=start
        )
        commands = (tmp_path / "commands.jsonl").read_text(encoding="utf-8").splitlines()
        return account, messages, [json.loads(line) for line in commands]

    play.player = player
    return play


def begin(folder: Path, *seeds: int) -> dict[int, dict[str, object]]:
    """Begins a sweep over seeds in `folder`/sweep that is cut off at once."""
    jobs, configs = [], {}
    for number, seed in enumerate(seeds):
        configs[seed] = configuration_of([f"seed={seed}"])
        assert configs[seed] is not None
        jobs.append(SweepJob(number, job_hash(configs[seed]), (f"seed={seed}",)))
    begin_sweep(folder / "sweep", jobs).release()
    named = {f"seed={seed}": config for seed, config in configs.items()}
    (folder / "configs.json").write_text(json.dumps(named), encoding="utf-8")
    return configs


def test_missing_jobs_run_failed_and_killed_ones_are_resumed_completed_ones_stay(
    tmp_path: Path, play
) -> None:
    configs = begin(tmp_path, 1, 2, 3, 4)
    folder = tmp_path / "sweep"
    completed = write_run(folder / "0-a-seed1", run={"config": configs[1]})
    write_failed_run(folder / "1-a-seed2", run={"config": configs[2]})
    end = (completed / "attempts" / "001" / "end.json").read_bytes()
    account, messages, commands = play()
    assert (account.wanted, account.done, account.repeated, account.added) == (4, 4, 1, 2)
    assert str(account) == "Jobs wanted: 4, done: 4, missing and run: 2, repeated: 1."
    resumed, *started = commands
    assert resumed[-2:] == ["resume", str(folder / "1-a-seed2")]
    assert [command[1:] for command in started] == [
        [f"seed={seed}", f"hydra.run.dir='{folder / f'{seed - 1}-baseline_small-seed{seed}'}'"]
        for seed in (3, 4)
    ]
    assert messages[0] == "Jobs wanted: 4, to do: 3."
    assert (completed / "attempts" / "001" / "end.json").read_bytes() == end
    again, _, commands = play()
    assert (again.done, again.repeated, again.added, commands) == (4, 0, 0, [])
    assert read_json(folder / "attempts" / "002" / "end.json")["account"]["added"] == 2


def test_a_failed_job_is_shown_at_once_and_the_others_run(tmp_path: Path, play) -> None:
    begin(tmp_path, 9, 1)
    account, messages, commands = play()
    assert (account.wanted, account.done, account.added) == (2, 1, 2)
    assert messages[1:] == ["Job 0: seed=9 is missing: exit code 3."]
    assert len(commands) == 2


def test_ctrl_c_reaches_the_job_and_no_other_is_started(tmp_path: Path, play) -> None:
    before = signal.getsignal(signal.SIGINT)
    begin(tmp_path, 8, 1)
    account, messages, commands = play()
    assert (account.done, len(commands)) == (0, 1)
    assert "Stopped; the same command goes on." in messages
    assert signal.getsignal(signal.SIGINT) is before


def test_jobs_that_run_at_once_are_claimed_and_one_that_dies_dies_alone(
    tmp_path: Path, play
) -> None:
    begin(tmp_path, 7, 1)
    account, messages, commands = play(OnThisMachine(jobs=2))
    assert str(account) == "Jobs wanted: 2, done: 1, missing and run: 2, repeated: 0."
    assert len(commands) == 2
    assert "Job 1: seed=1 is completed." in messages
    died = next(message for message in messages if message.startswith("Job 0: seed=7 is missing"))
    place = Path(died.partition("What it printed is in ")[2].removesuffix("."))
    assert ": it was ended by SIGKILL. What it printed" in died
    assert place.read_text() == "words of the job\n"
    assert read_json(place.parent / "end.json")["exit_code"] == -signal.SIGKILL
    again, _, commands = play(OnThisMachine(jobs=2))
    assert (again.added, len(commands)) == (1, 1)


def test_ctrl_c_reaches_all_jobs_that_run_at_once(tmp_path: Path, play) -> None:
    begin(tmp_path, 8, 8, 1, 2)
    account, messages, commands = play(OnThisMachine(jobs=2))
    assert account.stopped_by == signal.SIGINT and account.done == 0 and len(commands) <= 2
    assert messages[-1] == "Stopped; the same command goes on."


def test_a_job_that_another_process_is_at_is_left_to_it(tmp_path: Path, play) -> None:
    begin(tmp_path, 1)
    sweep = tmp_path / "sweep"
    claim = claim_job(sweep, read_jobs(sweep)[0])
    assert claim is not None
    account, messages, commands = play(OnThisMachine(jobs=2))
    assert (account.done, account.added, commands) == (0, 0, [])
    assert messages[-1] == "Job 0: seed=1 is left to the process that has taken it."
    claim.release()
    assert play(OnThisMachine(jobs=2))[0].done == 1


def test_what_hydra_launches_answers_what_a_sweeper_wants_to_know(
    tmp_path: Path, play, monkeypatch, capsys
) -> None:
    begin(tmp_path, 1, 9)
    (tmp_path / "commands.jsonl").touch()
    monkeypatch.setattr(
        launched_jobs, "run_jobs", partial(run_jobs, start=(sys.executable, str(play.player)))
    )
    config = OmegaConf.create({"hydra": {"sweep": {"dir": str(tmp_path / "sweep")}}})
    config.optimized_metric = "test/accuracy"
    settings, overrides = {"kind": "joblib", "jobs": 2}, [["seed=1"], ["seed=9"]]
    good, bad = launched_jobs.launch_jobs(config, settings, overrides, first=0)
    run = states_of(tmp_path / "sweep", read_jobs(tmp_path / "sweep"))[0].run
    assert run is not None and good.return_value == run.metrics["test/accuracy"]
    with pytest.raises(InputError, match=r"Not all jobs .*`mhc resume .*sweep` goes on"):
        _ = bad.return_value
    assert "Job 1: seed=9 is missing: exit code 3." in capsys.readouterr().err


def test_a_directory_without_a_record_is_left_and_another_one_taken(tmp_path: Path, play) -> None:
    begin(tmp_path, 1)
    left = tmp_path / "sweep" / "0-baseline_small-seed1"
    (left / "config").mkdir(parents=True)
    account, _, commands = play()
    assert account.done == 1
    assert commands[0][-1] == f"hydra.run.dir='{left}-002'"


def test_a_job_whose_configuration_files_were_changed_is_not_run(tmp_path: Path, play) -> None:
    jobs = [SweepJob(0, "0" * 16, ("seed=1",)), SweepJob(1, "1" * 16, ("seed=2",))]
    begin_sweep(tmp_path / "sweep", jobs).release()
    account, messages, commands = play()
    assert (account.wanted, account.done, account.added, commands) == (2, 0, 0, [])
    assert sum("files in conf/ were changed" in message for message in messages) == 2


@pytest.mark.parametrize(
    "override", ["bogus=1", "seed=1,2", "a=[[", "a=[\x1b[31m", "model=null", "+experiment=gone"]
)
def test_a_job_that_cannot_be_composed_any_more_does_not_stop_the_others(
    override: str, tmp_path: Path, play
) -> None:
    begin(tmp_path, 1)
    ledger = tmp_path / "sweep" / "sweep.json"
    content = read_json(ledger)
    content["jobs"].insert(0, {"number": 7, "key": "0" * 16, "overrides": [override]})
    write_json(ledger, content)
    account, messages, commands = play()
    assert (account.wanted, account.done, len(commands)) == (2, 1, 1)
    assert f"Job 7: {override}: it would have another configuration now" in " ".join(messages)


def test_a_sweep_does_not_choose_where_posts_are_prepared(
    tmp_path: Path, play, monkeypatch
) -> None:
    started, elsewhere = tmp_path / "sweep/attempts/001/start.json", tmp_path / "elsewhere"
    elsewhere.mkdir()
    (tmp_path / "began").mkdir()
    monkeypatch.chdir(tmp_path / "began")
    begin(tmp_path, 1)
    monkeypatch.chdir(elsewhere)
    account, messages, commands = play()
    assert (account.done, commands) == (0, [])
    assert f"it would prepare posts in {read_json(started)['folder']}/.cache" in messages[-1]
    write_json(started, {**read_json(started), "folder": str(elsewhere)})
    assert play()[0].done == 1


def test_a_sweep_that_is_still_running_is_left_alone(tmp_path: Path, play) -> None:
    attempt = begin_sweep(tmp_path / "sweep", [])
    with pytest.raises(InputError, match="still running"):
        play()
    attempt.release()
