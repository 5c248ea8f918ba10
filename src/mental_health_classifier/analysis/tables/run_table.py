"""Recorded runs become one table: a row a run, a type for every column."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from mental_health_classifier.analysis.tables.number_columns import NumberColumns
from mental_health_classifier.analysis.tables.run_facts import (
    SETTINGS,
    facts_of,
    settings_of,
    yardstick_reads,
)
from mental_health_classifier.analysis.tables.run_names import NAMED_BY, configuration_names
from mental_health_classifier.analysis.tables.variant_impacts import (
    in_vocabulary_impacts,
    vocabulary_impacts,
)
from mental_health_classifier.console.wording import printable
from mental_health_classifier.storage.outputs import check_output, write_output
from mental_health_classifier.storage.spreadsheet_cells import inert
from mental_health_classifier.tracking.run_index import RunSummary, no_garbage_collection

_HEADLINE = "final_recall_at_spec80"

YARDSTICK_MODELS = ("tfidf_logistic", "tfidf_words")
"""What networks are measured against, as conf/yardstick/ names them."""

LEADING = (
    *(
        "configuration",
        "experiment_name",
        "run_id",
        "status",
        "model",
        "variants",
        "seed",
        "parameters_millions",
    ),
    *("final_accuracy", "final_f1_macro", "final_recall_at_spec80"),
    *("duration_seconds", "commit", "is_dirty", "tags", "created_at"),
    *("data_name", "data_fingerprint", "parts_fingerprint"),
)
"""Every table begins with these columns, with the recall of each class before the headline."""

_COUNTS = re.compile(
    r"(final|val)_(n|(support|predicted)_.*)|seed|trial|parameters|.*_bytes|trainable_parameters"
    r"|(feedforward_)?width|num_layers|num_heads|max_(tokens|posts_per_batch|tokens_per_batch"
    r"|epochs)|vocabulary_size|selected_(epoch|step)"
)
_NUMBERS = re.compile(
    rf"final_.*|parameters_millions|duration_seconds|vocabulary_impact|{'|'.join(SETTINGS)}"
)
GREATEST_COUNT = 2**53
"""From here on not every whole number is a floating point number."""

_ROWS_AT_A_TIME = 2000
_NOTHING_KNOWN = RunSummary(Path(), "unknown")
_FLAGS = re.compile(r"is_.*")
_TIMES = re.compile(r".*_at")


@no_garbage_collection()
def run_table(runs: Iterable[RunSummary]) -> pd.DataFrame:
    """One row a run, in the order given, whatever state the run is in.

    Every number of the test part is `final_…` and of the validation part `val_…`, with `_low` and
    `_high` where it has an interval: `test/recall/suicide` is `final_recall_suicide`. The distance
    to the yardstick that was fitted on the same parts is `yardstick_difference_…`. What the run was
    set to and what it cost stands in the columns of `settings_of`. `vocabulary_impact` is what
    the clinical vocabulary did for the headline, where the runs hold its control. What a run did
    not measure is missing, never zero.
    """
    # No runs have the same columns as any.
    facts: dict[str, list[Any]] = {column: [] for column in _facts_of(_NOTHING_KNOWN)}
    numbers = NumberColumns()
    with_vocabulary: list[RunSummary] = []
    count = 0
    for count, run in enumerate(runs, start=1):
        for column, value in _facts_of(run).items():
            facts[column].append(value)
        numbers.add(count - 1, run)
        if in_vocabulary_impacts(run):
            with_vocabulary.append(run)
    table = _assembled(facts, numbers.columns(count), numbers.recalls, count)
    return named(with_impacts(table, with_vocabulary))


def joined(tables: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Several tables as one, as if it had been made of all their runs; `vocabulary_impact`, which
    takes their records, is missing, and `configuration` is for `named` to say anew."""
    if len(tables) == 1:
        (table,) = tables
    else:
        table = pd.concat([each for each in tables if len(each)] or tables[:1], ignore_index=True)
    names = dict.fromkeys(table["yardstick_name"].dropna()) if "yardstick_name" in table else ()
    is_yardstick = table["model"].isin({*YARDSTICK_MODELS, *names}).astype("boolean")
    nothing = pd.Series(np.nan, index=table.index)
    table = table.assign(is_yardstick=is_yardstick, vocabulary_impact=nothing)
    recalls = dict.fromkeys(name for each in tables for name in _recalls_in(each))
    before = LEADING.index(_HEADLINE)
    order = dict.fromkeys((*LEADING[:before], *recalls, *LEADING[before:], *table.columns))
    return table[list(order)]


def with_impacts(table: pd.DataFrame, with_vocabulary: Sequence[RunSummary]) -> pd.DataFrame:
    """The table with its column `vocabulary_impact`.

    Args:
        with_vocabulary: those of its runs that are `in_vocabulary_impacts`.
    """
    impacts = vocabulary_impacts(with_vocabulary)
    if impacts:
        found = [impacts.get(Path(each), np.nan) for each in table["directory"]]
        table["vocabulary_impact"] = pd.Series(found, index=table.index, dtype="float64")
    return table


def _recalls_in(table: pd.DataFrame) -> list[str]:
    names = list(map(str, table.columns))
    first = names.index(LEADING[LEADING.index(_HEADLINE) - 1]) + 1
    return names[first : names.index(_HEADLINE)]


def headline_column(table: pd.DataFrame) -> str:
    """The column that ranks these runs: macro F1 where none of them has a priority class."""
    is_missing = table["final_recall_at_spec80"].isna().to_numpy()
    return "final_f1_macro" if is_missing.all() else "final_recall_at_spec80"


