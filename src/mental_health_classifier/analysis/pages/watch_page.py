"""A sweep while it runs, as an HTML page that a browser reads again and again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from markupsafe import Markup

from mental_health_classifier.analysis.documents import allowed, beside_templates, html_page
from mental_health_classifier.analysis.pages.sweep_table import counts_in_words, epochs_in_words
from mental_health_classifier.analysis.pages.watch import headline_of_jobs, percent, range_of
from mental_health_classifier.console.wording import clock, number, size
from mental_health_classifier.tracking.sweep.progress import JobProgress, SweepProgress

_WIDTH, _HEIGHT, _MARGIN = 120.0, 24.0, 2.0
"""Of a curve, in pixels."""


@dataclass(frozen=True, slots=True)
class JobLine:
    """What the page says of a job."""

    number: int
    name: str
    status: str
    epoch: str
    headline: str
    points: str
    """Of the curve, as SVG has them; empty where there is none."""
    elapsed: str
    left: str
    memory: str
    processor: str
    problem: str | None


def watch_page(sweep: SweepProgress, *, at: datetime, refresh_seconds: int) -> str:
    """The page; whatever people named is escaped. It asks nothing of any network, and reads
    itself again until the sweep is over, or whoever reads it has it stand still."""
    low, high = range_of(sweep.jobs)
    script = beside_templates("scripts/again.js")
    return html_page(
        "watch.html.j2",
        title=sweep.directory.name,
        directory=str(sweep.directory),
        counts=counts_in_words(sweep),
        headline=headline_of_jobs(sweep.jobs),
        jobs=[_line(job, low, high) for job in sweep.jobs],
        refresh_seconds=None if sweep.is_over else refresh_seconds,
        script=Markup(script),
        policy=Markup(allowed(script)),
        written=f"{at:%Y-%m-%d %H:%M:%S} UTC",
        width=_WIDTH,
        height=_HEIGHT,
    )


def curve_points(values: Sequence[float], low: float, high: float) -> str:
    """The points of a line from left to right, `x,y` each in pixels, `high` at the top. A single
    value is a short level line."""
    if len(values) == 1:
        values = [*values, *values]
        step = _WIDTH / 10
    else:
        step = (_WIDTH - 2 * _MARGIN) / max(1, len(values) - 1)
    span = (high - low) or 1.0
    inner = _HEIGHT - 2 * _MARGIN
    return " ".join(
        f"{_MARGIN + place * step:.1f},{_MARGIN + (high - value) / span * inner:.1f}"
        for place, value in enumerate(values)
    )


def _line(job: JobProgress, low: float, high: float) -> JobLine:
    progress = job.progress
    return JobLine(
        number=job.number,
        name=job.name,
        status=job.status,
        epoch=epochs_in_words(progress),
        headline=number(progress.values[-1]) if progress.values else "-",
        points=curve_points(progress.values, low, high),
        elapsed=clock(progress.elapsed_seconds),
        left=clock(progress.remaining_seconds),
        memory=size(progress.memory_bytes),
        processor=percent(progress.processor_percent),
        problem=job.problem,
    )
