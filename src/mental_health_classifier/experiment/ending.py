"""What a run and a sweep say as they end: a page of one run, a line a job, a table, an alert."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mental_health_classifier.analysis.pages.sweep_table import (
    counts_in_words,
    line_of,
    outcome_of,
    sweep_table,
)
from mental_health_classifier.console.alert import alert, check_alert, is_alert_wanted
from mental_health_classifier.console.logs import warnings_alone
from mental_health_classifier.console.tables import new_console, print_table, text
from mental_health_classifier.contracts import InputError
from mental_health_classifier.tracking.record.run_summary import read_run
from mental_health_classifier.tracking.sweep.ledger import begun_here, sweep_called
from mental_health_classifier.tracking.sweep.progress import JobProgress, job_of_run, progress_in


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
def alerting(directory: Path) -> Iterator[None]:
    """Alerts to the end of a run, however the block ends. Of a job of a sweep or a search only if
    it is the first that failed, since the end of all is told by the command that began them.

    Args:
        directory: of the run.
    """
    try:
        yield
    finally:
        if is_alert_wanted():
            _alert_to(directory)


def _alert_to(directory: Path) -> None:
    sweep = sweep_called(directory.parent)
    (job,) = progress_in(directory).jobs
    if sweep is None:
        alert(f"{directory}: {outcome_of(job)}")
    elif job.status == "failed" and progress_in(sweep).counts()["failed"] == 1:
        alert(f"{sweep}: the first of its jobs failed. {directory.name}: {outcome_of(job)}")


@contextmanager
def telling_of_sweep() -> Iterator[None]:
    """Prints the jobs of the sweep that was begun in the block, if one was, however it ends, and
    alerts to it.

    Raises:
        InputError: an alert is wanted that cannot be sent.
        SystemExit: the block ended with the error of a job, which the table has told.
    """
    check_alert()
    jobs: tuple[JobProgress, ...] = ()
    try:
        try:
            yield
        finally:
            if (directory := begun_here()) is not None:
                sweep = progress_in(directory)
                jobs = sweep.jobs
                print_table(lambda width: sweep_table(sweep, width=width))
                alert(f"{directory}: {counts_in_words(sweep)}.")
    except InputError as error:
        # Hydra raises the error of the first job that failed.
        said = " ".join(str(error).split())
        if any(said in " ".join((job.problem or "").split()) for job in jobs):
            raise SystemExit(1) from None
        raise
