"""A step neither waits for memory nor writes what nobody reads."""

from __future__ import annotations

import ctypes
import platform

import torch

_MMAP_THRESHOLD, _TRIM_THRESHOLD = -3, -1  # glibc, malloc.h
_NEVER = 2**31 - 1


def give_back_freed_memory() -> None:
    """Hands all memory that is free within the process back to the system, where glibc manages
    it."""
    if platform.libc_ver()[0] == "glibc":
        ctypes.CDLL(None).malloc_trim(0)


def spare_memory_traffic() -> None:
    """Keeps glibc from handing the tensors of a step back to the system, which would make the next
    step wait for fresh, zeroed pages, and torch from filling every new tensor with NaN, which
    deterministic algorithms do to reveal reads of what was never written."""
    torch.utils.deterministic.fill_uninitialized_memory = False  # pyright: ignore[reportAttributeAccessIssue]
    if platform.libc_ver()[0] == "glibc":
        libc = ctypes.CDLL(None)
        libc.mallopt(_MMAP_THRESHOLD, _NEVER)
        libc.mallopt(_TRIM_THRESHOLD, _NEVER)
