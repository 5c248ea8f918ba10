"""Left-overs of stopped commands, and removal of those that nobody needs any more."""

from __future__ import annotations

import errno
import os
import re
import secrets
import shutil
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from mental_health_classifier.storage.files import TEMPORARY_PREFIX, temporary_path
from mental_health_classifier.storage.process_identity import life_of_tag

_STALE_DAYS = 7
_OWNED = re.compile(rf"{re.escape(TEMPORARY_PREFIX)}([0-9a-f]{{8}}-.+)-[0-9a-f]{{16}}")
_DEPARTING = re.compile(rf"{re.escape(TEMPORARY_PREFIX)}deleted-[0-9a-f]{{16}}")
_WITHOUT_OWNER = re.compile(rf"{re.escape(TEMPORARY_PREFIX)}[0-9a-f]{{16}}")
"""As earlier versions called them."""


def departing_path(folder: Path) -> Path:
    """A free name for a folder that is about to be deleted, whoever finishes that."""
    return folder / f"{TEMPORARY_PREFIX}deleted-{secrets.token_hex(8)}"


def sweep(folder: Path) -> None:
    """Removes what killed processes left in a folder.

    What a process of this machine is at stays; so does for a week what another machine's may be at.
    """
    for path in sorted(folder.glob(f"{TEMPORARY_PREFIX}*")):
        if _is_left(path):
            remove(path)


@contextmanager
def lent_folder(parent: Path) -> Iterator[Path]:
    """Lends a folder that is gone when the block is left; after a kill, when the next is lent.

    What was made there stays if it is given a name of its own before that.
    """
    parent.mkdir(parents=True, exist_ok=True)
    sweep(parent)
    folder = temporary_path(parent)
    folder.mkdir()
    try:
        yield folder.resolve()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def take_place(prepared: Path, destination: Path) -> bool:
    """Gives a prepared folder its place, unless something is there; whether nothing was."""
    destination.parent.mkdir(parents=True, exist_ok=True)
    try:
        if not destination.exists():
            prepared.rename(destination)
            return True
    except OSError as error:  # another process was faster
        if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
            raise
    return False


def never_began(directory: Path) -> bool:
    """Whether a directory was claimed for a run by Hydra, and no record was begun in it."""
    return (directory / "config" / "hydra.yaml").is_file() and {
        each.name for each in directory.iterdir()
    } <= {"config", "logs"}


def leftovers_below(roots: Iterable[Path]) -> Iterator[Path]:
    """What `sweep` removes, at any depth; and of more than a week ago what earlier versions left,
    and directories of runs that were killed before their record began.

    For folders of runs, which nothing but this package writes into.
    """
    for root in roots:
        for folder, subfolders, files in os.walk(root):
            for name in [*subfolders, *files]:
                path = Path(folder, name)
                is_old = _WITHOUT_OWNER.fullmatch(name) or never_began(path)
                if _is_left(path) or (is_old and _is_stale(path)):
                    yield path
            subfolders[:] = [name for name in subfolders if not name.startswith(TEMPORARY_PREFIX)]


def remove(path: Path) -> None:
    """Deletes a file or folder; what another process deletes meanwhile is no error.

    Raises:
        OSError: something could not be deleted.
    """
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
        if path.exists():
            shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _is_left(path: Path) -> bool:
    if _DEPARTING.fullmatch(path.name):
        return True
    owned = _OWNED.fullmatch(path.name)
    if owned is None:
        return False
    life = life_of_tag(owned[1])
    return life == "killed" or (life == "unknown" and _is_stale(path))


def _is_stale(path: Path) -> bool:
    try:
        return path.lstat().st_mtime < time.time() - _STALE_DAYS * 24 * 3600
    except FileNotFoundError:
        return False
