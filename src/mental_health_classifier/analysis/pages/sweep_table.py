"""A sweep that is over, on a terminal: a line for each job, and what went wrong."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import Group, RenderableType
from rich.text import Text

from mental_health_classifier.analysis.pages.statuses import status_text
from mental_health_classifier.console.tables import (
    Column,
    TextTable,
    left_out_line,
    names_that_fit,
    text,
)
from mental_health_classifier.console.wording import clock, count, duration, number, size
from mental_health_classifier.tracking.record.run_progress import RunProgress
from mental_health_classifier.tracking.sweep.progress import JobProgress, SweepProgress

NAME_WIDTH = 28

_HEADLINES = {"val/recall_at_spec80": "recall at spec. .80", "val/f1_macro": "macro F1"}


def sweep_table(sweep: SweepProgress, *, width: int | None) -> RenderableType:
    """A line for each job with its numbers on test, then what went wrong.

    Args:
        width: characters in a line; less important columns are left out to fit, and named. None:
            as wide as it comes.
    """
    columns = _columns(sweep.jobs)
    shown = list(columns) if width is None else names_that_fit(columns, width=width)
    if len(shown) < len(columns) and width is not None:
        columns["settings"] = columns["settings"].narrowed()
        shown = names_that_fit(columns, width=width)
    return Group(
        TextTable([columns[name] for name in shown]),
        *left_out_line(columns, shown),
        Text(),
        text(f"{counts_in_words(sweep)}. In the order of the jobs, which chooses nothing."),
        *problems_of(sweep),
    )


def line_of(job: JobProgress) -> str:
    """A job that has ended, in one line: `3 seed=4: completed after 2 min 5 s; on test ...`."""
    return f"{job.number} {job.name}: {outcome_of(job)}"


def outcome_of(job: JobProgress) -> str:
    """How a job ended and with what, without saying which it is."""
    line = job.status
    if (seconds := job.progress.elapsed_seconds) is not None:
        line += f" after {duration(seconds)}"
    if job.problem:
        return f"{line}; {job.problem}"
    metrics = [each for each in (job.progress.metric, "val/accuracy") if each]
    numbers = [f"{called(each)} {_on_test(job, each)}" for each in metrics]
    return f"{line}; on test {', '.join(numbers)}" if job.status == "completed" else line


def problems_of(sweep: SweepProgress) -> Iterator[Text]:
    """What went wrong, a line for each job."""
    for job in sweep.jobs:
        if job.problem:
            yield text(f"{job.number} {job.name}: {job.problem}")


def counts_in_words(sweep: SweepProgress) -> str:
    """`12 jobs: 2 running, 10 completed`, without a full stop."""
    parts = [f"{amount} {status}" for status, amount in sweep.counts().items()]
    if sweep.to_come:
        parts.append(f"{sweep.to_come} to come at most")
    return f"{count(len(sweep.jobs), 'job')}: {', '.join(parts) or 'none yet'}"


def epochs_in_words(progress: RunProgress) -> str:
    """`4/30`; a hyphen where there are no epochs."""
    return "-" if progress.epochs is None else f"{progress.epoch or 0}/{progress.epochs}"


def called(metric: str | None) -> str:
    """A number of val as a header calls it, without saying that it is of val."""
    plain = (metric or "headline").removeprefix("val/").replace("_", " ")
    return _HEADLINES.get(metric or "", plain)


def settings_of(jobs: Sequence[JobProgress]) -> Column:
    """What sets each job apart, over several lines where it is long."""
    return Column("settings", [job.name for job in jobs], max_width=NAME_WIDTH)


def _columns(jobs: Sequence[JobProgress]) -> dict[str, Column]:
    """The most important first, in the order of display."""
    each = [job.progress for job in jobs]
    columns = {
        "job": Column("job", [str(job.number) for job in jobs], is_number=True),
        "settings": settings_of(jobs),
        "status": Column("status", [status_text(job.status) for job in jobs]),
    }
    metric = next((one.metric for one in each if one.metric), None)
    for key, one in {"headline": metric, "accuracy": metric and "val/accuracy"}.items():
        if one is not None:
            header = f"{called(one)}\non test".replace(" at ", " at\n")
            columns[key] = Column(header, [_on_test(job, one) for job in jobs], is_number=True)
    return columns | {
        "epoch": Column("epoch", [epochs_in_words(one) for one in each], is_number=True),
        "time": Column("time", [clock(one.elapsed_seconds) for one in each], is_number=True),
        "memory": Column("memory", [size(one.memory_bytes) for one in each], is_number=True),
        "id": Column("id", [(job.run.id or "-")[:8] if job.run else "-" for job in jobs]),
    }


def _on_test(job: JobProgress, metric: str) -> str:
    key = metric.replace("val/", "test/", 1)
    return "-" if job.run is None else number(job.run.metrics.get(key), job.run.intervals.get(key))
