"""Signs of life of a process, for machines that share files and nothing else.

Whoever holds an attempt touches its lock file every `BEAT_SECONDS`. Another machine, to which
neither the lock nor the process shows, waits `LEASE_SECONDS` for one. Clocks of the machines play
no part: a file that is touched at that moment says what time it is where the files lie.
"""

from __future__ import annotations

import logging
import os
import signal
import threading
import time
from contextlib import suppress
from pathlib import Path

from mental_health_classifier.contracts import InputError
from mental_health_classifier.storage.files import place_in, temporary_path

log = logging.getLogger(__name__)

BEAT_SECONDS = 30.0
LEASE_SECONDS = 600.0
"""After so long without a sign a process counts as killed; network folders show one late."""

_beating: dict[int, Path] = {}
_guard = threading.RLock()
_thread: threading.Thread | None = None


def _forget_in_child() -> None:
    """A forked child holds no attempt, has no other thread, and may find the guard taken."""
    global _guard
    _beating.clear()
    _guard = threading.RLock()


os.register_at_fork(after_in_child=_forget_in_child)


def begin_beating(lock: int, attempt: Path) -> None:
    """Touches the lock file of an attempt from now on.

    Args:
        lock: the open file.
    """
    global _thread
    with _guard:
        _beating[lock] = attempt
        if _thread is None or not _thread.is_alive():
            _thread = threading.Thread(target=_beat, name="signs of life", daemon=True)
            _thread.start()


def end_beating(lock: int) -> None:
    """To be called before the file is closed, whose number another one gets."""
    with _guard:
        _beating.pop(lock, None)


def is_overdue(attempt: Path, lease_seconds: float) -> bool:
    """Whether an attempt has given no sign of life for that long. False too where that cannot be
    told, because nothing can be written there."""
    record = attempt.parent.parent
    try:
        probe = place_in(record, f"attempts/{temporary_path(record).name}")
        try:
            with probe.open("xb") as file:
                now = _touched(file.fileno())
        finally:
            probe.unlink(missing_ok=True)
        # Opened, as network folders then ask anew when it was touched.
        lock = os.open(attempt / "lock", os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        try:
            return now - os.fstat(lock).st_mtime > lease_seconds
        finally:
            os.close(lock)
    except (OSError, InputError):
        return False


def _touched(file: int) -> float:
    os.utime(file)
    return os.fstat(file).st_mtime


def _beat() -> None:
    while True:
        time.sleep(BEAT_SECONDS)
        with _guard:
            for lock, attempt in list(_beating.items()):
                # A disk that is full or gone is told by whoever writes something there.
                with suppress(OSError):
                    if attempt.with_name(f"{int(attempt.name) + 1:03d}").exists():
                        _stop(lock, attempt)
                    else:
                        os.utime(lock)


def _stop(lock: int, attempt: Path) -> None:
    """This process was stopped, or cut off, for so long that another one goes on in its place."""
    del _beating[lock]
    log.warning(
        "%s gave no sign of life for %g minutes, and another process has taken it over: this one "
        "stops.",
        attempt,
        LEASE_SECONDS / 60,
    )
    os.kill(os.getpid(), signal.SIGTERM)
