"""Many runs on a terminal, best first, every number with its interval."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd
from pandas.api.types import is_numeric_dtype
from rich.console import Group, RenderableType
from rich.text import Text

from mental_health_classifier.analysis.pages.run_list import model_of
from mental_health_classifier.analysis.tables.comparability import posts_behind
from mental_health_classifier.analysis.tables.number_columns import column_of
from mental_health_classifier.analysis.tables.run_table import LEADING, headline_column, records_of
from mental_health_classifier.console.tables import Column, TextTable, names_that_fit, text
from mental_health_classifier.console.wording import amount, duration, is_number, moment, number
from mental_health_classifier.tracking.run_index import no_garbage_collection

NAME_WIDTH = 28
ID_LENGTH, COMMIT_LENGTH = 8, 7
WITHOUT_INTERVALS = "Numbers without intervals, as another tracker has them"

OTHER_FACTS = (
    "is_yardstick",
    "is_external",
    "yardstick_reads",
    "directory",
    "configuration_hash",
    "final_n",
    "notes",
)
"""What is shown of a run, or marks it, beside the leading columns of the table."""

FOR_PAPER = (
    *("run", "seed", "headline", "order", "recall", "accuracy", "macro F1", "yardstick"),
    *("posts", "size"),
)
"""Columns of a table in a paper, where nothing else tells of the machine and the commit."""

IMPORTANCE = (
    *("run", "id", "headline", "order", "accuracy", "macro F1", "seed", "recall", "model"),
    *("size", "time", "commit", "status", "posts", "yardstick", "started", "tags", "notes"),
)
"""Columns from the one that is left out last, where there is little room, to the first."""


@no_garbage_collection()
def leaderboard(table: pd.DataFrame, *, by: str, width: int | None) -> RenderableType:
    """The runs of a `run_table` in its order, a line each.

    Args:
        by: the column that they are ordered by, which is then shown.
        width: characters in a line; less important columns are left out to fit. None: as wide as
            it comes.
    """
    columns = _columns(table, by=by, name_width=None if width is None else NAME_WIDTH)
    shown = list(columns)
    if width is not None:
        ordered = {name: columns[name] for name in IMPORTANCE if name in columns}
        shown = names_that_fit(ordered, width=width)
    left_out = [name for name in columns if name not in shown]
    return Group(
        TextTable([column for name, column in columns.items() if name in shown]),
        "",
        *_explanation(table, by=by, shown=shown, left_out=left_out),
    )


def chosen_columns(table: pd.DataFrame, names: list[str]) -> list[Column]:
    """The runs of a `run_table` with the columns that were asked for, under their own names."""
    rows = records_of(table)
    return [
        Column(name, [cell_of(row, name) for row in rows], is_numeric_dtype(table[name]))
        for name in names
    ]


def columns_for_paper(table: pd.DataFrame, *, by: str) -> list[Column]:
    """Those columns of the `leaderboard` that a paper has, in full."""
    columns = _columns(table, by=by, name_width=None)
    return [columns[name] for name in FOR_PAPER if name in columns]


def caption_of(table: pd.DataFrame, *, by: str) -> str:
    """What stands below the `leaderboard`, as one paragraph, without the commands that it names."""
    order = "the headline" if by == headline_column(table) else by
    said = text(f"{_what_numbers_are(table)}; ordered by {order}.")
    return " ".join(map(str, (said, *about_yardsticks(table))))


def _columns(table: pd.DataFrame, *, by: str, name_width: int | None) -> dict[str, Column]:
    """In the order of display."""
    headline = headline_column(table)
    difference = f"yardstick_difference_{headline}"
    priority_classes = table["priority_class"].dropna().unique().tolist()
    recalls = [column_of(f"test/recall/{name}", ()) for name in priority_classes]
    used = {*LEADING, *OTHER_FACTS, by, difference, *recalls}
    rows = records_of(table[[name for name in map(str, table.columns) if _stem(name) in used]])
    columns = {
        "run": Column("run", names_of(rows), max_width=name_width),
        "id": Column("id", [str(row["run_id"] or "-")[:ID_LENGTH] for row in rows]),
        "model": Column("model", [model_of(row) for row in rows]),
        "seed": Column("seed", [amount(row["seed"]) for row in rows], is_number=True),
        "headline": Column(
            "macro F1" if headline == "final_f1_macro" else "recall at\nspec. .80",
            [_number_or_status(row, headline) for row in rows],
            is_number=True,
        ),
    }
    if len(recalls) == 1:
        columns["recall"] = _numbers(f"recall of\n{priority_classes[0]}", rows, recalls[0])
    columns["accuracy"] = _numbers("accuracy", rows, "final_accuracy")
    if headline != "final_f1_macro":
        columns["macro F1"] = _numbers("macro F1", rows, "final_f1_macro")
    if by not in (headline, "final_accuracy", "final_f1_macro"):
        columns["order"] = Column(by, [cell_of(row, by) for row in rows], is_number=True)
    if difference in table:
        columns["yardstick"] = _numbers("above\nyardstick", rows, difference, signed=True)
    posts = [amount(row.get("final_n")) for row in rows]
    columns |= {
        "posts": Column("test\nposts", posts, is_number=True),
        "size": Column("M para-\nmeters", [_millions(row) for row in rows], is_number=True),
        "time": Column("time", [duration(row["duration_seconds"]) for row in rows], is_number=True),
        "commit": Column("commit", [_commit(row) for row in rows]),
        "started": Column("started", [moment(row["created_at"]) for row in rows]),
        "status": Column("status", [str(row["status"]) for row in rows]),
    }
    if any(row["tags"] for row in rows):
        columns["tags"] = Column("tags", [row["tags"] or "" for row in rows])
    if any(row["notes"] for row in rows):
        notes = [row["notes"] or "" for row in rows]
        columns["notes"] = Column("notes", notes, max_width=name_width)
    return columns


def _stem(column: str) -> str:
    """The number of which a column holds the value or an end of the interval."""
    return column.removesuffix("_low").removesuffix("_high")


def _explanation(
    table: pd.DataFrame, *, by: str, shown: list[str], left_out: list[str]
) -> Iterator[Text]:
    what = _what_numbers_are(table)
    yield text(f"{what}; ordered by {by}. This order chooses nothing: mhc best chooses by val.")
    yield from about_yardsticks(table)
    if "commit" in shown and any(table["is_dirty"].fillna(False)):
        yield text("+ after a commit: with changes that were not committed.")
    yield from about_columns(left_out)


def _what_numbers_are(table: pd.DataFrame) -> str:
    if has_intervals(table):
        return f"Test part{sizes_of(table)}, 95 % intervals over other authors"
    return WITHOUT_INTERVALS if "completed" in set(table["status"]) else "No numbers yet"


def has_intervals(table: pd.DataFrame) -> bool:
    """Whether any number of a `run_table` has one."""
    ends = [name for name in map(str, table.columns) if name.endswith("_low")]
    return bool(table[ends].notna().to_numpy().any())


def sizes_of(table: pd.DataFrame) -> str:
    """The test posts behind a `run_table`, in brackets; empty where they are not known."""
    posts = posts_behind(table)
    return f" ({posts})" if posts else ""


def about_yardsticks(table: pd.DataFrame) -> Iterator[Text]:
    """Which model the runs of a `run_table` are measured against, and which of them it is."""
    nothing = pd.Series(None, index=table.index, dtype=object)
    reads, names = (table.get(f"yardstick_{what}", nothing) for what in ("reads", "name"))
    is_own = table["is_yardstick"].fillna(False).astype(bool)
    own, others = (sorted(reads[rows].dropna().unique()) for rows in (is_own, ~is_own))
    if is_own.any():
        features = "; or ".join(own) or "words"
        is_other = set(names[~is_own].dropna()) - set(table["model"][is_own])
        which = "a yardstick, though not that of the other runs" if is_other else "the yardstick"
        yield text(f"* {which}: TF-IDF of {features}, otherwise without their order.")
    named = ("TF-IDF of " + reads).fillna(names)[~is_own].dropna()
    kinds = [f"{kind} ({times})" for kind, times in named.value_counts().sort_index().items()]
    if len(kinds) > 1:
        said = f"Runs have different yardsticks, each with its number of runs: {'; '.join(kinds)}."
        yield text(said, "yellow")
    elif kinds and not others:
        yield text(f"The yardstick of the runs: {named.iloc[0]}.")


def about_columns(left_out: list[str]) -> Iterator[Text]:
    """Which columns there is no room for; nothing where there is room for all."""
    if left_out:
        yield text(
            f"No room for: {', '.join(left_out)}. All columns: --csv - or --json; some: --columns."
        )


def _numbers(
    header: str, rows: list[dict[str, Any]], column: str, *, signed: bool = False
) -> Column:
    cells = [
        _number(row, column, signed=signed) if row["status"] == "completed" else "-" for row in rows
    ]
    return Column(header, cells, is_number=True)


def _number(row: Mapping[str, Any], column: str, *, signed: bool = False) -> str:
    interval = (row.get(f"{column}_low"), row.get(f"{column}_high"))
    return number(row.get(column), interval, signed=signed)


def _number_or_status(row: Mapping[str, Any], column: str) -> str:
    return _number(row, column) if row["status"] == "completed" else row["status"]


def cell_of(row: Mapping[str, Any], column: str) -> str:
    """A fact or number of a row, with its interval."""
    value = row[column]
    if value is None:
        return "-"
    if isinstance(value, float):
        return _number(row, column)
    return f"{value:,}" if is_number(value) and column != "seed" else str(value)


def names_of(rows: list[dict[str, Any]]) -> list[str]:
    """What the configurations of some rows are called, yardsticks marked."""
    return [f"{'* ' if row['is_yardstick'] else ''}{row['configuration']}" for row in rows]


def _millions(row: Mapping[str, Any]) -> str:
    millions = row["parameters_millions"]
    return "-" if millions is None else f"{millions:.2f}"


def _commit(row: Mapping[str, Any]) -> str:
    return str(row["commit"] or "-")[:COMMIT_LENGTH] + ("+" if row["is_dirty"] else "")
