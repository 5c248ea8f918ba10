"""Recorded runs become one table: a row a run, a type for every column."""

from __future__ import annotations

import re
import sys
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from mental_health_classifier.analysis.run_facts import facts_of
from mental_health_classifier.analysis.terminal import is_interval, printable
from mental_health_classifier.contracts import InputError
from mental_health_classifier.tracking.files import write_atomically
from mental_health_classifier.tracking.run_index import RunSummary

YARDSTICK_MODEL = "tfidf_logistic"
"""What networks are measured against, as conf/model/ names it."""

LEADING = (
    *("experiment_name", "run_id", "status", "model", "variants", "seed", "parameters_millions"),
    *("final_accuracy", "final_f1_macro", "final_recall_at_spec80"),
    *("duration_seconds", "commit", "is_dirty", "tags", "created_at"),
    *("data_name", "data_fingerprint", "parts_fingerprint"),
)
"""Every table begins with these columns, with the recall of each class before the headline."""

_COUNTS = re.compile(r"(final|val)_(n|(support|predicted)_.*)|seed|parameters|peak_memory_bytes")
_NUMBERS = re.compile(r"(final|val|yardstick|ceiling)_.*|parameters_millions|duration_seconds")
_FLAGS = re.compile(r"is_.*")
_TIMES = re.compile(r".*_at")


def run_table(runs: Iterable[RunSummary]) -> pd.DataFrame:
    """One row a run, in the order given, whatever state the run is in.

    Every number of the test part is `final_…` and of the validation part `val_…`, with `_low` and
    `_high` where it has an interval: `test/recall/suicide` is `final_recall_suicide`. The distance
    to the yardstick that was fitted on the same parts is `yardstick_difference_…`. What a run did
    not measure is missing, never zero.
    """
    runs = list(runs)
    yardsticks = {YARDSTICK_MODEL, *((run.yardstick or {}).get("name") for run in runs)} - {None}
    rows = [
        {**facts_of(run), "is_yardstick": run.model in yardsticks, **dict(_numbers(run))}
        for run in runs
    ]
    recalls = dict.fromkeys(
        column_of(key, run.metrics)
        for run in runs
        for key in run.metrics
        if key.startswith("test/recall/")
    )
    before_headline = LEADING.index("final_recall_at_spec80")
    columns = dict.fromkeys((*LEADING[:before_headline], *recalls, *LEADING[before_headline:]))
    columns |= dict.fromkeys(column for row in rows for column in row)
    table = pd.DataFrame(rows, columns=list(columns), dtype=object)
    return pd.DataFrame({column: _typed(column, table[column]) for column in columns})


def column_of(key: str, keys: Collection[str]) -> str:
    """The column of a metric, among all `keys` of its run: `test/f1/suicide` -> `final_f1_suicide`.

    A class whose name would make it another metric's column (`f1/macro`) gets `class` into it. A
    key without a part counts as one of test.
    """
    part, slash, rest = key.partition("/")
    if not slash:
        return f"final_{key}"
    name = rest.replace("/", "_")
    if "/" in rest and f"{part}/{name}" in keys:
        name = rest.replace("/", "_class_", 1)
    return f"{'final' if part == 'test' else part}_{name}"


def headline_column(table: pd.DataFrame) -> str:
    """The column that ranks these runs: macro F1 where none of them has a priority class."""
    is_missing = table["final_recall_at_spec80"].isna().to_numpy()
    return "final_f1_macro" if is_missing.all() else "final_recall_at_spec80"


def ranked(table: pd.DataFrame, *, by: str, ascending: bool = False) -> pd.DataFrame:
    """Runs ordered by a column; those without its number follow, and uncompleted ones come last."""
    ordered = table.sort_values(by, ascending=ascending, kind="stable")
    is_last = (ordered["status"] != "completed").to_numpy()
    return ordered.iloc[is_last.argsort(kind="stable")].reset_index(drop=True)


def records_of(table: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows as plain values, fit for strict JSON: None where missing, times in ISO 8601."""
    plain = table.astype(object).where(table.notna(), None)
    return [
        {
            str(column): value.isoformat() if isinstance(value, pd.Timestamp) else value
            for column, value in row.items()
        }
        for row in plain.to_dict("records")
    ]


def write_csv(table: pd.DataFrame, path: str) -> None:
    """Writes a table to a new file; a hyphen stands for standard output.

    Raises:
        InputError: the file exists or cannot be written.
    """
    if path == "-":
        # Names may hold characters that steer a terminal; in a file they do nothing.
        is_text = table.dtypes == "str"
        shown = table.assign(
            **{
                name: table[name].map(printable, na_action="ignore")
                for name in table.columns[is_text]
            }
        )
        sys.stdout.write(shown.to_csv(index=False))
    elif Path(path).exists():
        raise InputError(f"--csv={path}: the file exists and is not replaced. Name another one.")
    else:
        try:
            write_atomically(Path(path), table.to_csv(index=False))
        except OSError as error:
            raise InputError(f"--csv={path} cannot be written: {error.strerror}.") from None


def _numbers(run: RunSummary) -> Iterator[tuple[str, Any]]:
    for key, value in run.metrics.items():
        yield from _with_interval(column_of(key, run.metrics), value, run.intervals.get(key))
    yardstick = run.yardstick or {}
    if yardstick:
        yield "yardstick_name", yardstick.get("name")
    measured, intervals = yardstick.get("metrics", {}), yardstick.get("difference_intervals", {})
    for key, difference in yardstick.get("differences", {}).items():
        column = column_of(key, measured)
        yield f"yardstick_{column}", measured.get(key)
        yield from _with_interval(f"yardstick_difference_{column}", difference, intervals.get(key))
    for kind, accuracy in (run.data.get("ceilings") or {}).items():
        yield f"ceiling_{kind}", accuracy


def _with_interval(column: str, value: Any, interval: Any) -> Iterator[tuple[str, Any]]:
    yield column, value
    if is_interval(interval):
        yield f"{column}_low", interval[0]
        yield f"{column}_high", interval[1]


def _typed(name: str, column: Any) -> Any:
    numbers: Any = pd.to_numeric
    if _COUNTS.fullmatch(name):
        return numbers(column, errors="coerce").round().astype("Int64")
    if _FLAGS.fullmatch(name):
        return column.astype("boolean")
    if _TIMES.fullmatch(name):
        return pd.to_datetime(column, errors="coerce", utc=True, format="ISO8601")
    if _NUMBERS.fullmatch(name) and name != "yardstick_name":
        return numbers(column, errors="coerce").astype("float64")
    return column.astype("str")
