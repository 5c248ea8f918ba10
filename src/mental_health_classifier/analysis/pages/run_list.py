"""Runs on a terminal, with what became of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Group, RenderableType

from mental_health_classifier.analysis.pages.statuses import status_text
from mental_health_classifier.analysis.tables.run_facts import facts_of
from mental_health_classifier.console.tables import (
    Column,
    TextTable,
    left_out_line,
    names_that_fit,
    text,
)
from mental_health_classifier.console.wording import amount, duration, moment
from mental_health_classifier.tracking.record.run_progress import (
    RunProgress,
    is_alive,
    progress_of,
)
from mental_health_classifier.tracking.run_index import RunSummary

NAME_WIDTH = 32


def row_of(run: RunSummary) -> dict[str, Any]:
    """Facts of a run, and how far it has come; of one that runs no more that is None."""
    progress = progress_of(run) if is_alive(run) else RunProgress()
    return {
        **facts_of(run),
        "epoch": progress.epoch,
        "epochs": progress.epochs,
        "elapsed_seconds": progress.elapsed_seconds,
        "remaining_seconds": progress.remaining_seconds,
    }


def run_list(rows: Sequence[Mapping[str, Any]], *, width: int | None) -> RenderableType:
    """A line for each run, below them what went wrong.

    Args:
        rows: of every run its `row_of`.
        width: characters in a line; less important columns are left out to fit. None: as wide as
            it comes.
    """
    names = [row["experiment_name"] or "-" for row in rows]
    columns = {
        "id": Column("id", [row["run_id"] or "-" for row in rows]),
        "run": Column("run", names, max_width=None if width is None else NAME_WIDTH),
        "status": Column("status", [status_text(row["status"]) for row in rows]),
    }
    if any(row["elapsed_seconds"] is not None for row in rows):
        left = [duration(row["remaining_seconds"]) for row in rows]
        columns |= {
            "epoch": Column("epoch", [_epochs(row) for row in rows], is_number=True),
            "left": Column("left", left, is_number=True),
        }
    columns |= {
        "started": Column("started", [moment(row["created_at"]) for row in rows]),
        "time": Column("time", [_time(row) for row in rows], is_number=True),
        "seed": Column("seed", [amount(row["seed"]) for row in rows], is_number=True),
        "model": Column("model", [model_of(row) for row in rows]),
        "directory": Column("directory", [row["directory"] for row in rows]),
    }
    for name in ("tags", "notes"):
        if any(row[name] for row in rows):
            cells = [row[name] or "" for row in rows]
            columns[name] = Column(name, cells, max_width=None if width is None else NAME_WIDTH)
    shown = list(columns) if width is None else names_that_fit(columns, width=width)
    problems = [text(f"{row['directory']}: {row['problem']}") for row in rows if row["problem"]]
    return Group(
        TextTable([columns[name] for name in shown]),
        *left_out_line(columns, shown),
        *(["", *problems] if problems else []),
    )


def _epochs(row: Mapping[str, Any]) -> str:
    return "-" if row["epochs"] is None else f"{row['epoch'] or 0}/{row['epochs']}"


def _time(row: Mapping[str, Any]) -> str:
    """Of one that runs the time so far."""
    ended, so_far = row["duration_seconds"], row["elapsed_seconds"]
    return duration(so_far if ended is None else ended)


def model_of(row: Mapping[str, Any]) -> str:
    """The model with its variants, and whether another program made its predictions."""
    named = " + ".join(filter(None, (row["model"], row["variants"]))) or "-"
    return f"{named}, made elsewhere" if row["is_external"] else named
