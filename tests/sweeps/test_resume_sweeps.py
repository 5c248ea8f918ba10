"""A sweep goes on. Jobs are played by a script that does what it is told."""

from __future__ import annotations

import json
import signal
import sys
from pathlib import Path

import pytest
from written_runs import write_failed_run, write_run

from mental_health_classifier.contracts import InputError
from mental_health_classifier.storage.files import read_json, write_json
from mental_health_classifier.sweeps.jobs import configuration_of
from mental_health_classifier.sweeps.ledger import SweepJob, begin_sweep
from mental_health_classifier.sweeps.resume import resume_sweep
from mental_health_classifier.tracking.provenance.configuration_hash import job_hash

TESTS = Path(__file__).resolve().parents[1]
PLAYER = """
import json, os, signal, sys, time
from pathlib import Path
sys.path[:0] = [{tests!r}]
from written_runs import write_failed_run, write_run
arguments, folder = sys.argv[1:], Path({folder!r})
with (folder / "commands.jsonl").open("a") as commands:
    print(json.dumps(arguments), file=commands)
if "seed=9" in arguments:
    sys.exit(3)
if "seed=8" in arguments:
    os.kill(os.getppid(), signal.SIGINT)
    time.sleep(60)
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

    def play():
        (tmp_path / "commands.jsonl").write_text("", encoding="utf-8")
        messages: list[str] = []
        start = (sys.executable, str(player))
        account = resume_sweep(tmp_path / "sweep", say=messages.append, start=start)
        commands = (tmp_path / "commands.jsonl").read_text(encoding="utf-8").splitlines()
        return account, messages, [json.loads(line) for line in commands]

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
    shown = messages.index("Job 0: seed=9 is missing: exit code 3.")
    assert shown < messages.index("Job 1: seed=1 (missing)")
    assert len(commands) == 2


def test_ctrl_c_reaches_the_job_and_no_other_is_started(tmp_path: Path, play) -> None:
    before = signal.getsignal(signal.SIGINT)
    begin(tmp_path, 8, 1)
    account, messages, commands = play()
    assert (account.done, len(commands)) == (0, 1)
    assert "Stopped; the same command goes on." in messages
    assert signal.getsignal(signal.SIGINT) is before


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
