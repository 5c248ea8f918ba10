import errno
import fcntl
import os
from pathlib import Path

import pytest

from mental_health_classifier.contracts import InputError
from mental_health_classifier.storage.files import read_json, write_json
from mental_health_classifier.tracking.record.attempts import (
    Attempt,
    declare_gone,
    latest_attempt,
    life_of,
)


@pytest.fixture
def dead_attempt(tmp_path: Path) -> Path:
    """An attempt whose process let go of the lock without a word, as the kernel makes it do."""
    attempt = Attempt.begin(tmp_path, number=1)
    attempt.release()
    return attempt.folder


def change_start(attempt: Path, **changes: object) -> None:
    write_json(attempt / "start.json", read_json(attempt / "start.json") | changes)


def test_an_attempt_lives_as_long_as_its_lock_is_held(tmp_path):
    attempt = Attempt.begin(tmp_path, number=1)
    assert life_of(attempt.folder) == "running"
    assert life_of(attempt.folder) == "running", "looking must not take the lock away"
    attempt.release()
    assert life_of(attempt.folder) == "killed"


def test_an_attempt_is_taken_once(tmp_path):
    attempt = Attempt.begin(tmp_path, number=1)
    with pytest.raises(FileExistsError):
        Attempt.begin(tmp_path, number=1)
    assert os.listdir(tmp_path / "attempts") == ["001"]
    assert life_of(attempt.folder) == "running"
    attempt.release()


def test_an_attempt_ends_once(tmp_path):
    attempt = Attempt.begin(tmp_path, number=1)
    attempt.end({"status": "completed"})
    assert read_json(attempt.folder / "end.json") == {"schema_version": 2, "status": "completed"}
    assert life_of(attempt.folder) == "killed", "the lock is free; its end.json says the rest"


def test_the_latest_attempt_is_the_one_with_the_highest_number(tmp_path):
    assert latest_attempt(tmp_path) is None
    for name in ("002", "010", "1000", ".tmp-0123", "notes"):
        (tmp_path / "attempts" / name).mkdir(parents=True)
    assert latest_attempt(tmp_path) == tmp_path / "attempts" / "1000"


def test_without_locks_an_attempt_lives_as_long_as_its_process(tmp_path, monkeypatch):
    def refuse(*_):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", refuse)
    attempt = Attempt.begin(tmp_path, number=1)
    assert read_json(attempt.folder / "start.json")["is_locked"] is False
    assert life_of(attempt.folder) == "running"
    for changes in ({"boot_id": "other"}, {"process_started_at": 1.5}, {"pid": 2**22 + 1}):
        original = read_json(attempt.folder / "start.json")
        change_start(attempt.folder, **changes)
        assert life_of(attempt.folder) == "killed"
        write_json(attempt.folder / "start.json", original)
    for changes in (
        {"host": "another machine", "boot_id": "theirs"},
        {"pid_namespace": 1},
        {"host": "a container of an earlier version", "pid_namespace": None},
    ):
        change_start(attempt.folder, **changes)
        assert life_of(attempt.folder) == "unknown"
    attempt.release()


@pytest.mark.parametrize(
    ("changes", "life"),
    [
        ({"host": "node07", "boot_id": "theirs"}, "unknown"),
        ({"host": None, "boot_id": "theirs"}, "unknown"),
        ({"boot_id": "before the machine was booted again"}, "killed"),
        ({"host": "a container of this machine"}, "killed"),
    ],
)
def test_a_free_lock_says_that_a_process_is_gone_only_on_its_own_machine(
    dead_attempt: Path, changes: dict[str, object], life: str
) -> None:
    change_start(dead_attempt, **changes)
    assert life_of(dead_attempt) == life


def test_a_lock_that_another_machine_holds_is_seen_where_locks_travel(tmp_path: Path) -> None:
    attempt = Attempt.begin(tmp_path, number=1)
    change_start(attempt.folder, host="node07", boot_id="theirs")
    declare_gone(attempt.folder)
    assert life_of(attempt.folder) == "running", "whoever says that it is gone is wrong"
    attempt.release()


def test_what_nobody_can_see_is_killed_once_somebody_says_that_it_is_gone(
    dead_attempt: Path,
) -> None:
    change_start(dead_attempt, host="node07", boot_id="theirs")
    declare_gone(dead_attempt)
    declare_gone(dead_attempt)
    assert life_of(dead_attempt) == "killed"


def test_a_reader_whose_file_system_has_no_locks_looks_at_the_process(dead_attempt, monkeypatch):
    def refuse(*_):
        raise OSError(errno.ENOSYS, "Function not implemented")

    monkeypatch.setattr(fcntl, "flock", refuse)
    assert life_of(dead_attempt) == "running", "this very process"


def test_other_failures_of_locking_are_not_hidden(tmp_path, monkeypatch):
    def refuse(*_):
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(fcntl, "flock", refuse)
    with pytest.raises(OSError, match="Input/output"):
        Attempt.begin(tmp_path, number=1)
    assert os.listdir(tmp_path / "attempts") == []


def test_a_damaged_start_is_not_guessed_at(dead_attempt):
    (dead_attempt / "start.json").write_text("{")
    with pytest.raises(InputError, match="damaged"):
        life_of(dead_attempt)
