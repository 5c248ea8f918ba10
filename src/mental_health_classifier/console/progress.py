"""Progress bars, on a terminal alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def showing(what: str) -> Iterator[None]:
    """Shows `what` and the seconds gone by, on a terminal only, until the block ends."""
    with counting(what, total=None):
        yield


@contextmanager
def counting(what: str, *, total: int | None) -> Iterator[Callable[[int], object]]:
    """Shows how much is done, on a terminal only; the block is handed what it calls with the
    amount done since the last call.

    Args:
        what: said in front of the bar.
        total: all there is to do, if that is known.
    """
    from rich import get_console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        SpinnerColumn,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = [SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn()]
    if total is not None:
        columns[2:] = [BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()]
    with Progress(*columns, transient=True, disable=not get_console().is_terminal) as progress:
        task = progress.add_task(what, total=total)
        done = 0

        def advance(amount: int) -> None:
            nonlocal done
            done += amount
            description = what if total is not None else f"{what}: {done:,}"
            progress.update(task, advance=amount, description=description)

        yield advance
