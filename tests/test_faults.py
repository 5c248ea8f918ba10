"""What a record says after every kind of death. The counts are printed: pytest -s shows them."""

from __future__ import annotations

import contextlib
import errno
import os
import random
import resource
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hydra import compose, initialize_config_dir
from omegaconf import DictConfig
from resuming import SMALL, in_child, run, start_child

from mental_health_classifier.configuration.build import register_resolvers
from mental_health_classifier.contracts import InputError
from mental_health_classifier.storage.json_lines import read_records
from mental_health_classifier.tracking.record import attempts
from mental_health_classifier.tracking.record.record_check import changed_files
from mental_health_classifier.tracking.record.resumption import resumed_run
from mental_health_classifier.tracking.record.run_record import RunRecord, recorded_run
from mental_health_classifier.tracking.record.run_summary import read_run
from mental_health_classifier.tracking.run_index import find_runs, list_runs

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(900),
    pytest.mark.filterwarnings("ignore:.*LeafSpec:FutureWarning"),
]

ROOT = Path(__file__).resolve().parent.parent
KILLS_OF_TRAININGS = 36
KILLS_OF_RECORDS = 100
STOPS = 40


def record(directory: Path, name: str = "a") -> RunRecord:
    return recorded_run(
        directory,
        **{"name": name, "description": "", "hypothesis": "", "tags": [], "seed": 1},
        **{"model": "m", "variants": [], "config": {"a": 1}, "overrides": [], "argv": []},
    )


def write_a_run(directory: Path, *, pause: float = 0.0, num_steps: int = 20) -> None:
    with record(directory) as found:
        found.write_data({"classes": ["a", "b"]})
        for step in range(num_steps):
            found.log_metrics({"loss": 1 / (step + 1)}, step=step, epoch=0)
            time.sleep(pause)
        found.finish(metrics={"test/accuracy": 0.5})


@pytest.fixture
def completed(tmp_path: Path) -> Path:
    """A completed run beside those that die; it must never be lost or misread."""
    directory = tmp_path / "runs" / "completed"
    assert in_child(lambda: write_a_run(directory)) == 0
    return directory


@contextlib.contextmanager
def a_reader(root: Path, completed: Path) -> Iterator[list[Any]]:
    """Lists the runs again and again meanwhile; what it finds wrong is in the list."""
    wrong: list[Any] = []
    is_over = threading.Event()

    def read() -> None:
        while not is_over.is_set():
            statuses = {each.directory: each.status for each in list_runs([root])}
            if statuses.get(completed) != "completed":
                wrong.append(statuses)
            wrong.extend(each.problems for each in list_runs([root]) if each.problems)
            time.sleep(0.05)

    reader = threading.Thread(target=read)
    reader.start()
    try:
        yield wrong
    finally:
        is_over.set()
        reader.join()


def tally(root: Path, completed: Path) -> dict[str, int]:
    """What is wrong with the records below a folder, once no process is left."""
    runs = find_runs([root])
    kept = read_run(completed)
    torn = [each for each in runs if each.problems]
    for each in runs:
        with contextlib.suppress(FileNotFoundError):
            torn += [each] * read_records(each.directory / "metrics.jsonl").num_damaged
    is_lost = kept.status != "completed" or changed_files(kept) != []
    alive = [each for each in runs if each.status not in ("killed", "completed")]
    return {"records torn": len(torn), "statuses wrong": len(alive), "completed lost": int(is_lost)}


NOTHING_WRONG = {"records torn": 0, "statuses wrong": 0, "completed lost": 0}


def killed_after(seconds: float, *works: Callable[[], object]) -> list[bool]:
    """Starts all at once and kills them; says of each whether it had ended by itself."""
    children = [start_child(work) for work in works]
    time.sleep(seconds)
    for child in children:
        os.kill(child, signal.SIGKILL)
    return [os.waitpid(child, 0)[1] == 0 for child in children]


