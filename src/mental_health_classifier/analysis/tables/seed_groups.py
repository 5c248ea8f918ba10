"""Runs of one configuration become one row: their mean, and how far their seeds lie apart."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import pandas as pd
from pandas.api.types import is_float_dtype

from mental_health_classifier.analysis.tables.run_facts import SETTINGS
from mental_health_classifier.analysis.tables.run_table import headline_column
from mental_health_classifier.evaluation.seed_mean import ends_around_mean

MEASURED = (
    *("duration_seconds", "fit_seconds", "peak_memory_bytes", "gpu_peak_memory_bytes"),
    *("size_on_disk_bytes", "training_posts_per_second", "prediction_posts_per_second"),
    *("inference_flops_per_post", "training_flops_per_post"),
)
"""Costs, of which a group has the mean."""

SHARED = (
    *("configuration", "experiment_name", "model", "variants", "is_yardstick", "is_external"),
    *("configuration_hash",),
    *("data_name", "data_fingerprint", "parts_fingerprint", "priority_class"),
    *("parameters", "parameters_millions"),
    *(name for name in SETTINGS if name not in MEASURED and not name.startswith("selected_")),
)
"""Facts that the runs of a group share; of names that differ it has the latest."""

_UNBOUNDED = re.compile(
    r"yardstick_difference_.*|.*_(kappa|mae|r2|auprc_above_chance|threshold|temperature|loss)"
)
"""Numbers that are no shares; differences are below 0 where the yardstick is better."""
_GROUPED_BY = ("configuration_hash", "parts_fingerprint", "directory")
_CHOSEN_BY = ("status", "trial", "priority_class", "created_at", "run_id", "seed")
_LISTED = (
    *(("seeds", "seed", ", "), ("run_ids", "run_id", ", ")),
    *(("tags", "tags", "; "), ("notes", "notes", "; ")),
)
"""Columns of what the runs of a group do not share: of which of theirs, and what stands between."""
_COLUMNS_AT_A_TIME = 16
_COMPARED = re.compile(r"(yardstick_difference_)?(final|val)_.*")


def group_table(runs: pd.DataFrame) -> pd.DataFrame:
    """One row a configuration with its completed runs, those on the posts of the latest run first,
    and on the same posts the best mean of the headline first.

    A configuration is what runs share that differ only in their seed (`configuration_hash`) and
    were tested on the same posts. Of a seed that ran twice the latest run counts. Trials of a
    search are left out where other runs were tested on the same posts, see `competing`. Beside
    SHARED and the means of MEASURED there are `num_seeds`, `seeds`, `run_ids`, `tags`, `notes`, and
    of every number of the test and validation part, for instance `final_accuracy`, five columns:

        final_accuracy_mean, final_accuracy_spread (the standard deviation over the seeds),
        final_accuracy_low and _high (95 % interval of the mean over other authors and seeds, see
        `ends_around_mean`), and
        final_accuracy_worst (the lowest seed)

    Seeds that come to the same numbers throughout are one model, as those of a model are that draws
    nothing at random: `num_models` says how many there are. Of one model there is no spread, and
    the interval is over authors alone.

    Args:
        runs: a `run_table`.
    """
    places = _latest_of_each_seed(runs)

    def of_kept(columns: Sequence[str]) -> pd.DataFrame:
        return runs[list(columns)].iloc[places].reset_index(drop=True)

    groups, found = pd.factorize(_group_of(of_kept(_GROUPED_BY)))
    num_seeds = np.bincount(groups, minlength=len(found))
    columns = compared_columns(runs)
    # A few columns at a time: the numbers of many runs are not to be in memory twice.
    pieces = [
        columns[first : first + _COLUMNS_AT_A_TIME]
        for first in range(0, len(columns), _COLUMNS_AT_A_TIME)
    ]
    is_one = np.all([_are_alike(of_kept(piece), groups) for piece in pieces], axis=0)
    num_models = pd.Series(np.where(is_one, 1, num_seeds), dtype="Int64")
    members = {
        "num_seeds": pd.Series(num_seeds, dtype="Int64"),
        **{
            name: _listed(of_kept([of_run])[of_run], groups, separator, num_groups=len(found))
            for name, of_run, separator in _LISTED
        },
        "num_models": num_models,
    }
    numbers = []
    for piece in pieces:
        ends = [f"{name}_{end}" for name in piece for end in ("low", "high")]
        kept = of_kept([*piece, *(name for name in ends if name in runs)])
        numbers.append(_numbers_of(kept, groups, piece, num_models=num_models))
    facts = of_kept(SHARED).groupby(groups, sort=False).last()
    costs = of_kept(MEASURED).groupby(groups, sort=False).mean().astype("float64")
    table = pd.concat([facts, pd.DataFrame(members), costs, *numbers], axis=1)
    order = table[["parts_fingerprint"]].assign(headline=table[f"{headline_column(runs)}_mean"])
    order = order.sort_values("headline", ascending=False, kind="stable")
    began = of_kept(("parts_fingerprint", "created_at"))
    latest = began.groupby("parts_fingerprint")["created_at"].max().rank(ascending=False)
    place = order["parts_fingerprint"].map(latest)
    return table.iloc[order.index.to_numpy()[place.argsort(kind="stable")]].reset_index(drop=True)


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


def _latest_of_each_seed(runs: pd.DataFrame) -> np.ndarray:
    """Places of the completed runs that count, by their seeds."""
    deciding = runs[[*_GROUPED_BY, *_CHOSEN_BY]].reset_index(drop=True)
    completed = _competing(deciding[deciding["status"] == "completed"])
    completed = completed.sort_values(["created_at", "run_id"])
    seeds = completed["seed"].astype("str").where(completed["seed"].notna(), completed["run_id"])
    same = pd.DataFrame({"group": _group_of(completed), "seed": seeds})
    kept = completed[~same.duplicated(keep="last")]
    return kept.index.to_numpy()[kept["seed"].argsort(kind="stable")]


def _competing(completed: pd.DataFrame) -> pd.DataFrame:
    is_trial = completed["trial"].notna()
    terms = completed["parts_fingerprint"].fillna("") + " " + completed["priority_class"].fillna("")
    return completed[~is_trial | ~terms.isin(terms[~is_trial])]


def _group_of(runs: pd.DataFrame) -> pd.Series:
    alone = runs["directory"]
    known = runs["configuration_hash"] + " " + runs["parts_fingerprint"].fillna("")
    return known.where(runs["configuration_hash"].notna(), alone)


def _listed(values: pd.Series, groups: np.ndarray, separator: str, *, num_groups: int) -> pd.Series:
    """What the runs of each group have, each once, as one text."""
    # Not by pandas, which takes its time for each of ten thousand groups.
    said: list[dict[str, None]] = [{} for _ in range(num_groups)]
    is_known = values.notna() & (values != "")
    for group, value in zip(groups[is_known], values[is_known], strict=True):
        said[group][str(value)] = None
    return pd.Series([separator.join(each) for each in said], dtype="str")


def _are_alike(kept: pd.DataFrame, groups: np.ndarray) -> np.ndarray:
    """Of each group whether its runs do not differ in any number that they have."""
    numbers = kept.groupby(groups, sort=False)
    least = numbers.min()
    return (least.isna() | (least == numbers.max())).all(axis=1).to_numpy()


def _numbers_of(
    kept: pd.DataFrame, groups: np.ndarray, columns: Sequence[str], *, num_models: pd.Series
) -> pd.DataFrame:
    """Mean, spread, interval and worst of each column."""
    is_one = num_models.eq(1)
    selected = kept[list(columns)].groupby(groups, sort=False)
    counts, means, spreads = selected.count(), selected.mean(), selected.std()
    counts = counts.mul(0).add(1).where(is_one, counts, axis=0)
    spreads = spreads.mask(is_one, axis=0)
    below, above = (
        _distances(kept, columns, end).groupby(groups, sort=False).mean() for end in ("low", "high")
    )
    low, high = ends_around_mean(
        means.to_numpy(), spreads.to_numpy(), counts.to_numpy(), below=below, above=above
    )
    low, high = (pd.DataFrame(ends, means.index, means.columns) for ends in (low, high))
    is_bounded = np.array([is_share(name) for name in columns])
    low = low.clip(lower=np.where(is_bounded, 0, -np.inf), axis=1)
    high = high.clip(upper=np.where(is_bounded, 1, np.inf), axis=1)
    kinds = {"mean": means, "spread": spreads, "low": low, "high": high, "worst": selected.min()}
    # One block of numbers: hundreds of single columns would slow down whatever is done with them.
    together = pd.concat([values.add_suffix(f"_{kind}") for kind, values in kinds.items()], axis=1)
    return together[[f"{name}_{kind}" for name in columns for kind in kinds]]


def _distances(kept: pd.DataFrame, columns: Sequence[str], end: str) -> pd.DataFrame:
    """How far an end of each run's own interval lies from its number; NaN where it has none."""
    ends = kept.reindex(columns=[f"{name}_{end}" for name in columns]).to_numpy(dtype=float)
    values = kept[list(columns)].to_numpy(dtype=float)
    return pd.DataFrame(np.abs(values - ends), kept.index, list(columns))


def is_share(column: str) -> bool:
    """Whether a number lies between 0 and 1."""
    return not _UNBOUNDED.fullmatch(column)
