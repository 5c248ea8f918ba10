"""Remembered hashes of files, taken again where a file may have changed."""

from __future__ import annotations

import contextlib
import json
import time
from pathlib import Path

from mental_health_classifier.storage.files import sha256_of, write_atomically

# A file written within one tick of a coarse clock (FAT: 2 s) can change without its times changing.
_CLOCK_TICK_NS = 2_000_000_000


def content_digest(file: Path, *, memo: Path) -> str:
    """SHA-256 of what `file` holds, remembered in `memo` for the next time.

    The memory is believed while device, inode, size and both times of the file are the same: a
    write sets the time of the last change of the inode (ctime), which no program can set back, so
    unlike size and mtime alone this also sees a file that was restored or patched in place.
    """
    signature = _signature(file)
    try:
        known = json.loads(memo.read_text(encoding="utf-8"))
        if known["signature"] == signature:
            return str(known["sha256"])
    except (OSError, ValueError, KeyError, TypeError):
        pass
    started = time.time_ns()
    digest = sha256_of(file)
    if _signature(file) == signature and started - max(signature[-2:]) > _CLOCK_TICK_NS:
        content = json.dumps({"signature": signature, "sha256": digest})
        with contextlib.suppress(OSError):  # without a memory it is only slower
            write_atomically(memo, content)
    return digest


def _signature(file: Path) -> list[int]:
    status = file.stat()
    return [status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns]
