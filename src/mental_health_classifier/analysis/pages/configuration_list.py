"""Configurations on a terminal, a line each: mean over seeds, interval, worst seed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pandas as pd
from rich.console import Group, RenderableType
from rich.text import Text

from mental_health_classifier.analysis.pages.leaderboard import (
    NAME_WIDTH,
    WITHOUT_INTERVALS,
    about_columns,
    about_yardsticks,
    cell_of,
    has_intervals,
    names_of,
    sizes_of,
)
from mental_health_classifier.analysis.tables.number_columns import column_of
from mental_health_classifier.analysis.tables.run_table import headline_column, records_of
from mental_health_classifier.console.tables import GAP, Column, TextTable, names_that_fit, text
from mental_health_classifier.console.wording import amount, count, duration, number

FOR_PAPER = (
    *("configuration", "seeds", "headline", "worst", "order", "recall", "accuracy", "macro F1"),
    *("yardstick", "size"),
)
"""Columns of a table in a paper, where nothing else tells of the machine."""

BESIDE_A_NAME = ("seeds", "headline", "worst", "accuracy")
"""Columns that a long name leaves room for."""

IMPORTANCE = (
    *("configuration", "headline", "seeds", "worst", "order", "accuracy", "macro F1", "recall"),
    *("yardstick", "size", "time", "model", "tags", "notes"),
)
"""Columns from the one that is left out last, where there is little room, to the first."""


def configuration_list(
    groups: pd.DataFrame, runs: pd.DataFrame, *, by: str, width: int | None
) -> RenderableType:
    """Configurations in the order given, a line each.

    Args:
        groups: a `group_table`, of one corpus.
        runs: the `run_table` that it was made of.
        by: the column that they are ordered by, which is then shown.
        width: characters in a line; less important columns are left out to fit. None: as wide as
            it comes.
    """
    columns = _columns(groups, runs, by=by)
    shown = list(columns)
    if width is not None:
        ordered = {name: columns[name] for name in IMPORTANCE if name in columns}
        beside = sum(GAP + ordered[name].width for name in BESIDE_A_NAME)
        for name in ("configuration", "tags", "notes"):
            if name in columns:
                room = width - beside if name == "configuration" else NAME_WIDTH
                columns[name] = replace(columns[name], max_width=max(room, NAME_WIDTH))
                ordered[name] = columns[name]
        shown = names_that_fit(ordered, width=width)
    left_out = [name for name in columns if name not in shown]
    return Group(
        TextTable([column for name, column in columns.items() if name in shown]),
        "",
        *_explanation(runs, by=by),
        *about_columns(left_out),
    )


def configurations_for_paper(
    groups: pd.DataFrame, runs: pd.DataFrame, *, by: str
) -> tuple[list[Column], str]:
    """Those columns of the `configuration_list` that a paper has, in full, and its caption."""
    columns = _columns(groups, runs, by=by)
    said = text(f"{_what_numbers_are(runs)}; ordered by {_order(runs, by)}.")
    caption = " ".join(map(str, (said, *about_yardsticks(runs))))
    return [columns[name] for name in FOR_PAPER if name in columns], caption


def _columns(groups: pd.DataFrame, runs: pd.DataFrame, *, by: str) -> dict[str, Column]:
    """In the order of display."""
    headline = headline_column(runs)
    rows = records_of(groups)
    named = "macro F1" if headline == "final_f1_macro" else "recall at\nspec. .80"
    models = [amount(row["num_models"]) for row in rows]
    columns = {
        # What tells names apart often stands at their end, so none is cut.
        "configuration": Column("configuration", names_of(rows)),
        "model": Column("model", [str(row["model"] or "-") for row in rows]),
        "seeds": Column("seeds", models, is_number=True),
        "headline": _means(named, rows, headline),
        "worst": Column("worst\nseed", [_worst(row, headline) for row in rows], is_number=True),
    }
    priority_classes = runs["priority_class"].dropna().unique().tolist()
    if len(priority_classes) == 1:
        recall = column_of(f"test/recall/{priority_classes[0]}", ())
        columns["recall"] = _means(f"recall of\n{priority_classes[0]}", rows, recall)
    columns["accuracy"] = _means("accuracy", rows, "final_accuracy")
    if headline != "final_f1_macro":
        columns["macro F1"] = _means("macro F1", rows, "final_f1_macro")
    if by.removesuffix("_mean") not in (headline, "final_accuracy", "final_f1_macro"):
        columns["order"] = Column(by, [cell_of(row, by) for row in rows], is_number=True)
    difference = f"yardstick_difference_{headline}"
    if difference in runs:
        columns["yardstick"] = _means("above\nyardstick", rows, difference, signed=True)
    sizes = [
        "-" if row["parameters_millions"] is None else f"{row['parameters_millions']:.2f}"
        for row in rows
    ]
    times = [duration(row["duration_seconds"]) for row in rows]
    columns["size"] = Column("M para-\nmeters", sizes, is_number=True)
    columns["time"] = Column("time\na run", times, is_number=True)
    for said in ("tags", "notes"):
        if any(texts := [row[said] or "" for row in rows]):
            columns[said] = Column(said, texts)
    return columns


def _means(header: str, rows: list[dict[str, Any]], column: str, *, signed: bool = False) -> Column:
    cells = [
        number(
            row.get(f"{column}_mean"),
            (row.get(f"{column}_low"), row.get(f"{column}_high")),
            signed=signed,
        )
        for row in rows
    ]
    return Column(header, cells, is_number=True)


def _worst(row: dict[str, Any], column: str) -> str:
    # The only seed is no worst one.
    return "-" if row["num_models"] == 1 else number(row.get(f"{column}_worst"))


def _explanation(runs: pd.DataFrame, *, by: str) -> Iterator[Text]:
    yield text(
        f"{_what_numbers_are(runs)}; ordered by {_order(runs, by)}. This order chooses nothing: "
        "mhc best chooses by val. Single runs: --runs."
    )
    yield from about_yardsticks(runs)
    if others := int((runs["status"] != "completed").sum()):
        yield text(f"Left out: {count(others, 'run')} that did not complete; --runs has them.")


def _what_numbers_are(runs: pd.DataFrame) -> str:
    if not has_intervals(runs):
        return f"Means over the seeds of a configuration. {WITHOUT_INTERVALS}"
    return (
        f"Means over the seeds of a configuration on the test part{sizes_of(runs)}, 95 % intervals "
        "over other authors and seeds"
    )


def _order(runs: pd.DataFrame, by: str) -> str:
    return "the headline" if by == f"{headline_column(runs)}_mean" else by
