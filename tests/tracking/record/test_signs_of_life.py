"""A machine that sees nothing of another but files."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest

from mental_health_classifier.storage.files import read_json, write_json
from mental_health_classifier.tracking.record import signs_of_life
from mental_health_classifier.tracking.record.attempts import Attempt, life_of
from mental_health_classifier.tracking.record.signs_of_life import LEASE_SECONDS

THEIRS = {"host": "node07", "boot_id": "theirs"}


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    """An attempt of another machine, whose locks do not show here."""
    attempt = Attempt.begin(tmp_path, number=1)
    attempt.release()
    start = attempt.folder / "start.json"
    write_json(start, read_json(start) | THEIRS)
    return attempt.folder


def last_sign(attempt: Path, seconds_ago: float) -> None:
    moment = (attempt / "lock").stat().st_mtime - seconds_ago
    os.utime(attempt / "lock", (moment, moment))


def test_without_a_sign_for_the_time_of_a_lease_it_is_killed(elsewhere: Path) -> None:
    assert life_of(elsewhere) == "unknown"
    last_sign(elsewhere, LEASE_SECONDS - 60)
    assert life_of(elsewhere) == "unknown"
    last_sign(elsewhere, 61)
    assert life_of(elsewhere) == "killed"
    assert sorted(os.listdir(elsewhere.parent)) == ["001"], "looking leaves nothing behind"


@pytest.mark.parametrize("hours", [-5, 5])
def test_what_the_clock_of_this_machine_says_plays_no_part(elsewhere, monkeypatch, hours) -> None:
    real = time.time
    monkeypatch.setattr(time, "time", lambda: real() + hours * 3600)
    assert life_of(elsewhere) == "unknown"
    last_sign(elsewhere, LEASE_SECONDS + 1)
    assert life_of(elsewhere) == "killed"


def test_records_of_before_and_places_where_nothing_can_be_written_stay_unknown(
    elsewhere: Path, monkeypatch
) -> None:
    last_sign(elsewhere, LEASE_SECONDS + 1)
    start = read_json(elsewhere / "start.json")
    del start["lease_seconds"]
    write_json(elsewhere / "start.json", start)
    assert life_of(elsewhere) == "unknown"
    write_json(elsewhere / "start.json", start | {"lease_seconds": LEASE_SECONDS})
    elsewhere.parent.rename(elsewhere.parent.with_name("moved"))
    elsewhere.parent.symlink_to("moved")
    assert life_of(elsewhere) == "unknown", "nothing is written through a link in a record"


def test_whoever_holds_an_attempt_gives_signs_until_it_ends(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(signs_of_life, "BEAT_SECONDS", 0.01)
    monkeypatch.setattr(signs_of_life, "_thread", None)
    attempt = Attempt.begin(tmp_path, number=1)
    last_sign(attempt.folder, 1000)
    deadline, now = time.monotonic() + 5, (attempt.folder / "start.json").stat().st_mtime
    while (attempt.folder / "lock").stat().st_mtime < now - 1:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    attempt.end({})
    last_sign(attempt.folder, 1000)
    time.sleep(0.05)
    assert (attempt.folder / "lock").stat().st_mtime < now - 900


def test_a_process_that_was_taken_over_stops(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(signs_of_life, "BEAT_SECONDS", 0.01)
    monkeypatch.setattr(signs_of_life, "_thread", None)
    stopped: list[int] = []
    previous = signal.signal(signal.SIGTERM, lambda number, _: stopped.append(number))
    try:
        attempt = Attempt.begin(tmp_path, number=1)
        (tmp_path / "attempts" / "002").mkdir()
        deadline = time.monotonic() + 5
        while not stopped:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        time.sleep(0.05)
    finally:
        signal.signal(signal.SIGTERM, previous)
    assert stopped == [signal.SIGTERM], "it is told once"
    attempt.release()
