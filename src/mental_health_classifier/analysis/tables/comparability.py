"""Comparability of runs, and the number of posts behind their numbers."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from mental_health_classifier.analysis.sections.shortcuts import shortcuts
from mental_health_classifier.analysis.tables.number_columns import column_of
from mental_health_classifier.console.wording import amount, printable
from mental_health_classifier.contracts import InputError
from mental_health_classifier.tracking.record.assessments import read_assessment

NO_CLASS = "none"
"""Where no class has priority."""
NOT_KNOWN = "On posts that are not known, as another tracker has its runs"
"""The title of runs whose numbers stand beside no others."""


def warning_about_posts(table: pd.DataFrame) -> str | None:
    """Says so where runs of a `run_table` were not tested on the same posts, or not for the same
    priority class."""
    measured = table[table["final_accuracy"].notna() & table["parts_fingerprint"].notna()]
    for column, what in (
        ("data_fingerprint", "tested on different posts"),
        ("parts_fingerprint", "tested on different parts of the same posts"),
        ("priority_class", "ranked by what they find of different priority classes"),
    ):
        values = pd.Series(measured[column])
        if column == "priority_class":
            # Here it is a choice to have none; a fingerprint that lacks was only not recorded.
            values = values.fillna(NO_CLASS)
        counts = values.dropna().map(printable).value_counts()
        if len(counts) > 1:
            first = next(value for value in counts.index if value != NO_CLASS)
            listed = ", ".join(f"{value} ({num_runs})" for value, num_runs in counts.items())
            pooled = table["fold"].notna().any() and column == "parts_fingerprint"
            return (
                f"These runs were {what}, so their numbers cannot be compared. Runs by "
                f"{column}: {listed}. One set of posts at a time: "
                f"mhc compare --where \"{column} == '{first}'\""
                f"{'. All folds of a configuration together: mhc folds' if pooled else ''}"
            )
    return None


def corpora(table: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
    """The runs of a `run_table` in blocks that can be compared, each with a title: the block of the
    latest run first, runs in the order of the table.

    Blocks are those of completed runs, runs of another tracker last, whose posts nobody here knows.
    Others, of which no completed run has the posts, stand with them where there is one block alone,
    and else come last.
    """
    terms = table["parts_fingerprint"] + " " + table["priority_class"].fillna(NO_CLASS)
    is_completed = table["status"] == "completed"
    terms = terms.mask(terms.isna() & is_completed, NOT_KNOWN)
    latest = table["created_at"][is_completed].groupby(terms[is_completed]).max()
    latest = latest.sort_values(ascending=False)
    latest = latest.loc[sorted(latest.index, key=lambda each: each == NOT_KNOWN)]
    terms = terms.where(terms.isin(latest.index))
    if len(latest) <= 1:
        return [(_title(table), table)] if len(table) else []
    blocks = [table[terms == each].reset_index(drop=True) for each in latest.index]
    if terms.isna().any():
        blocks.append(table[terms.isna()].reset_index(drop=True))
    return [(_title(block), block) for block in blocks]


def _title(block: pd.DataFrame) -> str:
    completed = block[block["status"] == "completed"]
    known = completed[completed["parts_fingerprint"].notna()]
    if not len(known):
        return NOT_KNOWN if len(completed) else "No completed run on their posts"
    first = known.iloc[0]
    priority_class = first["priority_class"]
    fold = ""
    if not pd.isna(first["fold"]):
        fold, of, seed = (first[key] for key in ("fold", "num_folds", "split_seed"))
        fold = f", fold {fold:.0f} of {of:.0f} (split seed {seed:.0f})"
    return (
        f"{printable(first['data_name'])}{fold}, parts {first['parts_fingerprint']}, priority "
        f"class: {NO_CLASS if pd.isna(priority_class) else printable(priority_class)}"
    )


def warnings_about_shortcuts(table: pd.DataFrame) -> Iterator[str]:
    """What to know of the runs of a `run_table` whose shortcuts were assessed, each with its id."""
    for run_id, directory in zip(table["run_id"], table["directory"], strict=True):
        try:
            found = read_assessment(directory, "shortcuts")
        except InputError as error:
            yield str(error)
            continue
        if found:
            yield from (f"Run {run_id}: {warning}" for warning in shortcuts(found).warnings)


def posts_behind(table: pd.DataFrame) -> str:
    """`300 posts, 100 of suicide`: the test posts of the runs of a `run_table`; empty where they
    are not known."""
    described = []
    columns = {"final_n": "posts"}
    for name in table["priority_class"].dropna().unique():
        columns[column_of(f"test/support/{name}", ())] = f"of {name}"
    for column, of_what in columns.items():
        counts = table[column].dropna() if column in table else []
        if len(counts):
            low, high = amount(int(min(counts))), amount(int(max(counts)))
            described.append(f"{low if low == high else f'{low} to {high}'} {of_what}")
    return ", ".join(described)
