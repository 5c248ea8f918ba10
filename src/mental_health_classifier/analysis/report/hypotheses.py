"""Hypotheses of runs, beside their outcomes."""

from __future__ import annotations

from mental_health_classifier.analysis.report.evidence import Evidence
from mental_health_classifier.analysis.sections.pieces import (
    DASH,
    Piece,
    difference_to_yardstick,
    measure_of,
    shortened,
)
from mental_health_classifier.analysis.sections.section import Section
from mental_health_classifier.analysis.tables.paired_difference import difference_to_own_yardstick
from mental_health_classifier.analysis.tables.run_table import YARDSTICK_MODELS
from mental_health_classifier.console.wording import count
from mental_health_classifier.contracts.headline import headline_of
from mental_health_classifier.tracking.record.run_summary import RunSummary

LENGTH = 400
MOST_RUNS = 12
"""Of one hypothesis; a sweep states the same one for all its runs."""


def hypotheses(evidence: Evidence) -> list[Section]:
    """Each hypothesis that was stated, with every run that was to test it, best first."""
    stated: dict[str, list[RunSummary]] = {}
    for run in evidence.runs:
        text = str(run.hypothesis or "").strip()
        if text:
            stated.setdefault(text, []).append(run)
    return [
        Section(
            title=shortened(text, LENGTH),
            caption="Outcomes, best first"
            + (
                f"; not listed: {count(more, 'more run')}"
                if (more := len(runs) - MOST_RUNS) > 0
                else ""
            ),
            header=["Run", "Seed", "Headline on test", "Minus the yardstick", "Which means"],
            rows=[_outcome(evidence, run) for run in runs[:MOST_RUNS]],
        )
        for text, runs in stated.items()
    ]


def _outcome(evidence: Evidence, run: RunSummary) -> list[Piece]:
    anchor = evidence.anchor(run)
    key = f"test/{headline_of(run.data.get('priority_class'))}"
    difference = difference_to_yardstick(run, key, anchor)
    seed = DASH if run.seed is None else str(run.seed)
    headline = measure_of(run, key, anchor)
    return [evidence.link(run), seed, headline, difference or DASH, _said(evidence, run)]


def _said(evidence: Evidence, run: RunSummary) -> str:
    """What became of a run; where it completed what its configuration shows over all seeds."""
    if run.status != "completed":
        problem = run.problem
        return f"{run.status}: {shortened(problem, 160)}" if problem else run.status
    if run.model in YARDSTICK_MODELS:
        return "it is the yardstick"
    candidate = evidence.candidate_of(run)
    if run.yardstick is None or candidate is None:
        return "no yardstick was fitted beside it"
    difference = difference_to_own_yardstick(evidence.measured, candidate)
    return {
        "better": "its configuration is better than the yardstick",
        "worse": "its configuration is worse than the yardstick",
        "tie": "its configuration is as good as the yardstick",
        "not shown": "not shown to be better or worse than the yardstick",
    }.get(difference.verdict, f"not compared: {difference.reason}")
