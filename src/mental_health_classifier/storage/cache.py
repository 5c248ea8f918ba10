"""Folders of prepared data, each built once and opened only while it is whole; their chunks."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import json
import logging
import os
import secrets
import shutil
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

from mental_health_classifier.contracts import InputError
from mental_health_classifier.storage.digests import content_digest
from mental_health_classifier.storage.files import force_to_disk, sha256_of, write_atomically
from mental_health_classifier.storage.locks import take_lock
from mental_health_classifier.storage.process_identity import life_of_tag, tag_of_this_process

logger = logging.getLogger(__name__)

_SEAL = "seal.json"
_TAKEN = (errno.ENOTEMPTY, errno.EEXIST)
_FULL = (errno.ENOSPC, errno.EDQUOT)
_FORBIDDEN = (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR)


def cache_key(*parts: str) -> str:
    """Names a cache entry by everything that makes it."""
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:24]


def cached_folder(folder: Path, build: Callable[[Path], None]) -> Path:
    """The folder with what `build` makes, built if it is not there whole.

    Other processes that ask for it meanwhile wait. When building is interrupted, the next `build`
    is handed the same unfinished folder with what was left in it, to go on from there. Where the
    file system has no locks nobody waits: each process builds a folder of its own, and the first
    that is whole counts for all.

    Args:
        folder: named by `cache_key` of everything that its content depends on.
        build: fills the folder that it is given.

    Raises:
        InputError: the disk is full or cannot be written to, or a worker was killed.
    """
    if _is_whole(folder):
        return folder
    with _explaining_the_machine(folder), _unfinished(folder) as unfinished:
        if _is_whole(folder):  # by another process, while this one waited
            return folder
        if folder.exists():
            logger.warning(
                "The prepared data in %s are damaged or incomplete: they are made anew.", folder
            )
            shutil.rmtree(folder)
        unfinished.mkdir(exist_ok=True)
        try:
            build(unfinished)
        except InputError:  # the next try will be with another input
            shutil.rmtree(unfinished)
            raise
        _seal(unfinished)
        try:
            unfinished.rename(folder)
        except OSError as error:
            if error.errno not in _TAKEN or not _is_whole(folder):
                raise
            shutil.rmtree(unfinished)  # another process, which no lock kept out, was faster
    return folder


def finished_chunk(folder: Path, number: int, make: Callable[[], bytes | memoryview]) -> Path:
    """The file with the chunk of that number, made if it is not there whole, so that work which was
    interrupted goes on where it stopped."""
    for path in folder.glob(f"{number:06d}-*"):
        if path.name == _chunk_name(number, path.read_bytes()):
            return path
        path.unlink()
    content = make()
    path = folder / _chunk_name(number, content)
    # Not written beside its name first: the checksum in the name tells what a crash has cut.
    path.write_bytes(content)
    return path


def _chunk_name(number: int, content: bytes | memoryview) -> str:
    return f"{number:06d}-{zlib.crc32(content):08x}"


def _is_whole(folder: Path) -> bool:
    """Whether every file of a sealed folder is what it was when it was sealed."""
    try:
        seal = json.loads((folder / _SEAL).read_text(encoding="utf-8"))
        return all(
            content_digest(folder / name, memo=folder / f".{name}.digest") == digest
            for name, digest in seal.items()
        )
    except (OSError, ValueError, AttributeError):
        return False


def _seal(folder: Path) -> None:
    digests = {}
    for file in sorted(folder.iterdir()):
        force_to_disk(file)
        digests[file.name] = sha256_of(file)
    write_atomically(folder / _SEAL, json.dumps(digests))


@contextlib.contextmanager
def _unfinished(folder: Path) -> Iterator[Path]:
    """Lends the folder that `folder` is built in, to one process at a time.

    The lock that tells so is released by the kernel when a process dies.
    """
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
    except FileNotFoundError as error:
        # In /proc and the like nothing can be made.
        raise PermissionError(errno.EPERM, os.strerror(errno.EPERM), error.filename) from None
    unfinished = folder.with_name(f".{folder.name}.unfinished")
    # Not removed afterwards: someone may be waiting for this very file.
    with folder.with_name(f".{folder.name}.lock").open("w") as lock:
        try:
            has_locks = take_lock(lock.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            logger.info("Another process prepares the same data; waiting for it.")
            has_locks = take_lock(lock.fileno(), fcntl.LOCK_EX)
        if not has_locks:
            unfinished = _own_unfinished(folder)
        yield unfinished


def _own_unfinished(folder: Path) -> Path:
    """A place that only this process builds in, with what a dead one has left, if any."""
    beginning = f".{folder.name}.unfinished-"
    own = folder.with_name(f"{beginning}{tag_of_this_process()}.{secrets.token_hex(4)}")
    logger.info("%s has no locks: processes that prepare the same data do not wait.", folder.parent)
    for left in folder.parent.glob(f"{beginning}*"):
        if life_of_tag(left.name.removeprefix(beginning).partition(".")[0]) == "killed":
            with contextlib.suppress(OSError):  # another process took it first
                left.rename(own)
                break
    return own


@contextlib.contextmanager
def _explaining_the_machine(folder: Path) -> Iterator[None]:
    """Turns what disk and memory refuse into an InputError that says what to do."""
    try:
        yield
    except BrokenProcessPool:
        raise InputError(
            "A process that prepared data was killed, most likely because the memory was full. "
            "What is finished was kept: start again with fewer processes, data.num_workers=1, or "
            "with more memory."
        ) from None
    except OSError as error:
        if error.errno in _FULL:
            raise InputError(
                f"The disk is full: prepared data could not be written to {folder.parent}. Free "
                "some space and start again, which goes on from here, or set cache_dir=FOLDER on "
                "another disk."
            ) from error
        if error.errno in _FORBIDDEN:
            raise InputError(
                f"Prepared data cannot be written to {folder.parent}: {error.strerror}. Set "
                "cache_dir=FOLDER to a folder that can be written to."
            ) from error
        raise
