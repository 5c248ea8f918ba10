"""Configurations with the mean of one metric, for figures of many runs."""

from __future__ import annotations

from typing import Any

import pandas as pd

from mental_health_classifier.analysis.figures.models import nothing_completed
from mental_health_classifier.analysis.figures.names import metric_name, wrapped_name
from mental_health_classifier.analysis.tables.comparability import corpora, posts_behind
from mental_health_classifier.analysis.tables.number_columns import column_of
from mental_health_classifier.analysis.tables.run_names import group_names
from mental_health_classifier.analysis.tables.run_table import headline_column, records_of
from mental_health_classifier.analysis.tables.seed_groups import compared_columns, group_table
from mental_health_classifier.console.wording import alternatives, count, number
from mental_health_classifier.contracts import InputError


def metric_column(runs: pd.DataFrame, metric: str | None) -> str:
    """The column that a metric means: its own name, or its key (`test/accuracy`). None: the
    headline.

    Args:
        runs: a `run_table`.

    Raises:
        InputError: no completed run is there, or none of them has measured it; the message lists
            what there is.
    """
    completed = _completed(runs)
    column = headline_column(completed) if metric is None else metric
    if "/" in column:
        column = column_of(column, ())
    measured = [name for name in compared_columns(runs) if completed[name].notna().any()]
    if column not in measured:
        raise InputError(
            f"--metric={column}: none of the {len(completed)} completed runs has such a number."
            f"{alternatives(column, measured)}"
        )
    return column


def measured_groups(runs: pd.DataFrame, metric: str) -> pd.DataFrame:
    """The rows of `group_table` that have measured a metric, best first, with what is drawn:
    `name`, `mean`, `low` and `high`.

    The interval is over authors and seeds; of a single model over authors alone.

    Args:
        metric: a column, see `metric_column`.

    Raises:
        InputError: the runs were tested on different posts or parts, or for different classes.
    """
    completed = _completed(runs)
    if len(blocks := corpora(completed)) > 1:
        raise InputError(
            "These runs were tested on different posts or parts or for different classes, which do "
            f"not make one figure: {'; '.join(title for title, _ in blocks)}. Choose one, as by "
            f"--where \"parts_fingerprint == '{blocks[0][1]['parts_fingerprint'].iloc[0]}'\"."
        )
    groups = group_table(completed)
    groups = groups[groups[f"{metric}_mean"].notna()]
    groups = groups.sort_values(f"{metric}_mean", ascending=False, ignore_index=True)
    mean, low, high = (groups[f"{metric}_{kind}"] for kind in ("mean", "low", "high"))
    names = group_names(
        records_of(groups[["configuration"]]),
        shown=wrapped_name,
    )
    # Copied into one piece: to a table in many, pandas adds columns with a warning each.
    return groups.copy().assign(name=names, mean=mean, low=low, high=high)


def measured_seeds(runs: pd.DataFrame, groups: pd.DataFrame, metric: str) -> list[pd.Series]:
    """The values of the seeds of each of the `measured_groups`, by id of the run."""
    values = runs.drop_duplicates("run_id").set_index("run_id")[metric].astype(float)
    return [values.reindex(each.split(", ")).dropna() for each in groups["run_ids"].tolist()]


def yardstick_mean(runs: pd.DataFrame, groups: pd.DataFrame, metric: str) -> float | None:
    """What the yardstick reaches, as runs of its own or fitted beside the runs; None: unknown. Nor
    is there one number where runs have different yardsticks."""
    kinds = [runs[kind] for kind in ("yardstick_reads", "yardstick_name") if kind in runs]
    if any(kind.dropna().nunique() > 1 for kind in kinds):
        return None
    own = groups.loc[groups["is_yardstick"].fillna(False).astype(bool), "mean"]
    beside = f"yardstick_{metric}"
    values = own if len(own) else runs[beside].dropna() if beside in runs else own
    return float(values.mean()) if len(values) else None


def value_of(group: Any) -> str:
    """What a mark of one of the `measured_groups` stands for."""
    mean = number(group["mean"], [group["low"], group["high"]])
    return f"{group['name']}: {mean}, n = {group['num_models']}"


def caption_of(runs: pd.DataFrame, groups: pd.DataFrame, metric: str) -> str:
    """What is drawn, of how many runs and posts, and whether it can be compared."""
    num_runs = int(groups["num_seeds"].sum())
    posts = posts_behind(_completed(runs))
    behind = f", test part: {posts}" if posts else ""
    several = bool((groups["num_models"] > 1).any())
    bars = (
        "95 % interval of the mean over other authors and seeds; of a single model over authors"
        if several
        else "95 % interval over other authors"
    )
    name = metric_name(metric)
    return (
        f"{name[:1].upper()}{name[1:]}. n = {count(len(groups), 'configuration')}, "
        f"{count(num_runs, 'run')}{behind}. "
        f"Bars: {bars}."
    )


def _completed(runs: pd.DataFrame) -> pd.DataFrame:
    completed = runs[runs["status"] == "completed"]
    if not len(completed):
        raise nothing_completed(runs["status"].tolist())
    return completed
