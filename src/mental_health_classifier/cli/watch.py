"""The command `watch`: how far a sweep has come, until it is over."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mental_health_classifier.analysis.pages.sweep_table import sweep_table
from mental_health_classifier.analysis.pages.watch import LiveScreen, changes_between
from mental_health_classifier.cli.arguments import LookedUpIn, answer, existing
from mental_health_classifier.console.tables import new_console, print_table
from mental_health_classifier.storage.outputs import check_output, write_output
from mental_health_classifier.tracking.sweep.progress import (
    SweepProgress,
    progress_in,
    watched_called,
)

if TYPE_CHECKING:
    from rich.live import Live

INTERRUPTED = 130
"""The exit code by which shells report a process that Ctrl-C ended."""

_RESIZE_SECONDS = 0.2
"""How long a terminal of another size waits to be drawn anew."""
_SLOWEST_REFRESH = 5
"""Seconds; a browser that reads a page more often cannot be read by a person."""


def watch(
    sweep: Annotated[
        str | None,
        typer.Argument(
            help="A sweep's or search's folder, or a run: what began last if not given."
        ),
    ] = None,
    html: Annotated[
        Path | None, typer.Option(help="Keep a page for a browser fresh there, too.")
    ] = None,
    every: Annotated[
        float, typer.Option(min=0.1, help="Seconds between two looks at the files.")
    ] = 2.0,
    root: LookedUpIn = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a page that exists.")] = False,
) -> None:
    """Shows how far the jobs of a sweep have come, until it is over.

    It reads files alone, so it works over ssh, on a shared folder, and for jobs on other machines.
    Without a terminal it prints one line for each change.
    """
    if html is not None:
        check_output(html, option="--html", is_replaced=force)
    directory = watched_called(sweep, existing(root))
    try:
        last = _until_over(directory, html, every=every)
    except KeyboardInterrupt:
        raise typer.Exit(INTERRUPTED) from None
    print_table(lambda width: sweep_table(last, width=width))


def _until_over(directory: Path, html: Path | None, *, every: float) -> SweepProgress:
    with _shown() as show:
        while True:
            sweep = progress_in(directory)
            if html is not None:
                _write(html, sweep, every=every)
            if sweep.is_over:
                return sweep
            show.look(sweep)
            show.wait(every)


def _write(html: Path, sweep: SweepProgress, *, every: float) -> None:
    # With Jinja, which only a page needs.
    from mental_health_classifier.analysis.pages.watch_page import watch_page

    refresh = max(_SLOWEST_REFRESH, round(every))
    page = watch_page(sweep, at=datetime.now(UTC), refresh_seconds=refresh)
    write_output(html, page, option="--html")


class _Lines:
    """Prints what is new."""

    def __init__(self) -> None:
        self._before: SweepProgress | None = None

    def look(self, sweep: SweepProgress) -> None:
        for line in changes_between(self._before, sweep, at=datetime.now()):
            answer(line)
        self._before = sweep

    def wait(self, seconds: float) -> None:
        time.sleep(seconds)


class _Screen:
    """Draws the whole screen, at once where its size has changed."""

    def __init__(self, live: Live) -> None:
        self._live = live
        self._console = live.console

    def look(self, sweep: SweepProgress) -> None:
        self._live.update(LiveScreen(sweep), refresh=True)

    def wait(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        size = self._console.size
        while (left := end - time.monotonic()) > 0:
            time.sleep(min(left, _RESIZE_SECONDS))
            if self._console.size != size:
                size = self._console.size
                self._live.refresh()


@contextmanager
def _shown() -> Iterator[_Lines | _Screen]:
    console = new_console()
    if not console.is_terminal:
        yield _Lines()
        return
    from rich.live import Live

    with Live(console=console, screen=True, auto_refresh=False) as live:
        yield _Screen(live)
