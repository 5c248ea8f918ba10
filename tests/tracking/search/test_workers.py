import os
import subprocess
import sys
import time

import pytest

from mental_health_classifier.tracking.record import signs_of_life
from mental_health_classifier.tracking.search.workers import are_gone, at_work

WORKER = """
import sys
from pathlib import Path
from mental_health_classifier.tracking.search.workers import at_work
with at_work(Path(sys.argv[1])):
    print("at work", flush=True)
    sys.stdin.read()
"""


def test_a_search_waits_for_its_first_worker(tmp_path):
    assert not are_gone(tmp_path)


def test_workers_are_gone_when_the_last_has_left(tmp_path):
    with at_work(tmp_path):
        with at_work(tmp_path):
            assert not are_gone(tmp_path)
        assert not are_gone(tmp_path)
    assert are_gone(tmp_path)
    with at_work(tmp_path):  # somebody goes on with it
        assert not are_gone(tmp_path)


def test_a_worker_goes_on_when_another_one_comes(tmp_path, monkeypatch):
    stopped = []
    monkeypatch.setattr(signs_of_life, "_stop", lambda lock, attempt: stopped.append(attempt))
    monkeypatch.setattr(signs_of_life, "_thread", None)
    monkeypatch.setattr(signs_of_life, "BEAT_SECONDS", 0.01)
    with at_work(tmp_path), at_work(tmp_path):
        time.sleep(0.1)
    assert not stopped


def test_a_worker_that_fails_has_left_too(tmp_path):
    with pytest.raises(ZeroDivisionError), at_work(tmp_path):
        _ = 1 // 0
    assert are_gone(tmp_path)


def test_a_worker_that_is_killed_is_gone(tmp_path):
    with subprocess.Popen(
        [sys.executable, "-c", WORKER, tmp_path],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    ) as worker:
        assert worker.stdout is not None and worker.stdout.readline() == b"at work\n"
        assert not are_gone(tmp_path)
        worker.kill()
        worker.wait()
    assert are_gone(tmp_path)
