import errno
import fcntl
import os
from pathlib import Path

import pytest

from mental_health_classifier.contracts import InputError
from mental_health_classifier.tracking.attempts import Attempt, latest_attempt, life_of
from mental_health_classifier.tracking.files import read_json, write_json


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
    change_start(attempt.folder, host="another machine")
    assert life_of(attempt.folder) == "unknown"
    attempt.release()


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
