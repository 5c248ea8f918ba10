"""One row a model, one column a corpus, and mean ranks where corpora are enough for them."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from mental_health_classifier.analysis.tables.comparability import corpora
from mental_health_classifier.analysis.tables.run_table import headline_column
from mental_health_classifier.analysis.tables.seed_groups import group_table
from mental_health_classifier.console.tables import Column
from mental_health_classifier.console.wording import number, printable
from mental_health_classifier.contracts.decimals import decimals
from mental_health_classifier.evaluation.ranks import LEVEL, MIN_CORPORA, Ranks, mean_ranks

METRICS = {"recall_at_spec80": "recall at\nspec. .80", "f1_macro": "macro F1"}
FACTS = ("model", "corpus", "metric", "value", "low", "high", "seeds", "configuration_hash")


@dataclass(frozen=True, slots=True)
class AcrossCorpora:
    """What models reach on several corpora."""

    cells: pd.DataFrame
    """A row a model and corpus, with the columns of FACTS."""
    ranks: Ranks | None
    """Of the models of `ranked`, in that order; None where nothing can be ranked."""
    ranked: list[str]
    """Models that were tested on every corpus."""

    def columns(self) -> list[Column]:
        """The table as people read it, best mean rank first, else in the order of names."""
        models = self._order()
        found = [Column("model", models)]
        if self.ranks is not None:
            ranks = dict(zip(self.ranked, self.ranks.mean.tolist(), strict=True))
            cells = [f"{ranks[name]:.1f}" if name in ranks else "-" for name in models]
            found.append(Column("mean\nrank", cells, is_number=True))
        for corpus, rows in self.cells.groupby("corpus", sort=False):
            by_model = {row["model"]: row for row in rows.to_dict("records")}
            cells = [_cell(by_model[name]) if name in by_model else "-" for name in models]
            found.append(
                Column(f"{corpus}\n{METRICS[rows['metric'].iloc[0]]}", cells, is_number=True)
            )
        return found

    def explanation(self) -> Iterator[str]:
        """What a reader has to know of the table, a sentence each."""
        num_corpora = self.cells["corpus"].nunique()
        yield (
            "Test parts, means over seeds, 95 % intervals over other authors and seeds. Of several "
            "configurations of a model, the one that is best on val stands here."
        )
        if self.ranks is not None:
            several = len(self.ranked) > 2
            yield (
                f"Mean ranks over {num_corpora} corpora, 1 is best. That "
                f"{'all models' if several else 'both'} are alike: p = "
                f"{number(self.ranks.p_value)} ({'Friedman' if several else 'sign test'}). Those "
                f"whose mean ranks lie less than {self.ranks.critical_difference:.1f} apart are "
                f"not shown to differ (Nemenyi, level {decimals(LEVEL, 2)})."
            )
        elif num_corpora < MIN_CORPORA:
            yield (
                f"No ranks: they take {MIN_CORPORA} corpora at least, and here are {num_corpora}; "
                "in fewer, the same order everywhere is no surprise. On one corpus: "
                "mhc compare --test."
            )
        else:
            yield (
                f"No ranks: {len(self.ranked)} of {self.cells['model'].nunique()} models "
                f"ran on all {num_corpora} corpora, and two are "
                "the least."
            )

    def _order(self) -> list[str]:
        models = sorted(self.cells["model"].unique())
        if self.ranks is None:
            return models
        ranks = dict(zip(self.ranked, self.ranks.mean.tolist(), strict=True))
        return sorted(models, key=lambda name: ranks.get(name, float("inf")))


def across_corpora(runs: pd.DataFrame) -> AcrossCorpora:
    """What the completed runs of a `run_table` reach on each corpus.

    A corpus counts once, with the parts of the latest run on it; a fold of a cross-validation is a
    part of a corpus and counts as none.
    """
    completed = runs[(runs["status"] == "completed") & runs["fold"].isna()]
    cells, names = [], {}
    for _, block in corpora(completed.reset_index(drop=True)):
        first = block.iloc[0]
        corpus = first["data_fingerprint"], first["priority_class"]
        if corpus not in names and not pd.isna(first["parts_fingerprint"]):
            called = printable(first["data_name"])
            # Two corpora may have one name, as two versions of a file have.
            is_free = called not in names.values()
            names[corpus] = called if is_free else f"{called} ({str(corpus[0])[:6]})"
            cells.append(_cells_of(block).assign(corpus=names[corpus]))
    found = pd.concat(cells or [pd.DataFrame(columns=[*FACTS])], ignore_index=True)
    wide = found.pivot(index="model", columns="corpus", values="value").dropna()
    is_ranked = wide.shape[1] >= MIN_CORPORA and len(wide) > 1
    values = wide.to_numpy(dtype=float).T
    return AcrossCorpora(found, mean_ranks(values) if is_ranked else None, wide.index.tolist())


def _cells_of(block: pd.DataFrame) -> pd.DataFrame:
    """The models of one corpus, without its name."""
    headline = headline_column(block)
    groups = group_table(block)
    # Foreign runs can lack whole columns of numbers.
    numbers = {
        name: groups.get(column, pd.Series(float("nan"), groups.index))
        for name, column in (
            # Chosen on val: the best of several on test would be one by luck.
            ("chosen_by", f"{headline.replace('final_', 'val_', 1)}_mean"),
            *((end, f"{headline}_{end}") for end in ("low", "high")),
            ("value", f"{headline}_mean"),
        )
    }
    more = (" + " + groups["variants"]).where(groups["variants"].fillna("") != "", "")
    cells = groups[["configuration_hash"]].assign(
        model=(groups["model"] + more).map(printable),
        metric=headline.removeprefix("final_"),
        seeds=groups["num_seeds"],
        **numbers,
    )
    cells = cells[cells["value"].notna()].sort_values("chosen_by", ascending=False, kind="stable")
    return cells.drop_duplicates("model")[[name for name in FACTS if name != "corpus"]]


def _cell(row: Mapping[Hashable, Any]) -> str:
    return number(row["value"], (row["low"], row["high"]))
