import errno
import fcntl
import logging
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from mental_health_classifier.contracts import InputError
from mental_health_classifier.storage import digests
from mental_health_classifier.storage.cache import cache_key, cached_folder
from mental_health_classifier.storage.digests import content_digest


def build(folder: Path) -> None:
    (folder / "one").write_bytes(b"first")
    (folder / "two").write_bytes(b"second")


def refuse(folder: Path) -> None:
    raise AssertionError("it was there already")


def test_what_is_built_once_is_only_opened_afterwards(tmp_path: Path) -> None:
    entry = cached_folder(tmp_path / "kind" / "key", build)
    assert (entry / "one").read_bytes() == b"first"
    assert cached_folder(tmp_path / "kind" / "key", refuse) == entry


@pytest.mark.parametrize("damage", ["flipped", "shorter", "missing", "no seal"])
def test_damage_is_seen_said_and_repaired(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, damage: str
) -> None:
    entry = cached_folder(tmp_path / "key", build)
    file = entry / "two"
    if damage == "flipped":
        file.write_bytes(b"secomd")
    elif damage == "shorter":
        file.write_bytes(b"sec")
    elif damage == "missing":
        file.unlink()
    else:
        (entry / "seal.json").write_text("{")
    with caplog.at_level(logging.WARNING):
        cached_folder(tmp_path / "key", build)
    assert "damaged or incomplete: they are made anew" in caplog.text
    assert file.read_bytes() == b"second"
    cached_folder(tmp_path / "key", refuse)


def test_what_is_interrupted_goes_on_with_what_was_left(tmp_path: Path) -> None:
    def interrupted(folder: Path) -> None:
        (folder / "one").write_bytes(b"first")
        raise KeyboardInterrupt

    def rest(folder: Path) -> None:
        assert (folder / "one").read_bytes() == b"first"
        (folder / "two").write_bytes(b"second")

    with pytest.raises(KeyboardInterrupt):
        cached_folder(tmp_path / "key", interrupted)
    assert not (tmp_path / "key").exists()
    assert (cached_folder(tmp_path / "key", rest) / "two").exists()


def test_what_cannot_be_prepared_leaves_nothing_behind(tmp_path: Path) -> None:
    def unusable(folder: Path) -> None:
        (folder / "one").write_bytes(b"first")
        raise InputError("no posts")

    with pytest.raises(InputError, match="no posts"):
        cached_folder(tmp_path / "kind" / "key", unusable)
    assert [p.name for p in (tmp_path / "kind").iterdir() if p.is_dir()] == []


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs Linux")
def test_a_place_where_nothing_can_be_made_is_told() -> None:
    with pytest.raises(InputError, match=r"cannot be written to /proc/x/posts.*cache_dir=FOLDER"):
        cached_folder(Path("/proc/x/posts/key"), lambda folder: None)


def test_of_two_who_ask_at_once_one_builds(tmp_path: Path) -> None:
    built = []

    def slowly(folder: Path) -> None:
        built.append(folder)
        time.sleep(0.2)
        build(folder)

    threads = [
        threading.Thread(target=cached_folder, args=(tmp_path / "key", slowly)) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(built) == 1


@pytest.fixture
def without_locks(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", refuse)


def test_without_locks_each_builds_for_itself_and_one_counts(
    tmp_path: Path, without_locks: None
) -> None:
    begun = threading.Barrier(3)

    def together(folder: Path) -> None:
        begun.wait()
        build(folder)

    threads = [
        threading.Thread(target=cached_folder, args=(tmp_path / "key", together)) for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (cached_folder(tmp_path / "key", refuse) / "two").read_bytes() == b"second"
    assert [path.name for path in tmp_path.iterdir() if path.is_dir()] == ["key"]


def test_without_locks_the_next_process_goes_on_with_what_a_killed_one_left(
    tmp_path: Path, without_locks: None
) -> None:
    script = f"""
import errno, fcntl, os, pathlib
from mental_health_classifier.storage.cache import cached_folder

def refuse(*_):
    raise OSError(errno.ENOLCK, "No locks available")

def killed(folder):
    (folder / "one").write_bytes(b"first")
    os._exit(9)

fcntl.flock = refuse
cached_folder(pathlib.Path({str(tmp_path)!r}, "key"), killed)
"""
    assert subprocess.run([sys.executable, "-c", script]).returncode == 9

    def rest(folder: Path) -> None:
        assert (folder / "one").read_bytes() == b"first"
        (folder / "two").write_bytes(b"second")

    cached_folder(tmp_path / "key", rest)
    assert [path.name for path in tmp_path.iterdir() if path.is_dir()] == ["key"]


@pytest.mark.parametrize(
    ("number", "message"),
    [(errno.ENOSPC, "The disk is full.*cache_dir=FOLDER"), (errno.EROFS, "cannot be written to")],
)
def test_a_disk_that_is_full_or_closed_is_explained(
    tmp_path: Path, number: int, message: str
) -> None:
    def fail(folder: Path) -> None:
        raise OSError(number, os.strerror(number))

    with pytest.raises(InputError, match=message):
        cached_folder(tmp_path / "key", fail)


def test_a_cache_dir_that_is_a_file_is_explained(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot be written to"):
        cached_folder(tmp_path / "file" / "kind" / "key", build)


def test_a_key_separates_its_parts() -> None:
    assert cache_key("ab", "c") != cache_key("a", "bc")


def test_a_digest_is_remembered_until_the_file_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, memo = tmp_path / "posts.csv", tmp_path / "memo.json"
    file.write_bytes(b"before")
    first = content_digest(file, memo=memo)
    assert not memo.exists()  # so new that a change would not show in its times
    monkeypatch.setattr(digests, "_CLOCK_TICK_NS", 0)
    time.sleep(0.05)
    assert content_digest(file, memo=memo) == first and memo.exists()

    monkeypatch.setattr(digests, "sha256_of", None)
    assert content_digest(file, memo=memo) == first  # without reading it
    monkeypatch.undo()

    status = file.stat()
    file.write_bytes(b"after!")  # as long as before, and the time of the last change put back
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert content_digest(file, memo=memo) != first


@pytest.mark.parametrize("content", ["", "{}", "[1]", '{"signature": 3}'])
def test_a_damaged_memory_is_no_memory(tmp_path: Path, content: str) -> None:
    (tmp_path / "file").write_bytes(b"x")
    (tmp_path / "memo").write_text(content)
    assert len(content_digest(tmp_path / "file", memo=tmp_path / "memo")) == 64
