"""Rows in chunks of a bounded size, worked on by every processor where that is worth it."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from typing import Any, NamedTuple, TypeVar

from mental_health_classifier.contracts import InputError
from mental_health_classifier.data.reading.source import RawRow

_ROWS = 8192
_CHARACTERS = 2**22
_WORTH_A_POOL = 12_000_000  # characters: starting workers takes about as long as these do
_SECONDS_BETWEEN_LOOKS = 0.5

Result = TypeVar("Result")


class Chunk(NamedTuple):
    number: int
    """From 0."""
    num_before: int
    """Rows of the chunks before it."""
    rows: Sequence[RawRow]


def over_chunks(
    work: Callable[[Chunk], Result], rows: Iterator[RawRow], *, num_workers: int | None
) -> Iterator[Result]:
    """What `work` makes of each chunk, in the order of the rows.

    Chunks do not depend on the number of workers.

    Args:
        work: called in other processes where there are many rows.
        num_workers: see `num_processes`.

    Raises:
        InputError: `num_workers` is below 1.
    """
    workers = num_processes(num_workers)
    chunks = _cut(rows)
    first, characters = [], 0
    while characters < _WORTH_A_POOL and (chunk := next(chunks, None)):
        first.append(chunk)
        characters += sum(map(_characters, chunk.rows))
    if workers == 1 or characters < _WORTH_A_POOL:
        yield from map(work, chain(first, chunks))
    else:
        yield from _in_parallel(work, chain(first, chunks), workers)


def _in_parallel(
    work: Callable[[Chunk], Result], chunks: Iterable[Chunk], workers: int
) -> Iterator[Result]:
    from joblib import Parallel, delayed
    from joblib.externals.loky import get_reusable_executor

    pool: Any = Parallel(
        n_jobs=workers,
        return_as="generator",
        pre_dispatch="2*n_jobs",
        initializer=_depend_on_the_parent,
        initargs=(os.getpid(),),
    )
    try:
        yield from pool(delayed(work)(chunk) for chunk in chunks)
    finally:
        # They would wait for more work, with all they imported in memory, while others train.
        get_reusable_executor().shutdown(wait=False, kill_workers=True)


def _depend_on_the_parent(parent: int) -> None:
    """Makes a worker one that ends with its parent, whatever ended that, and not before.

    A terminal sends Ctrl-C to every process; the parent ends the workers. A parent that was killed
    can end nothing, so that each worker looks after it.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_after, args=(parent,), daemon=True).start()


def _end_after(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_SECONDS_BETWEEN_LOOKS)
    os._exit(1)


def num_processes(num_workers: int | None) -> int:
    """Workers that were asked for, or one for each processor that this process may use.

    Raises:
        InputError: not a whole number above 0.
    """
    if num_workers is None:
        return len(os.sched_getaffinity(0))
    if type(num_workers) is not int or num_workers < 1:
        raise InputError(
            f"data.num_workers={num_workers}: a whole number above 0 was expected, or null for one "
            "process for each processor."
        )
    return num_workers


def _cut(rows: Iterator[RawRow]) -> Iterator[Chunk]:
    chunk: list[RawRow] = []
    number = num_before = characters = 0
    for row in rows:
        chunk.append(row)
        characters += _characters(row)
        if len(chunk) == _ROWS or characters >= _CHARACTERS:
            yield Chunk(number, num_before, chunk)
            number, num_before = number + 1, num_before + len(chunk)
            chunk, characters = [], 0
    if chunk:
        yield Chunk(number, num_before, chunk)


def _characters(row: RawRow) -> int:
    return len(row.cells[1]) if isinstance(row.cells, list) else 0
