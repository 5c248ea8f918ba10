"""Identity of a process, and whether it still lives.

What is assumed: machines that share a folder have host names of their own, and a host that has
booted again since runs nothing of before. Containers of one machine share its kernel, and with it
the boot id, whatever their host names are; their processes do not see each other.
"""

from __future__ import annotations

import ctypes
import hashlib
import os
import platform
import re
import signal
import sys
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any, Literal

Life = Literal["running", "killed", "unknown"]


def this_process() -> dict[str, Any]:
    """What tells this process from all others, for JSON."""
    return {
        "host": platform.node(),
        "boot_id": _boot_id(),
        "pid_namespace": _pid_namespace(),
        "pid": os.getpid(),
        "process_started_at": _process_start(os.getpid()),
    }


def is_of_this_machine(process: Mapping[str, Any]) -> bool:
    """Whether a process ran here, before or after the machine was last booted.

    Args:
        process: from `this_process`.
    """
    return process.get("host") == platform.node() or _is_of_this_kernel(process)


def life_of_process(process: Mapping[str, Any]) -> Life:
    """Whether a process still lives, from what this machine's list of processes says.

    "unknown": it is or was on another machine, or in another container.
    """
    if not is_of_this_machine(process) or _boot_id() is None:
        return "unknown"
    if not _is_of_this_kernel(process):
        return "killed"
    # Earlier records do not name it: containers mostly have host names of their own.
    is_same_host = process.get("host") == platform.node()
    namespace = process.get("pid_namespace", _pid_namespace() if is_same_host else None)
    if namespace != _pid_namespace():
        return "unknown"
    pid, started_at = process.get("pid"), process.get("process_started_at")
    found = _process_start(pid) if isinstance(pid, int) else None
    return "running" if found is not None and found == started_at else "killed"


def end_with_the_parent() -> None:
    """Kills this process as soon as the one that started it ends, whatever ended that.

    For `preexec_fn` of a process whose work nobody would see any more. Linux alone offers this;
    elsewhere it goes on.
    """
    if _LIBC is not None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


# Loaded here, as a child must not wait for what another thread did while it was forked.
_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None
_PR_SET_PDEATHSIG = 1
"""Of prctl(2): which signal a process gets as its parent ends."""

_TAG = re.compile(r"([0-9a-f]{8})-([0-9a-f]{8})-(\d+)-(\d+)-(\d+)")


def tag_of_this_process() -> str:
    """Names this process within the name of a file: short, of `[0-9a-f-]` only."""
    return _tag(os.getpid())


@cache
def _tag(_: int) -> str:
    """The tag of a process id, worked out once in each process."""
    # Once in each process, a forked one too.
    process = this_process()
    return (
        f"{_short(process['host'])}-{_short(process['boot_id'])}-{process['pid_namespace'] or 0}-"
        f"{process['pid']}-{_hundredths(process['process_started_at'])}"
    )


def life_of_tag(tag: str) -> Life:
    """As `life_of_process`, of what `tag_of_this_process` once gave. "unknown": it is none."""
    found = _TAG.fullmatch(tag)
    if found is None:
        return "unknown"
    host, boot_id, namespace, pid, started_at = found.groups()
    start = _process_start(int(pid))
    return life_of_process(
        {
            "host": platform.node() if host == _short(platform.node()) else None,
            "boot_id": _boot_id() if boot_id == _short(_boot_id()) else None,
            "pid_namespace": int(namespace),
            "pid": int(pid),
            "process_started_at": start if int(started_at) == _hundredths(start) else None,
        }
    )


def _is_of_this_kernel(process: Mapping[str, Any]) -> bool:
    boot_id = _boot_id()
    return boot_id is not None and process.get("boot_id") == boot_id


def _short(text: str | None) -> str:
    return hashlib.sha256(str(text).encode()).hexdigest()[:8]


def _hundredths(seconds: float | None) -> int:
    return round((seconds or 0) * 100)


def _boot_id() -> str | None:
    with suppress(OSError):
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def _pid_namespace() -> int | None:
    with suppress(OSError):
        return os.stat("/proc/self/ns/pid").st_ino


def _process_start(pid: int) -> float | None:
    """Seconds from the start of the machine to the start of a process: no clock can change it."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
    except OSError:
        return None
    # Field 22 of proc(5); the name in parentheses, which may hold spaces, is field 2.
    return int(fields[19]) / os.sysconf("SC_CLK_TCK")
