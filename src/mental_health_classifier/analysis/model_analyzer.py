"""Recorded runs as pandas DataFrames, for notebooks."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from mental_health_classifier.analysis.tables.run_table import (
    headline_column,
    newest_first,
    ranked,
    run_table,
)
from mental_health_classifier.tracking.run_index import each_run

ROOTS = ("outputs", "multirun")
"""Where Hydra writes single runs and sweeps."""


class ModelAnalyzer:
    """Everything that was recorded below some folders, ready to be compared.

    Args:
        roots: folders that hold runs, at any depth. What is deleted there is gone from here.
    """

    def __init__(self, roots: Iterable[str | Path] = ROOTS) -> None:
        self.roots = [Path(root) for root in roots]

    def create_performance_comparison(self) -> pd.DataFrame:
        """One row a run, best first by the headline, read anew at each call; see `run_table`."""
        table = newest_first(run_table(each_run(self.roots)))
        return ranked(table, by=headline_column(table))

    def groups(self) -> pd.DataFrame:
        """One row a configuration, its seeds together, best first; see `group_table`."""
        from mental_health_classifier.analysis.tables.seed_groups import group_table

        return group_table(self.create_performance_comparison())