def newest_first(table: pd.DataFrame) -> pd.DataFrame:
    """Runs ordered by when they began; those of which that is not known come last."""
    deciding = table[["created_at", "run_id"]].reset_index(drop=True)
    places = deciding.sort_values(["created_at", "run_id"], ascending=False).index
    return table.iloc[places].reset_index(drop=True)


def ranked(
    table: pd.DataFrame, *, by: str, ascending: bool = False, most: int | None = None
) -> pd.DataFrame:
    """Runs ordered by a column; those without its number follow, and uncompleted ones come last.

    Args:
        most: rows that are wanted, the first ones. None: all.
    """
    # Of the columns that decide, so that the others are copied once.
    deciding = table[[*dict.fromkeys((by, "status"))]].reset_index(drop=True)
    ordered = deciding.sort_values(by, ascending=ascending, kind="stable")
    is_last = (ordered["status"] != "completed").to_numpy()
    places = ordered.index.to_numpy()[is_last.argsort(kind="stable")[:most]]
    return table.iloc[places].reset_index(drop=True)


def records_of(table: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows as plain values, fit for strict JSON: None where missing, times in ISO 8601."""
    return list(each_record(table))


def each_record(table: pd.DataFrame) -> Iterator[dict[str, Any]]:
    """As `records_of`, one at a time: as objects the numbers of many runs take far more memory."""
    names = list(map(str, table.columns))
    for first in range(0, len(table), _ROWS_AT_A_TIME):
        rows = table.iloc[first : first + _ROWS_AT_A_TIME]
        for row in zip(*(_plain_values(column) for _, column in rows.items()), strict=True):
            yield dict(zip(names, row, strict=True))


def _plain_values(column: pd.Series) -> list[Any]:
    if isinstance(column.dtype, pd.DatetimeTZDtype):
        return [None if value is pd.NaT else value.isoformat() for value in column]
    if column.hasnans:
        column = column.astype(object).where(column.notna(), None)
    return column.tolist()


def write_csv(table: pd.DataFrame, path: str) -> None:
    """Writes a table to a new file; a hyphen stands for standard output.

    Raises:
        InputError: the file exists or cannot be written.
    """
    is_text = table.dtypes == "str"
    table = table.assign(
        **{name: table[name].map(inert, na_action="ignore") for name in table.columns[is_text]}
    )
    if path == "-":
        # Names may hold characters that steer a terminal; in a file they do nothing.
        shown = table.assign(
            **{
                name: table[name].map(printable, na_action="ignore")
                for name in table.columns[is_text]
            }
        )
        sys.stdout.write(shown.to_csv(index=False))
    else:
        check_output(Path(path), option="--csv")
        write_output(Path(path), table.to_csv(index=False), option="--csv")


def named(table: pd.DataFrame) -> pd.DataFrame:
    """The table with what the configuration of each run is called among all of them."""
    columns = zip(*(table[name].tolist() for name in NAMED_BY), strict=True)
    rows = [dict(zip(NAMED_BY, values, strict=True)) for values in columns]
    names = configuration_names(rows, shown=str)
    return table.assign(configuration=pd.Series(names, index=table.index, dtype="str"))


def _facts_of(run: RunSummary) -> dict[str, Any]:
    yardstick = {
        "yardstick_name": (run.yardstick or {}).get("name"),
        "yardstick_reads": yardstick_reads(run),
    }
    return facts_of(run) | settings_of(run) | yardstick


def _assembled(
    facts: dict[str, list[Any]],
    numbers: Mapping[str, np.ndarray],
    recalls: Iterable[str],
    count: int,
) -> pd.DataFrame:
    names = facts["yardstick_name"]
    yardsticks = {*YARDSTICK_MODELS, *names} - {None}
    facts["vocabulary_impact"] = [None] * count
    facts["is_yardstick"] = [model in yardsticks for model in facts["model"]]
    for column in ("yardstick_name", "yardstick_reads"):
        if all(value is None for value in facts[column]):
            del facts[column]
    before_headline = LEADING.index(_HEADLINE)
    columns = (*LEADING[:before_headline], *recalls, *LEADING[before_headline:])
    table: dict[str, Any] = {}
    for name in dict.fromkeys((*columns, *facts, *numbers)):
        if name in numbers and name not in facts:
            is_count = _COUNTS.fullmatch(name)
            values = numbers[name]
            table[name] = pd.array(_counts(values), dtype="Int64") if is_count else values
        else:
            nothing = [None] * count
            table[name] = _typed(name, pd.Series(facts.get(name, nothing), dtype=object))
    return pd.DataFrame(table)


def _counts(values: np.ndarray) -> np.ndarray:
    """Missing where a number is too great to have counted anything."""
    return np.where(np.abs(values) < GREATEST_COUNT, values, np.nan).round()


def _typed(name: str, column: Any) -> Any:
    numbers: Any = pd.to_numeric
    if _COUNTS.fullmatch(name):
        values = numbers(column, errors="coerce").astype("float64").to_numpy()
        return pd.array(_counts(values), dtype="Int64")
    if _FLAGS.fullmatch(name):
        return column.astype("boolean")
    if _TIMES.fullmatch(name):
        return pd.to_datetime(column, errors="coerce", utc=True, format="ISO8601")
    if _NUMBERS.fullmatch(name):
        return numbers(column, errors="coerce").astype("float64")
    return column.astype("str")
