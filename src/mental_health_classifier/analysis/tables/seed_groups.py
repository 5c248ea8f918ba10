"""Runs of one configuration become one row: their mean, and how far their seeds lie apart."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import pandas as pd
from pandas.api.types import is_float_dtype
from scipy.special import stdtrit

from mental_health_classifier.analysis.tables.run_facts import SETTINGS
from mental_health_classifier.analysis.tables.run_table import headline_column
from mental_health_classifier.evaluation.intervals import CONFIDENCE

MEASURED = (
    *("duration_seconds", "fit_seconds", "peak_memory_bytes", "gpu_peak_memory_bytes"),
    *("size_on_disk_bytes", "training_posts_per_second", "prediction_posts_per_second"),
    *("inference_flops_per_post", "training_flops_per_post"),
)
"""Costs, of which a group has the mean."""

SHARED = (
    *("experiment_name", "model", "variants", "is_yardstick", "configuration_hash"),
    *("data_name", "data_fingerprint", "parts_fingerprint", "priority_class"),
    *("parameters", "parameters_millions"),
    *(name for name in SETTINGS if name not in MEASURED and not name.startswith("selected_")),
)
"""Facts that the runs of a group share; of names that differ it has the latest."""

_UNBOUNDED = re.compile(r"yardstick_difference_.*|.*_(kappa|mae|r2|auprc_above_chance|threshold)")
"""Numbers that are no shares; differences are below 0 where the yardstick is better."""
_COMPARED = re.compile(r"(yardstick_difference_)?(final|val)_.*")


def group_table(runs: pd.DataFrame) -> pd.DataFrame:
    """One row a configuration with its completed runs, best mean of the headline first.

    A configuration is what runs share that differ only in their seed (`configuration_hash`) and
    were tested on the same posts. Of a seed that ran twice the latest run counts. Beside SHARED and
    the means of MEASURED there are `num_seeds`, `seeds`, `run_ids`, and of every number of the test
    and validation part, for instance `final_accuracy`, five columns:

        final_accuracy_mean, final_accuracy_spread (the standard deviation over the seeds),
        final_accuracy_low and _high (t interval of the mean over other seeds, 95 %), and
        final_accuracy_worst (the lowest seed)

    Spread and interval are missing where there is one seed: nothing is known of others.

    Args:
        runs: a `run_table`.
    """
    completed = runs[runs["status"] == "completed"].sort_values(["created_at", "run_id"])
    groups = _group_of(completed)
    seeds = completed["seed"].astype("str").where(completed["seed"].notna(), completed["run_id"])
    is_latest = ~pd.DataFrame({"group": groups, "seed": seeds}).duplicated(keep="last")
    kept, groups = completed[is_latest], groups[is_latest]
    kept = kept.iloc[kept["seed"].argsort(kind="stable")]
    by_group = kept.groupby(groups.loc[kept.index], sort=False)
    facts = by_group[list(SHARED)].last()
    members = by_group.agg(
        num_seeds=("run_id", "size"),
        seeds=("seed", lambda each: ", ".join(map(str, each.dropna()))),
        run_ids=("run_id", lambda each: ", ".join(map(str, each.dropna()))),
    )
    costs = by_group[list(MEASURED)].mean().astype("float64")
    numbers = _numbers_of(by_group, compared_columns(runs))
    table = pd.concat([facts, members.astype({"num_seeds": "Int64"}), costs, numbers], axis=1)
    best_first = f"{headline_column(runs)}_mean"
    return table.sort_values(best_first, ascending=False, kind="stable", ignore_index=True)


def compared_columns(runs: pd.DataFrame) -> list[str]:
    """Columns of a `run_table` by which models can be compared: no counts, no ends of intervals."""
    columns = set(runs.columns)
    return [
        name
        for name in map(str, runs.columns)
        if _COMPARED.fullmatch(name)
        and is_float_dtype(runs[name])
        and not any(
            name.endswith(end) and name.removesuffix(end) in columns for end in ("_low", "_high")
        )
    ]


def _group_of(runs: pd.DataFrame) -> pd.Series:
    alone = runs["directory"]
    known = runs["configuration_hash"] + " " + runs["parts_fingerprint"].fillna("")
    return known.where(runs["configuration_hash"].notna(), alone)


def _numbers_of(by_group: object, columns: Sequence[str]) -> pd.DataFrame:
    """Mean, spread, interval and worst of each column."""
    selected = by_group[list(columns)]  # pyright: ignore[reportIndexIssue]
    counts, means, spreads = selected.count(), selected.mean(), selected.std()
    # scipy.stats has the same number and takes a second longer to import.
    quantiles = stdtrit(np.maximum(counts - 1, 1), (1 + CONFIDENCE) / 2)
    halves = quantiles * spreads / np.sqrt(counts)
    is_share = [not _UNBOUNDED.fullmatch(name) for name in columns]
    kinds = {
        "mean": means,
        "spread": spreads,
        # No mean of shares lies outside of 0 and 1.
        "low": (means - halves).clip(lower=np.where(is_share, 0, -np.inf), axis=1),
        "high": (means + halves).clip(upper=np.where(is_share, 1, np.inf), axis=1),
        "worst": selected.min(),
    }
    # One block of numbers: hundreds of single columns would slow down whatever is done with them.
    together = pd.concat([values.add_suffix(f"_{kind}") for kind, values in kinds.items()], axis=1)
    return together[[f"{name}_{kind}" for name in columns for kind in kinds]]