@pytest.fixture(scope="module")
def small_config(tmp_path_factory: pytest.TempPathFactory) -> DictConfig:
    register_resolvers()
    cache = tmp_path_factory.mktemp("cache")
    with initialize_config_dir(str(ROOT / "conf"), version_base="1.3"):
        return compose("config", overrides=[f"cache_dir={cache}", *SMALL])


def test_killed_trainings_of_a_parallel_sweep_are_seen_as_killed(
    tmp_path, completed, small_config
) -> None:
    start = time.perf_counter()
    assert in_child(lambda: run(small_config, tmp_path / "whole")) == 0
    duration = time.perf_counter() - start
    moments = random.Random(1)
    root, wrong_statuses, num_ended = tmp_path / "runs", 0, 0
    with a_reader(root, completed) as wrong:
        for number in range(KILLS_OF_TRAININGS // 2):
            pair = [root / f"{number}-{job}" for job in (0, 1)]
            works = [lambda each=each: run(small_config, each) for each in pair]
            ended = killed_after(moments.uniform(0, 1.5 * duration), *works)
            for directory, has_ended in zip(pair, ended, strict=True):
                num_ended += has_ended
                if (directory / "run.json").exists():
                    expected = {"completed"} if has_ended else {"killed", "completed"}
                    wrong_statuses += read_run(directory).status not in expected
    found = tally(root, completed)
    print(f"\n{KILLS_OF_TRAININGS} trainings killed, of which {num_ended} had just ended: {found}")
    assert found == NOTHING_WRONG and wrong == [] and wrong_statuses == 0


def test_killed_while_it_writes_a_record_is_whole_or_not_there(tmp_path, completed) -> None:
    start = time.perf_counter()
    assert in_child(lambda: write_a_run(tmp_path / "whole")) == 0
    duration = time.perf_counter() - start
    moments = random.Random(2)
    root = tmp_path / "runs"
    with a_reader(root, completed) as wrong:
        for number in range(KILLS_OF_RECORDS):
            directory = root / str(number)
            killed_after(
                moments.uniform(0, 1.2 * duration), lambda each=directory: write_a_run(each)
            )
    found = tally(root, completed)
    statuses = [each.status for each in find_runs([root])]
    print(
        f"\n{KILLS_OF_RECORDS} records killed: {statuses.count('killed')} killed, "
        f"{statuses.count('completed') - 1} completed before: {found}"
    )
    assert found == NOTHING_WRONG and wrong == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_asked_to_stop_at_any_moment_it_is_recorded_as_interrupted(
    tmp_path, completed, number: signal.Signals
) -> None:
    moments = random.Random(int(number))
    statuses = []
    for place in range(STOPS // 2):
        directory = tmp_path / "runs" / str(place)
        child = start_child(lambda each=directory: write_a_run(each, pause=0.01))
        while not (directory / "metrics.jsonl").exists():
            time.sleep(0.002)
        time.sleep(moments.uniform(0, 0.25))
        os.kill(child, number)
        os.waitpid(child, 0)
        statuses.append(read_run(directory).status)
    print(f"\n{len(statuses)} asked to stop: {statuses.count('interrupted')} interrupted, ", end="")
    print(f"{statuses.count('completed')} completed, others 0")
    assert set(statuses) <= {"interrupted", "completed"} and "interrupted" in statuses


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", disk], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("mounting a small tmpfs needs privileges that are not given here")
    try:
        yield disk
    finally:
        subprocess.run(["umount", disk], check=True)


def fill(disk: Path) -> None:
    with contextlib.suppress(OSError), (disk / "filler").open("ab", buffering=0) as filler:
        for size in (65536, 1):
            with contextlib.suppress(OSError):
                while filler.write(b"x" * size):
                    pass


@pytest.mark.parametrize("moment", ["start", "middle", "end"])
def test_on_a_full_disk_nothing_is_shown_as_whole_and_nothing_is_lost(
    small_disk: Path, moment: str
) -> None:
    completed, directory = small_disk / "completed", small_disk / "run"
    assert in_child(lambda: write_a_run(completed)) == 0

    def work() -> None:
        if moment == "start":
            fill(small_disk)
        with record(directory) as found:
            found.log_metrics({"loss": 1.0}, step=0, epoch=0)
            if moment == "middle":
                fill(small_disk)
            for step in range(1, 2000 if moment == "middle" else 2):
                found.log_metrics({"loss": 0.5}, step=step, epoch=0)
            found.finish(metrics={"test/accuracy": 0.5})
            if moment == "end":
                fill(small_disk)

    assert in_child(work) != 0
    (small_disk / "filler").unlink()
    statuses = {each.directory.name: each.status for each in find_runs([small_disk])}
    print(f"\nfull at the {moment}: {statuses.get('run', 'no run')}")
    assert statuses.pop("completed") == "completed"
    assert changed_files(read_run(completed)) == []
    # With a little room left by what is deleted, even the end can be written.
    assert set(statuses.values()) <= {"killed", "failed"}
    if moment == "start":
        assert statuses == {}
    # There is room again, and the run can go on.
    if statuses:
        assert in_child(lambda: finish_again(directory)) == 0
        assert read_run(directory).status == "completed"


def finish_again(directory: Path) -> None:
    with resumed_run(directory) as found:
        found.rewind_metrics(0)
        found.finish(metrics={"test/accuracy": 0.5})


@pytest.mark.parametrize("quota", [0, 100, 1000, 4000, 10_000, 20_000, 40_000])
def test_a_quota_that_no_file_may_exceed_tears_nothing(tmp_path, completed, quota: int) -> None:
    directory = tmp_path / "runs" / "run"

    def work() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (quota, quota))
        write_a_run(directory, num_steps=1000)

    code = in_child(work)
    statuses = {each.directory.name: each.status for each in find_runs([tmp_path / "runs"])}
    assert statuses.pop("completed") == "completed" and changed_files(read_run(completed)) == []
    assert statuses.get("run", "not there") in (
        {"completed"} if code == 0 else {"not there", "failed", "killed"}
    )
    assert not any(each.problems for each in find_runs([tmp_path / "runs"]))


def as_nobody(work: Callable[[], object]) -> int:
    """Does the work without the rights of root, to whom no folder is read-only."""

    def without_rights() -> None:
        if os.getuid() == 0:
            os.setgid(65534)
            os.setuid(65534)
        work()

    return in_child(without_rights)


def test_a_read_only_folder_can_be_read_and_refuses_a_run_clearly(tmp_path, completed) -> None:
    root = tmp_path / "runs"
    for folder in (tmp_path, *tmp_path.parents):
        if folder.is_relative_to(tempfile.gettempdir()) and folder.stat().st_mode & 0o777 == 0o700:
            folder.chmod(0o755)  # pytest keeps its folders to itself
    root.chmod(0o555)

    def work() -> None:
        assert [each.status for each in list_runs([root])] == ["completed"]
        with pytest.raises(OSError) as caught, record(root / "run"):
            pass
        assert caught.value.errno in (errno.EACCES, errno.EROFS)

    assert as_nobody(work) == 0
    assert [path.name for path in root.iterdir()] == ["completed"]


def test_small_files_cut_or_flipped_at_any_byte_are_never_shown_as_whole(
    tmp_path, completed
) -> None:
    num_tried = 0
    for name in ("run.json", "data.json", "attempts/001/end.json"):
        path = completed / name
        whole = path.read_bytes()
        for place in range(len(whole)):
            path.write_bytes(whole[:place])
            assert read_run(completed).status == "damaged", (name, place)
            flipped = bytearray(whole)
            flipped[place] ^= 1 << place % 8
            path.write_bytes(flipped)
            assert read_run(completed).status == "damaged", (name, place)
            num_tried += 2
        path.write_bytes(whole)
    assert read_run(completed).status == "completed"
    print(f"\n{num_tried} cuts and flipped bits of small files, noticed: all")


def test_large_files_cut_or_flipped_are_named(tmp_path, completed) -> None:
    path = completed / "metrics.jsonl"
    whole, places = path.read_bytes(), random.Random(3)
    for _ in range(200):
        place = places.randrange(len(whole))
        path.write_bytes(whole[:place])
        assert changed_files(read_run(completed)) == ["metrics.jsonl"]
        flipped = bytearray(whole)
        flipped[place] ^= 1 << place % 8
        path.write_bytes(flipped)
        assert changed_files(read_run(completed)) == ["metrics.jsonl"]
        records = read_records(path)
        assert records.num_damaged in (1, 2) and len(records.records) >= 18
    path.write_bytes(whole)
    assert changed_files(read_run(completed)) == []


def test_sixteen_started_together_are_sixteen_runs_and_one_in_one_directory(tmp_path) -> None:
    go = time.time() + 0.5

    def wait_and(work: Callable[[], object]) -> Callable[[], object]:
        def waiting() -> None:
            time.sleep(max(0.0, go - time.time()))
            work()

        return waiting

    def codes(directories: list[Path]) -> list[int]:
        children = [start_child(wait_and(lambda d=d: write_a_run(d))) for d in directories]
        return [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]

    assert codes([tmp_path / "own" / str(number) for number in range(16)]) == [0] * 16
    assert [each.status for each in find_runs([tmp_path / "own"])] == ["completed"] * 16
    go = time.time() + 0.5
    assert sorted(codes([tmp_path / "one" / "run"] * 16)) == [0] + [1] * 15
    assert [each.status for each in find_runs([tmp_path / "one"])] == ["completed"]
    assert len(read_records(tmp_path / "one" / "run" / "metrics.jsonl").records) == 20


def test_sixteen_that_resume_one_run_are_one_attempt(tmp_path) -> None:
    directory = tmp_path / "run"

    def die() -> None:
        with record(directory):
            os.kill(os.getpid(), signal.SIGKILL)

    assert in_child(die) == -signal.SIGKILL

    def resume_slowly() -> None:
        with resumed_run(directory) as found:
            time.sleep(1)
            found.finish(metrics={})

    children = [start_child(resume_slowly) for _ in range(16)]
    codes = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
    assert sorted(codes) == [0] + [1] * 15
    assert sorted(path.name for path in (directory / "attempts").iterdir()) == ["001", "002"]
    assert read_run(directory).status == "completed"


def test_a_clock_that_goes_backwards_changes_no_status(tmp_path, monkeypatch) -> None:
    hours = iter(range(0, -1000, -1))

    def backwards() -> str:
        return (datetime.now(UTC) + timedelta(hours=next(hours))).isoformat()

    for module in ("attempts", "run_record"):
        monkeypatch.setattr(f"mental_health_classifier.tracking.record.{module}.now", backwards)
    directory = tmp_path / "run"
    with pytest.raises(ZeroDivisionError), record(directory):
        raise ZeroDivisionError
    assert read_run(directory).status == "failed"
    found = resumed_run(directory)
    with found:
        assert read_run(directory).status == "running"
        found.finish(metrics={"test/accuracy": 0.5})
    run = read_run(directory)
    assert run.status == "completed" and run.duration_seconds is not None
    assert 0 <= run.duration_seconds < 10
    assert attempts.latest_attempt(directory) == directory / "attempts" / "002"


def test_a_run_is_not_resumed_while_it_runs_or_when_it_is_done(tmp_path) -> None:
    with record(tmp_path / "run") as found:
        with pytest.raises(InputError, match="is running"):
            resumed_run(tmp_path / "run")
        found.finish(metrics={})
    with pytest.raises(InputError, match="is completed"):
        resumed_run(tmp_path / "run")
    shutil.rmtree(tmp_path / "run" / "attempts")
    with pytest.raises(InputError, match="is damaged"):
        resumed_run(tmp_path / "run")
