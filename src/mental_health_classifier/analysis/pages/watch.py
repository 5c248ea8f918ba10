"""A sweep on a terminal while it runs: a screen that fits, or a line for each change."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain

from rich.console import Console, ConsoleOptions, Group, RenderResult
from rich.text import Text

from mental_health_classifier.analysis.pages.statuses import status_text
from mental_health_classifier.analysis.pages.sweep_table import (
    NAME_WIDTH,
    called,
    counts_in_words,
    epochs_in_words,
    problems_of,
    settings_of,
)
from mental_health_classifier.console.tables import (
    Column,
    TextTable,
    left_out_line,
    names_that_fit,
    text,
)
from mental_health_classifier.console.wording import clock, count, number, size
from mental_health_classifier.tracking.record.run_progress import RunProgress
from mental_health_classifier.tracking.sweep.progress import JobProgress, SweepProgress

_BLOCKS, _ASCII_BLOCKS = "▁▂▃▄▅▆▇█", "_.-~=+*#"
_MOST_BLOCKS = 12
_FEWER_BLOCKS = 8
_NARROW = 100
"""Characters in a line below which curves are shorter."""
_LINES_BESIDE_JOBS = 12
"""Of a screen: title, head of the table, counts, what went wrong."""
_LINES_OF_HEAD = 5
_PROBLEMS = 3

_MOST_URGENT = ("running", "starting", "failed", "killed", "damaged", "unknown", "interrupted")
"""Of more jobs than a screen has lines for these are shown first."""

_IMPORTANCE = (
    *("job", "status", "settings", "headline", "epoch", "elapsed", "left", "memory"),
    *("CPU", "GPU memory", "host"),
)
"""Columns from the one that is left out last, where there is little room, to the first."""


@dataclass(frozen=True, slots=True)
class LiveScreen:
    """A sweep at a moment, laid out for whatever size the terminal has when it is drawn."""

    sweep: SweepProgress

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        room = (options.height or console.height) - _LINES_BESIDE_JOBS
        options = options.update(height=None)
        lines = max(1, min(room, len(self.sweep.jobs)))
        while True:
            chosen = _that_fit(self.sweep.jobs, lines=lines)
            table = jobs_table(chosen, width=options.max_width, is_ascii=options.ascii_only)
            if lines == 1 or len(console.render_lines(table, options)) <= room + _LINES_OF_HEAD:
                break
            lines -= 1
        yield text(self.sweep.directory, "bold")
        yield Text()
        yield table
        yield Text()
        hidden = len(self.sweep.jobs) - len(chosen)
        more = f"; no room for {count(hidden, 'job')}" if hidden else ""
        yield text(f"{counts_in_words(self.sweep)}{more}.")
        yield from list(problems_of(self.sweep))[:_PROBLEMS]
        yield text("Left: of training, at most. Ctrl-C leaves; what runs goes on.", "dim")


def jobs_table(jobs: Sequence[JobProgress], *, width: int, is_ascii: bool = False) -> Group:
    """A line for each job, with its headline on val so far.

    Args:
        width: characters in a line; less important columns are left out to fit, and named.
        is_ascii: whether the terminal has no blocks to draw with.
    """
    blocks = _FEWER_BLOCKS if width < _NARROW else _MOST_BLOCKS
    columns = _columns(jobs, blocks=blocks, is_ascii=is_ascii)
    ordered = {name: columns[name] for name in _IMPORTANCE if name in columns}
    shown = names_that_fit(ordered, width=width)
    if len(shown) < len(columns):
        columns["settings"] = ordered["settings"] = columns["settings"].narrowed()
        shown = names_that_fit(ordered, width=width)
    table = TextTable([column for name, column in columns.items() if name in shown])
    return Group(table, *left_out_line(columns, shown))


def changes_between(
    before: SweepProgress | None, after: SweepProgress, *, at: datetime
) -> Iterator[str]:
    """A line for each job that has another status, or was validated once more, since."""
    known = {} if before is None else {job.number: _state(job) for job in before.jobs}
    for job in after.jobs:
        if known.get(job.number) != _state(job):
            yield f"{at:%H:%M:%S}  {job.number} {job.name}: {', '.join(_news(job))}"


def sparkline(
    values: Sequence[float],
    low: float,
    high: float,
    *,
    most: int = _MOST_BLOCKS,
    is_ascii: bool = False,
) -> str:
    """The last values, at `most` so many, as blocks of a height between that of `low` and that of
    `high`."""
    blocks = _ASCII_BLOCKS if is_ascii else _BLOCKS
    span = (high - low) or 1.0
    places = ((value - low) / span * (len(blocks) - 1) for value in values[-most:])
    return "".join(blocks[min(max(round(place), 0), len(blocks) - 1)] for place in places)


def range_of(jobs: Sequence[JobProgress]) -> tuple[float, float]:
    """The lowest and the highest headline of all jobs, so that their curves can be compared."""
    values = list(chain.from_iterable(job.progress.values for job in jobs))
    return min(values, default=0.0), max(values, default=1.0)


def headline_of_jobs(jobs: Sequence[JobProgress]) -> str:
    """What the headline on val is; `headline` where jobs have several, or none yet."""
    metrics = {job.progress.metric for job in jobs if job.progress.metric}
    return f"{called(metrics.pop() if len(metrics) == 1 else None)} on val"


def percent(use: float | None) -> str:
    """`98 %`; a hyphen where it is not known."""
    return "-" if use is None else f"{use:.0f} %"


def _columns(jobs: Sequence[JobProgress], *, blocks: int, is_ascii: bool) -> dict[str, Column]:
    """In the order of display."""
    each = [job.progress for job in jobs]
    columns = {
        "job": Column("job", [str(job.number) for job in jobs], is_number=True),
        "settings": settings_of(jobs),
        "status": Column("status", [status_text(job.status) for job in jobs]),
        "epoch": Column("epoch", [epochs_in_words(one) for one in each], is_number=True),
        "headline": Column(
            headline_of_jobs(jobs).replace(" at ", " at\n").replace(" on ", "\non "),
            _curves(jobs, blocks=blocks, is_ascii=is_ascii),
            is_number=True,
        ),
        "elapsed": Column("elapsed", [clock(one.elapsed_seconds) for one in each], is_number=True),
        "left": Column("left", [clock(one.remaining_seconds) for one in each], is_number=True),
        "memory": Column("memory", [size(one.memory_bytes) for one in each], is_number=True),
        "CPU": Column("CPU", [percent(one.processor_percent) for one in each], is_number=True),
    }
    if any(one.gpu_memory_bytes is not None for one in each):
        of_gpu = [size(one.gpu_memory_bytes) for one in each]
        columns["GPU memory"] = Column("GPU\nmemory", of_gpu, is_number=True)
    if len({one.host for one in each if one.host}) > 1:
        columns["host"] = Column("host", [one.host or "-" for one in each], max_width=NAME_WIDTH)
    return columns


def _curves(jobs: Sequence[JobProgress], *, blocks: int, is_ascii: bool) -> list[str]:
    low, high = range_of(jobs)
    values = [job.progress.values for job in jobs]
    lines = [sparkline(each, low, high, most=blocks, is_ascii=is_ascii) for each in values]
    longest = max(map(len, lines), default=0)
    latest = [number(each[-1]) if each else "-" for each in values]
    return [f"{line:<{longest}} {value:>4}" for line, value in zip(lines, latest, strict=True)]


def _that_fit(jobs: Sequence[JobProgress], *, lines: int) -> list[JobProgress]:
    """The jobs that there are lines for, in their order."""
    if len(jobs) <= lines:
        return list(jobs)
    ranks = {status: rank for rank, status in enumerate(_MOST_URGENT)}
    ranked = sorted(jobs, key=lambda job: ranks.get(job.status, len(ranks)))
    kept = {id(job) for job in ranked[:lines]}
    return [job for job in jobs if id(job) in kept]


def _state(job: JobProgress) -> tuple[str, int]:
    return job.status, len(job.progress.values)


def _news(job: JobProgress) -> Iterator[str]:
    progress: RunProgress = job.progress
    yield job.status
    if progress.epoch is not None and progress.epochs is not None:
        yield f"epoch {progress.epoch} of {progress.epochs}"
    if progress.values:
        yield f"{called(progress.metric)} {number(progress.values[-1])} on val"
    if progress.remaining_seconds is not None and job.status == "running":
        yield f"{clock(progress.remaining_seconds)} left at most"
    if job.problem:
        yield job.problem
