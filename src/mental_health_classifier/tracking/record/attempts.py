"""Attempts at a run: a folder and a lock for each process.

A process that is killed cannot say so. It therefore holds a lock for as long as it lives, which
the kernel releases at its death, and everyone else derives the status from that.
"""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from mental_health_classifier.contracts import InputError
from mental_health_classifier.storage.files import (
    SCHEMA_VERSION,
    force_to_disk,
    place_in,
    read_json,
    temporary_path,
    write_json,
    write_json_once,
)
from mental_health_classifier.storage.locks import take_lock
from mental_health_classifier.storage.process_identity import (
    Life,
    is_of_this_machine,
    life_of_process,
    this_process,
)
from mental_health_classifier.tracking.record.signs_of_life import (
    LEASE_SECONDS,
    begin_beating,
    end_beating,
    is_overdue,
)

_GONE = "gone.json"

_held_locks: set[int] = set()


def _close_inherited_locks() -> None:
    for descriptor in _held_locks:
        os.close(descriptor)
    _held_locks.clear()


# A lock belongs to an open file, which a forked child shares: data-loading workers that outlive a
# killed parent would make it look alive.
os.register_at_fork(after_in_child=_close_inherited_locks)


@dataclass
class Attempt:
    """A folder `attempts/NNN` that this process holds the lock of."""

    folder: Path
    _lock: int
    _owner: int

    @classmethod
    def begin(
        cls, run_directory: Path, *, number: int, facts: Mapping[str, Any] | None = None
    ) -> Attempt:
        """Takes an attempt: the folder appears complete, with its lock already held.

        Args:
            facts: what start.json says beside when and where the attempt started.

        Raises:
            FileExistsError: another process has taken this attempt.
        """
        folder = place_in(run_directory, f"attempts/{number:03d}")
        folder.parent.mkdir(parents=True, exist_ok=True)
        prepared = temporary_path(folder.parent)
        prepared.mkdir()
        lock = os.open(prepared / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        try:
            is_locked = take_lock(lock, fcntl.LOCK_EX)
            write_json(prepared / "start.json", {**_start(is_locked=is_locked), **(facts or {})})
            try:
                # Refuses a folder that holds anything, and a prepared one always does.
                prepared.rename(folder)
                force_to_disk(folder.parent)
            except OSError as error:
                if error.errno in (errno.ENOTEMPTY, errno.EEXIST):
                    raise FileExistsError(errno.EEXIST, "Attempt is taken", str(folder)) from None
                raise
        except BaseException:  # Ctrl-C too: nothing half begun may stay
            os.close(lock)
            shutil.rmtree(prepared, ignore_errors=True)
            raise
        _held_locks.add(lock)
        begin_beating(lock, folder)
        return cls(folder, lock, os.getpid())

    @classmethod
    def begin_next(cls, directory: Path) -> Attempt | None:
        """Takes the attempt after the latest. None: that has not ended and may live, or another
        process was faster."""
        latest = latest_attempt(directory)
        if life_of_latest(latest) != "killed":
            return None
        with suppress(FileExistsError):
            return cls.begin(directory, number=int(latest.name) + 1 if latest else 1)

    @property
    def is_own(self) -> bool:
        """False in a child that was forked while the attempt was open: it has nothing to say."""
        return os.getpid() == self._owner

    def end(self, facts: Mapping[str, Any]) -> None:
        """Writes down how it ended, then lets go of the lock, in this order."""
        try:
            write_json_once(self.folder / "end.json", {"schema_version": SCHEMA_VERSION, **facts})
        finally:
            self.release()

    def withdraw(self) -> None:
        """Undoes `begin`."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self.release()

    def release(self) -> None:
        end_beating(self._lock)
        _held_locks.discard(self._lock)
        os.close(self._lock)


def claim_directory(directory: Path, facts: Mapping[str, Any]) -> Attempt:
    """Makes a directory that of one run: its first attempt begins, and run.json holds `facts`.

    Raises:
        InputError: the directory holds a run, or what is left of one.
    """
    taken = InputError(
        f"{directory} already holds a run, and a run is never overwritten. "
        "Choose another hydra.run.dir, or delete that folder if the run is not needed."
    )
    if (directory / "run.json").exists():
        raise taken
    # The attempt comes first, its lock held: whoever finds run.json then also finds that it runs.
    try:
        attempt = Attempt.begin(directory, number=1)
    except FileExistsError:
        raise taken from None
    try:
        write_json_once(directory / "run.json", facts)
    except BaseException as error:  # Ctrl-C too: a lock without run.json would claim the folder
        attempt.withdraw()
        if isinstance(error, FileExistsError):
            raise taken from None
        raise
    return attempt


def latest_attempt(run_directory: Path) -> Path | None:
    """The folder of the last attempt. None: there is none."""
    folder = f"{run_directory}/attempts"
    try:
        names = [name for name in os.listdir(folder) if name.isdecimal()]
    except FileNotFoundError:
        return None
    return Path(folder, max(names, key=int)) if names else None


def started_in(run_directory: Path) -> Path | None:
    """Where the command of a run or a sweep was given: the paths in its configuration begin there.

    None: it is not recorded, or that folder is not here.
    """
    folder = _fact_of_start(run_directory / "attempts" / "001", "folder")
    return Path(folder) if isinstance(folder, str) and os.path.isdir(folder) else None


def life_of(attempt: Path) -> Life:
    """Whether the process of an attempt that has no end.json still lives.

    A lock that is held tells that it does. One that is free tells that it does not only within one
    kernel: on some cluster mounts the locks of a machine are not those of another, or there are
    none.

    "unknown": it is or was on another machine, or without locks in another container, nobody has
    said that it is gone, and its last sign of life is less than `LEASE_SECONDS` old.

    Raises:
        InputError: start.json is damaged.
        FileNotFoundError: start.json is missing.
    """
    start = read_json(attempt / "start.json")
    is_free = False
    if start.get("is_locked") is not False:
        # Of a record from elsewhere it can be a pipe, which would be waited for.
        lock = os.open(attempt / "lock", os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        try:
            is_free = take_lock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return "running"
        finally:
            os.close(lock)
    if (attempt / _GONE).exists():
        return "killed"
    if is_free:
        life = "killed" if is_of_this_machine(start) else "unknown"
    else:
        life = life_of_process(start)
    lease = start.get("lease_seconds")  # earlier versions gave no signs
    if life == "unknown" and isinstance(lease, int | float) and is_overdue(attempt, lease):
        return "killed"
    return life


def life_of_latest(attempt: Path | None) -> Life:
    """As `life_of`, of what `latest_attempt` found. One that has ended counts as killed, and none
    at all too."""
    return "killed" if attempt is None or (attempt / "end.json").exists() else life_of(attempt)


def declare_gone(attempt: Path) -> None:
    """Says that the process of an attempt is gone, where this machine cannot tell."""
    if not (attempt / _GONE).exists():
        path = place_in(attempt.parent.parent, f"attempts/{attempt.name}/{_GONE}")
        write_json(path, {"schema_version": SCHEMA_VERSION, "declared_at": now()})


def why_unknown(directory: Path) -> str:
    """What to do about a run or sweep that may be running elsewhere, as the end of a sentence."""
    attempt = latest_attempt(directory)
    host = attempt and _fact_of_start(attempt, "host")
    has_lease = attempt and _fact_of_start(attempt, "lease_seconds")
    by_itself = f", as it does by itself {LEASE_SECONDS / 60:g} minutes after its last sign of life"
    return (
        f"may still be running on {host or 'another machine'}, which cannot be told from here. "
        "Look there. Once its process is certainly gone, say so with "
        f"`mhc gone {directory}`; then it counts as killed{by_itself if has_lease else ''}."
    )


def now() -> str:
    """This moment, ISO 8601 in UTC with microseconds."""
    return datetime.now(UTC).isoformat(timespec="microseconds")


def _fact_of_start(attempt: Path, key: str) -> Any:
    with suppress(OSError, InputError):
        return read_json(attempt / "start.json").get(key)


def _start(*, is_locked: bool) -> dict[str, Any]:
    return {
        "schema_version": SCHEMA_VERSION,
        **this_process(),
        "is_locked": is_locked,
        "lease_seconds": LEASE_SECONDS,
        "folder": os.getcwd(),
        "started_at": now(),
    }
