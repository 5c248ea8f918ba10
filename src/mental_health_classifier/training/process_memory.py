"""Memory that a step gives back is there for the next one."""

from __future__ import annotations

import ctypes
import platform

_MMAP_THRESHOLD, _TRIM_THRESHOLD = -3, -1  # glibc, malloc.h
_NEVER = 2**31 - 1


def keep_freed_memory() -> None:
    """Keeps glibc from handing the tensors of a step back to the system, which would make the next
    step wait for fresh, zeroed pages. Elsewhere it does nothing."""
    if platform.libc_ver()[0] == "glibc":
        libc = ctypes.CDLL(None)
        libc.mallopt(_MMAP_THRESHOLD, _NEVER)
        libc.mallopt(_TRIM_THRESHOLD, _NEVER)
