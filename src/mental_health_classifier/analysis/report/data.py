"""Corpora of the runs, with what a reader has to know of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from mental_health_classifier.analysis.report.evidence import Evidence
from mental_health_classifier.analysis.sections.performance import is_above_ceiling
from mental_health_classifier.analysis.sections.pieces import Sentence, measure_of, shortened
from mental_health_classifier.analysis.sections.provenance import posts
from mental_health_classifier.analysis.sections.section import Section
from mental_health_classifier.console.wording import count
from mental_health_classifier.tracking.record.run_summary import RunSummary


def posts_of(evidence: Evidence) -> list[Section]:
    """A description for each set of posts and parts, the one that the report speaks of first."""
    groups: dict[str, dict[Path, RunSummary]] = {}
    for run in (*evidence.comparable, *evidence.runs):
        if run.data and run.parts_fingerprint is not None:
            groups.setdefault(run.parts_fingerprint, {})[run.directory] = run
    return [
        _posts(evidence, fingerprint, list(runs.values())) for fingerprint, runs in groups.items()
    ]


def _posts(evidence: Evidence, parts_fingerprint: str, runs: Sequence[RunSummary]) -> Section:
    found = posts(runs[0])
    leaks: list[Sentence] = [
        (
            "Leak: ",
            evidence.link(run),
            " reached an accuracy of ",
            measure_of(run, "test/accuracy", evidence.anchor(run)),
            ", above the best that any reader can do.",
        )
        for run in runs
        if run.status == "completed" and is_above_ceiling(run)
    ]
    warnings = {warning: None for run in runs for warning in posts(run).warnings}
    return replace(
        found,
        title=f"{shortened(runs[0].data.get('name'))}, {count(len(runs), 'run')}",
        sentences=[
            *found.sentences,
            f"Divided as {parts_fingerprint}.",
            *([] if warnings else ["No warnings were recorded for these posts."]),
        ],
        warnings=[*leaks, *warnings],
    )
