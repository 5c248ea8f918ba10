"""Runs on a terminal, with what became of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Group, RenderableType

from mental_health_classifier.console.tables import Column, TextTable, names_that_fit, text
from mental_health_classifier.console.wording import amount, duration, moment

NAME_WIDTH = 32


def run_list(rows: Sequence[Mapping[str, Any]], *, width: int | None) -> RenderableType:
    """A line for each run, below them what went wrong.

    Args:
        rows: of every run its facts, as `facts_of` names them.
        width: characters in a line; less important columns are left out to fit. None: as wide as
            it comes.
    """
    names = [row["experiment_name"] or "-" for row in rows]
    columns = {
        "id": Column("id", [row["run_id"] or "-" for row in rows]),
        "run": Column("run", names, max_width=None if width is None else NAME_WIDTH),
        "status": Column("status", [row["status"] for row in rows]),
        "started": Column("started", [moment(row["created_at"]) for row in rows]),
        "time": Column("time", [duration(row["duration_seconds"]) for row in rows], is_number=True),
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
        TextTable([columns[name] for name in shown]), *(["", *problems] if problems else [])
    )


def model_of(row: Mapping[str, Any]) -> str:
    """The model with its variants, and whether another program made its predictions."""
    named = " + ".join(filter(None, (row["model"], row["variants"]))) or "-"
    return f"{named}, made elsewhere" if row["is_external"] else named
