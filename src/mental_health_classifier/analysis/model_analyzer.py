"""Recorded runs as pandas DataFrames and conclusions, for notebooks."""

from __future__ import annotations

import pandas as pd

from mental_health_classifier.analysis.pages.in_notebooks import Shown, comparison
from mental_health_classifier.analysis.tables.recorded_table import (
    JUDGES_POSTS,
    recorded_table,
    rows_of,
)
from mental_health_classifier.analysis.tables.run_table import (
    headline_column,
    newest_first,
    ranked,
)
from mental_health_classifier.tracking.run_index import (
    ROOTS,
    Roots,
    find_runs,
    folders_of,
)


class ModelAnalyzer:
    """Everything that was recorded below some folders, ready to be compared.

    Args:
        roots: a folder that holds runs, at any depth, or several. What is deleted there is gone
            from here.
    """

    def __init__(self, roots: Roots = ROOTS) -> None:
        self.roots = folders_of(roots)

    def create_performance_comparison(self) -> pd.DataFrame:
        """One row a run that judges posts and is not archived, best first by the headline; read
        anew at each call, see `run_table`."""
        table = recorded_table(self.roots)
        is_wanted = table[JUDGES_POSTS] & ~table["is_archived"].fillna(False).astype(bool)
        table = newest_first(rows_of(table, is_wanted))
        return ranked(table, by=headline_column(table))

    def groups(self) -> pd.DataFrame:
        """One row a configuration, its seeds together, best first; see `group_table`."""
        from mental_health_classifier.analysis.tables.seed_groups import group_table

        return group_table(self.create_performance_comparison())

    def comparison(self) -> Shown:
        """The same as a table for people, which a notebook shows as HTML."""
        from mental_health_classifier.analysis.tables.seed_groups import group_table

        table = self.create_performance_comparison()
        return comparison(group_table(table), headline=headline_column(table))

    def conclusions(self) -> list[str]:
        """Sentences of the report, its verdict first, each worked out from the records."""
        from mental_health_classifier.analysis.report.contents import gather_report
        from mental_health_classifier.analysis.sections.pieces import plain

        found = find_runs(self.roots)
        archived = [run for run in found if run.is_archived]
        report = gather_report([run for run in found if not run.is_archived], archived=archived)
        sentences = [*report.answer, *report.summary, *report.recommendation_sentences]
        return [report.verdict, *map(plain, sentences)]
