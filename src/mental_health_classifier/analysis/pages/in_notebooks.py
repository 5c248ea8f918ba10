"""Runs, comparisons and certificates as notebooks show them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from mental_health_classifier.analysis.documents import html_page
from mental_health_classifier.analysis.sections.assessments import assessment_sections, section_for
from mental_health_classifier.analysis.sections.performance import performance_sections
from mental_health_classifier.analysis.sections.pieces import (
    Measure,
    interval_of,
    number_of,
    plain,
)
from mental_health_classifier.analysis.sections.section import Section
from mental_health_classifier.analysis.tables.run_names import group_names
from mental_health_classifier.analysis.tables.run_table import records_of
from mental_health_classifier.tracking.record.assessments import read_assessment
from mental_health_classifier.tracking.run_index import RunSummary, resolve_run


@dataclass(frozen=True, slots=True)
class Shown:
    """Sections that a notebook shows as HTML, in its own colours, and a console as text. Whatever a
    record says is escaped."""

    title: str
    sections: Sequence[Section]

    def _repr_html_(self) -> str:
        return html_page("notebook.html.j2", title=self.title, sections=self.sections)

    def __repr__(self) -> str:
        lines = [self.title]
        for section in self.sections:
            lines += ["", section.title, *map(plain, section.sentences)]
            lines += ["  ".join(map(plain, row)) for row in [section.header, *section.rows] if row]
            lines += [*map(plain, section.notes), *map(plain, section.warnings)]
            lines += [section.missing] if section.missing else []
        return "\n".join(lines)


def show(run: RunSummary | Path | str) -> Shown:
    """What a run learned, beside the yardstick, and what may be promised of it.

    Args:
        run: its record, folder or id, see `resolve_run`.
    """
    found = resolve_run(run)
    trust = [said for section in assessment_sections(found) for said in section.brief]
    promised = [Section(title="What may be promised", sentences=trust)] if trust else []
    return Shown(_heading(found), [*performance_sections(found), *promised])


def certificate(run: RunSummary | Path | str) -> Shown:
    """The certificate of a run: what is promised about missed posts, and what is not."""
    found = resolve_run(run)
    assessment = read_assessment(found.directory, "certificate")
    return Shown(_heading(found), [section_for(found, "certificate", assessment)])


def comparison(groups: pd.DataFrame, *, headline: str) -> Shown:
    """Configurations side by side, best first.

    Args:
        groups: a `group_table`.
        headline: the column of a run table that ranks them.
    """
    rows = records_of(groups)
    section = Section(
        title="Configurations",
        caption=f"{headline.removeprefix('final_').replace('_', ' ')} on test: the mean over seeds "
        "with its 95 % interval, and the worst seed",
        header=["name", "posts", "seeds", "mean", "worst"],
        rows=[
            [
                name,
                row["data_name"],
                Measure(row["num_seeds"], decimals=0),
                Measure(
                    number_of(row[f"{headline}_mean"]),
                    interval_of([row[f"{headline}_low"], row[f"{headline}_high"]]),
                ),
                Measure(number_of(row[f"{headline}_worst"])),
            ]
            for name, row in zip(group_names(rows, shown=str), rows, strict=True)
        ],
        missing="" if len(groups) else "No completed run was found.",
    )
    return Shown("Comparison", [section])


def _heading(run: RunSummary) -> str:
    named = " + ".join(map(str, (run.model, *run.variants)))
    return f"{run.name or run.directory.name}: {named}, seed {run.seed}, {run.status}"
