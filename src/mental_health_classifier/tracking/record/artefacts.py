"""Checksums of the files of a run, and its peak memory."""

from __future__ import annotations

import os
import resource
import stat
import sys
from pathlib import Path
from typing import Any

from mental_health_classifier.storage.files import TEMPORARY_PREFIX, sha256_of

OPEN_FOLDERS = frozenset({"attempts", "logs", "tensorboard"})
"""Folders of a run that are still being written when its end is, and so have no checksum."""


def artefacts_of(directory: Path) -> dict[str, dict[str, Any]]:
    """Size and SHA-256 of every file a run leaves behind, by path within its directory.

    A file that cannot be read has a SHA-256 of None: it must not keep the end from being written.
    """
    artefacts = {}
    for folder, subfolders, files in os.walk(directory):
        if Path(folder) == directory:
            subfolders[:] = [name for name in subfolders if name not in OPEN_FOLDERS]
        for file in files:
            path = Path(folder, file)
            try:
                status = path.lstat()
            except FileNotFoundError:
                continue
            # A link's target is not the run's own.
            if stat.S_ISREG(status.st_mode) and not file.startswith(TEMPORARY_PREFIX):
                facts = {"bytes": status.st_size, "sha256": _hash_if_readable(path)}
                artefacts[path.relative_to(directory).as_posix()] = facts
    return dict(sorted(artefacts.items()))


def _hash_if_readable(path: Path) -> str | None:
    try:
        return sha256_of(path)
    except OSError:
        return None


def peak_memory_bytes() -> int:
    """The most memory this process has held at once."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # Kibibytes everywhere but on macOS.
    return peak if sys.platform == "darwin" else peak * 1024
