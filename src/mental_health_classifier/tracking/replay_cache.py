"""Where a replay prepares posts: beside those of all runs, and gone when it is over."""

from __future__ import annotations

import fcntl
import os
import platform
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mental_health_classifier.tracking.files import TEMPORARY_PREFIX
from mental_health_classifier.tracking.run_directories import folder_name

CACHE = Path(".cache")
"""Where prepared posts lie anyway."""


@contextmanager
def lent_cache(root: Path = CACHE) -> Iterator[tuple[Path, int]]:
    """Lends a folder for prepared posts, and removes it whatever ends the block.

    A kill leaves it where the posts of all runs are; the next replay then removes it.

    Yields:
        The folder, and a file descriptor for processes that work in it: while one of them lives,
        nobody removes the folder.
    """
    # Locks can be known to one machine alone.
    prefix = f"replay-{folder_name(platform.node())}-"
    root.mkdir(parents=True, exist_ok=True)
    for left in root.glob(f"{prefix}*"):
        _remove_if_left(left)
    number = secrets.token_hex(8)
    # It has its name only once it is locked.
    unnamed, folder = root / f"{TEMPORARY_PREFIX}{number}", root / f"{prefix}{number}"
    unnamed.mkdir()
    lock = os.open(unnamed, os.O_RDONLY)
    try:
        _lock(lock)
        unnamed.rename(folder)
        yield folder.resolve(), lock
    finally:
        shutil.rmtree(unnamed, ignore_errors=True)
        shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)


def _remove_if_left(folder: Path) -> None:
    try:
        lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError:
        return
    try:
        if _lock(lock):
            shutil.rmtree(folder, ignore_errors=True)
    finally:
        os.close(lock)


def _lock(descriptor: int) -> bool:
    """False: somebody holds it, or this file system has no locks."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
