"""Threads that explain posts side by side, each with its own share of torch's threads."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import torch

MOST_WORKERS = 4
"""Each holds a batch in memory."""

EachOf = Callable[[Callable[[Any], Any], Iterable[Any]], Iterator[Any]]
"""Like `map`: calls a function for each item, and hands out the results in the order of items."""


@contextmanager
def worker_threads() -> Iterator[EachOf]:
    """A `map` whose calls run side by side until the block ends.

    Threads of torch that share one operation wait for each other at its end, and burn processor
    time until the last is there: as much as they compute, where other programs want the processors
    too. Those that have work of their own do not wait.
    """
    num_threads = torch.get_num_threads()
    num_workers = min(MOST_WORKERS, num_threads)
    of_each = num_threads // num_workers
    torch.set_num_threads(of_each)
    try:
        with ThreadPoolExecutor(num_workers, "explain", torch.set_num_threads, (of_each,)) as pool:
            yield pool.map
    finally:
        torch.set_num_threads(num_threads)
