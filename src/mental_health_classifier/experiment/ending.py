"""What a run and a sweep print as they end: a page of a single run, a line a job, a table."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mental_health_classifier.analysis.pages.sweep_table import line_of, sweep_table
from mental_health_classifier.console.logs import warnings_alone
from mental_health_classifier.console.tables import new_console, print_table, text
from mental_health_classifier.tracking.record.run_summary import read_run
from mental_health_classifier.tracking.sweep.ledger import begun_here
from mental_health_classifier.tracking.sweep.progress import job_of_run, progress_in


def begin_quietly(directory: Path) -> None:
    """Keeps from the screen what a job of a sweep says while it runs; its log has it.

    Args:
        directory: of the run, whose record has begun.
    """
    if job_of_run(directory) is not None:
        warnings_alone()


def say_how_it_ended(directory: Path) -> None:
    """Prints the page of a run; of a job of a sweep one line."""
    # With NumPy, which the help of train.py does without.
    from mental_health_classifier.analysis.pages.run_overview import run_overview

    job = job_of_run(directory)
    if job is None:
        new_console().print(run_overview(read_run(directory)))
    else:
        new_console().print(text(line_of(job)), soft_wrap=True)


@contextmanager
def table_of_sweep() -> Iterator[None]:
    """Prints the jobs of the sweep that was begun in the block, if one was, however it ends."""
    try:
        yield
    finally:
        if (directory := begun_here()) is not None:
            sweep = progress_in(directory)
            print_table(lambda width: sweep_table(sweep, width=width))
