import os
import pty
import select
import signal
import subprocess
import sys
import termios
import time

import pytest
from typer.testing import CliRunner
from written_runs import write_failed_run, write_run

from mental_health_classifier.cli.app import app
from mental_health_classifier.tracking.provenance.configuration_hash import job_hash
from mental_health_classifier.tracking.sweep.ledger import SweepJob, begin_sweep

COMMAND = (sys.executable, "-m", "mental_health_classifier", "watch")


def config_of(seed):
    return {"seed": seed, "model": {"name": "small"}}


@pytest.fixture
def sweep(tmp_path):
    directory = tmp_path / "multirun" / "2026-11-23" / "15-04-05-123456-small"
    directory.mkdir(parents=True)
    jobs = [SweepJob(seed, job_hash(config_of(seed)), (f"seed={seed}",)) for seed in range(3)]
    attempt = begin_sweep(directory, jobs)
    write_run(directory / "0", run={"config": config_of(0)})
    write_failed_run(directory / "1", run={"config": config_of(1)})
    return directory, attempt


def mhc(*arguments):
    return CliRunner().invoke(app, list(map(str, arguments)))


def test_a_sweep_that_is_over_is_shown_as_its_table_and_its_last_page(sweep, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    sweep[1].end({})
    result = mhc("watch", "--html", tmp_path / "page.html")
    assert result.exit_code == 0, result.output
    assert "3 jobs: 1 completed, 1 failed, 1 missing." in result.stdout
    assert "seed=1: InputError" in result.stdout or "data.path=x is gone" in result.stdout
    page = (tmp_path / "page.html").read_text()
    assert page.rstrip().endswith("</html>") and "nothing runs any more" in page
    refused = mhc("watch", "--html", tmp_path / "page.html")
    assert refused.exit_code == 1 and "--force" in refused.stderr
    assert mhc("watch", "--html", tmp_path / "page.html", "--force").exit_code == 0


def test_what_is_not_there_is_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    refused = mhc("watch", "no_such_run")
    assert refused.exit_code == 1 and "no_such_run" in refused.stderr


def test_into_a_pipe_each_change_is_a_line(sweep, tmp_path):
    directory, attempt = sweep
    watching = subprocess.Popen(
        [*COMMAND, str(directory), "--every", "0.1"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert watching.stdout is not None
    first = [watching.stdout.readline() for _ in range(3)]
    assert first[2].endswith("2 seed=2: waiting\n") and "1 seed=1: failed" in first[1]
    write_run(directory / "2", run={"config": config_of(2)})
    assert "2 seed=2: completed" in watching.stdout.readline()
    attempt.end({})
    rest, _ = watching.communicate(timeout=20)
    assert watching.returncode == 0 and "3 jobs: 2 completed, 1 failed." in rest


def test_on_a_terminal_ctrl_c_leaves_at_once_and_without_a_trace(sweep, tmp_path):
    directory, attempt = sweep
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, 80))
    environment = {**os.environ, "TERM": "xterm-256color"}
    watching = subprocess.Popen(
        [*COMMAND, str(directory)],
        cwd=tmp_path,
        env=environment,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    shown = read_until(ours, b"Ctrl-C leaves")
    assert b"\x1b[?1049h" in shown  # a screen of its own, so that nothing of it stays
    termios.tcsetwinsize(ours, (24, 200))
    assert b"waiting" in read_until(ours, b"Ctrl-C leaves")
    began = time.monotonic()
    watching.send_signal(signal.SIGINT)
    left = read_until(ours, b"\x1b[?1049l")
    assert watching.wait(timeout=10) == 130 and time.monotonic() - began < 5
    rest = left.rpartition(b"\x1b[?1049l")[2] + drained(ours)
    assert b"Traceback" not in rest and b"Aborted" not in rest
    os.close(ours)
    attempt.release()


def read_until(terminal, wanted, *, seconds=30):
    """What a terminal was sent, up to and with the bytes that are wanted."""
    sent = b""
    end = time.monotonic() + seconds
    while wanted not in sent:
        assert time.monotonic() < end, sent
        if select.select([terminal], [], [], 0.5)[0]:
            sent += os.read(terminal, 65536)
    return sent


def drained(terminal):
    sent = b""
    while select.select([terminal], [], [], 0.2)[0]:
        try:
            part = os.read(terminal, 65536)
        except OSError:  # the other end is closed
            break
        if not part:
            break
        sent += part
    return sent
