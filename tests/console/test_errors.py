"""Exceptions of reading data, and of disks and folders that cannot be used."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from mental_health_classifier.cli.app import Commands
from mental_health_classifier.configuration.errors import explaining_errors
from mental_health_classifier.console.errors import (
    describe_storage_failure,
    trace_without_message,
)
from mental_health_classifier.data.reading import posts
from mental_health_classifier.data.reading.account import Account
from mental_health_classifier.storage.files import write_atomically
from mental_health_classifier.tracking.record.failures import describe_error

WORDS = "a canary sang"
FULL = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "outputs/a/card.md")


def raised_while_reading(path: Path, monkeypatch: pytest.MonkeyPatch) -> Exception:
    def fail(text: str) -> None:
        raise ValueError(f"could not convert string to float: {text!r}")

    monkeypatch.setattr(posts, "scrub", fail)
    path.write_text(f"text,label\n{WORDS},sad\n")
    options = {"files": None, "columns": {}, "labels": None, "severity_levels": None}
    source = posts.Source.of(str(path), **options, kept_columns={})
    with pytest.raises(ValueError, match=WORDS) as caught:
        posts.clean_rows(list(source.rows(Account())), source)
    return caught.value


def test_an_error_from_reading_data_keeps_its_place_and_not_its_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    error = raised_while_reading(tmp_path / "posts.csv", monkeypatch)
    trace = trace_without_message(error)
    assert trace is not None
    assert "in clean_rows" in trace and "ValueError: its message is not shown" in trace
    assert WORDS not in trace and WORDS not in str(describe_error(error))


def test_an_error_from_elsewhere_keeps_its_words() -> None:
    with pytest.raises(ZeroDivisionError) as caught:
        _ = 1 / 0
    assert trace_without_message(caught.value) is None


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


@pytest.mark.parametrize("number", [errno.ENOENT, errno.EEXIST])
def test_a_disk_that_is_not_mounted_is_told_by_the_link_to_it(number: int, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("/scratch/gone")
    for place in (tmp_path / "link", tmp_path / "link" / "outputs" / "run"):
        message = describe_storage_failure(OSError(number, os.strerror(number), str(place)))
        assert message is not None and message.startswith(
            f"{tmp_path / 'link'} is a link to nothing"
        )


def test_a_file_where_a_folder_is_to_be_made_and_a_present_folder_that_is_gone_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(FileExistsError) as caught:
        (tmp_path / "file").mkdir(exist_ok=True)
    assert "there is a file of that name" in str(describe_storage_failure(caught.value))
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    with pytest.raises(FileNotFoundError) as caught:
        Path("x").resolve()
    assert "present folder was deleted" in str(describe_storage_failure(caught.value))


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


def test_a_pipe_that_is_closed_ends_training_quietly() -> None:
    script = (
        "from mental_health_classifier.configuration.errors import explaining_errors\n"
        "with explaining_errors():\n"
        "    print('help')\n"
    )
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [sys.executable, "-c", script], stdout=writing, stderr=subprocess.PIPE, text=True
    )
    os.close(writing)
    assert (done.returncode, done.stderr) == (1, "")


def test_a_file_that_could_not_be_written_is_named_by_its_own_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def write_bytes(path: Path, content: bytes) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "write_bytes", write_bytes)
    with pytest.raises(OSError) as caught:
        write_atomically(tmp_path / "card.md", "text")
    assert caught.value.filename == str(tmp_path / "card.md")
