"""Memory for training: settings of glibc and torch that keep it allocated, and how much is free."""

from __future__ import annotations

import ctypes
import platform
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

import psutil
import torch

from mental_health_classifier.tracking.record.record_check import peak_memory_bytes

CONTROL_GROUPS = Path("/sys/fs/cgroup")
MEMBERSHIP = Path("/proc/self/cgroup")
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


class Memory(Protocol):
    """The memory that a network is trained in."""

    def free_bytes(self) -> int:
        """What could be taken now."""
        ...

    def bytes_taken_by(self, work: Callable[[], object]) -> int:
        """Does the work, and says how much more than before was in use at its peak."""
        ...


def memory_of(device: torch.device) -> Memory:
    """The memory of a device."""
    return GraphicsMemory(device) if device.type == "cuda" else MainMemory()


class MainMemory:
    """That of the process. Exact where `spare_memory_traffic` was called, or the peak is new."""

    def free_bytes(self) -> int:
        limits = limits_of_control_groups(CONTROL_GROUPS, MEMBERSHIP)
        return min(psutil.virtual_memory().available, *limits)

    def bytes_taken_by(self, work: Callable[[], object]) -> int:
        process = psutil.Process()
        # What lies freed in the process would be taken first, unseen.
        give_back_freed_memory()
        resident, earlier_peak = process.memory_info().rss, peak_memory_bytes()
        work()
        peak = peak_memory_bytes()
        at_most = max(process.memory_info().rss, peak if peak > earlier_peak else 0)
        give_back_freed_memory()
        return at_most - resident


class GraphicsMemory:
    """That of an NVIDIA GPU, as torch counts it."""

    def __init__(self, device: torch.device) -> None:
        self._device = device

    def free_bytes(self) -> int:
        torch.cuda.empty_cache()
        return torch.cuda.mem_get_info(self._device)[0]

    def bytes_taken_by(self, work: Callable[[], object]) -> int:
        torch.cuda.reset_peak_memory_stats(self._device)
        allocated = torch.cuda.memory_allocated(self._device)
        work()
        taken = torch.cuda.max_memory_allocated(self._device) - allocated
        # A run records its peak, which must be that of its training.
        torch.cuda.reset_peak_memory_stats(self._device)
        torch.cuda.empty_cache()
        return taken


def limits_of_control_groups(root: Path, membership: Path) -> Iterator[int]:
    """Bytes left in each control group that this process is in, as containers and SLURM set them.

    Pages of files that nobody needs count as free, since the kernel drops them first.

    Args:
        root: where the groups lie, of version 1 or 2.
        membership: a line `number:controllers:path` for each hierarchy; absent where there are
            none.

    Source: https://docs.kernel.org/admin-guide/cgroup-v2.html, and cgroup-v1/memory.html there.
    """
    lines = membership.read_text().splitlines() if membership.exists() else []
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controllers == "":
            top, names = root, ("memory.max", "memory.current", "inactive_file")
        elif controllers == "memory":
            top = root / "memory"
            names = ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
        else:
            continue
        own = top / path.lstrip("/")
        for group in (own, *own.parents):
            if group == top.parent:
                break
            limit, usage, reclaimable = (group / names[0], group / names[1], names[2])
            # A container may see its own group as the top, whatever the path says.
            if not limit.exists() or not usage.exists() or limit.read_text().strip() == "max":
                continue
            statistics = dict(line.split() for line in _lines_of(group / "memory.stat"))
            dropped_first = int(statistics.get(reclaimable, 0))
            yield int(limit.read_text()) - int(usage.read_text()) + dropped_first


def _lines_of(path: Path) -> list[str]:
    return path.read_text().splitlines() if path.exists() else []
