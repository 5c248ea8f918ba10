"""What is said where a disk or a folder cannot be used."""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import shutil
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from mental_health_classifier.cli.app import Commands
from mental_health_classifier.configuration.errors import explaining_errors
from mental_health_classifier.console.logs import RunLogFile
from mental_health_classifier.console.storage_failures import describe_storage_failure
from mental_health_classifier.storage.files import write_atomically

FULL = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "outputs/a/card.md")


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.ENOSPC, "disk is full"),
        (errno.EDQUOT, "quota"),
        (errno.EROFS, "read-only"),
        (errno.EACCES, "permission"),
        (errno.ENAMETOOLONG, "name is too long"),
        (errno.ENOTDIR, "a file lies where a folder belongs"),
        (errno.EISDIR, "a folder lies where a file belongs"),
    ],
)
def test_it_names_the_place_the_reason_and_what_to_do(number: int, words: str) -> None:
    message = describe_storage_failure(OSError(number, os.strerror(number), "outputs/a"))
    assert message is not None and message.startswith("outputs/a: ") and words in message
    assert "same command again" in message


@pytest.mark.parametrize(
    "error",
    [ValueError("[Errno 28]"), OSError("no number"), FileNotFoundError(errno.ENOENT, "x", "y")],
)
def test_other_errors_are_not_for_it(error: Exception) -> None:
    assert describe_storage_failure(error) is None


def test_of_a_copy_it_names_what_was_written() -> None:
    error = OSError(errno.ENOSPC, "No space left on device", "mine.py", None, "copy/mine.py")
    assert str(describe_storage_failure(error)).startswith("copy/mine.py: ")
    several = shutil.Error([("mine.py", "copy/mine.py", "[Errno 28] No space left on device")])
    assert str(describe_storage_failure(several)).startswith("copy/mine.py: ")


def test_a_command_says_it_in_one_sentence() -> None:
    app = typer.Typer(cls=Commands)

    @app.command()
    def write() -> None:
        raise FULL

    @app.command()
    def fail() -> None:
        raise OSError(errno.ECHILD, "another matter")

    done = CliRunner().invoke(app, ["write"])
    assert done.exit_code == 1 and isinstance(done.exception, SystemExit)
    assert done.stderr.startswith("outputs/a/card.md: the disk is full.")
    assert done.stderr.count("\n") == 1
    assert isinstance(CliRunner().invoke(app, ["fail"]).exception, ChildProcessError)


def test_training_says_it_in_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught, explaining_errors():
        raise FULL
    assert caught.value.code == 1
    assert capsys.readouterr().err.startswith("outputs/a/card.md: the disk is full.")


def test_a_file_that_could_not_be_written_is_named_by_its_own_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def write_bytes(path: Path, content: bytes) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "write_bytes", write_bytes)
    with pytest.raises(OSError) as caught:
        write_atomically(tmp_path / "card.md", "text")
    assert caught.value.filename == str(tmp_path / "card.md")


def test_a_log_on_a_full_disk_prints_no_tracebacks(capsys: pytest.CaptureFixture[str]) -> None:
    handler = RunLogFile("/dev/full")
    handler.emit(logging.LogRecord("a", logging.INFO, "f.py", 1, "a line", None, None))
    with contextlib.suppress(OSError):
        handler.close()
    assert capsys.readouterr().err == ""
