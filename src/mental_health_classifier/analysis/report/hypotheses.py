"""What people expected of their runs, beside what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mental_health_classifier.analysis.report.evidence import Evidence
from mental_health_classifier.analysis.report.parts import (
    Measure,
    RunLink,
    Said,
    difference_to_yardstick,
    measure_of,
    shortened,
)
from mental_health_classifier.analysis.tables.run_table import YARDSTICK_MODEL
from mental_health_classifier.contracts.headline import headline_of
from mental_health_classifier.tracking.record.run_summary import RunSummary

LENGTH = 400
MOST_RUNS = 12
"""Of one hypothesis; a sweep states the same one for all its runs."""


@dataclass(frozen=True, slots=True)
class Outcome:
    run: RunLink
    seed: int | None
    status: str
    headline: Measure
    difference: Measure | None
    """To the yardstick on the same posts; None: not recorded."""
    said: str
    """What the difference means, or what went wrong."""


@dataclass(frozen=True, slots=True)
class Hypothesis:
    text: Said
    outcomes: Sequence[Outcome]
    num_more: int
    """Outcomes that are not listed."""


def hypotheses(evidence: Evidence) -> list[Hypothesis]:
    """Each hypothesis that was stated, with every run that was to test it, best first."""
    stated: dict[str, list[RunSummary]] = {}
    for run in evidence.runs:
        text = str(run.hypothesis or "").strip()
        if text:
            stated.setdefault(text, []).append(run)
    return [
        Hypothesis(
            text=Said(shortened(text, LENGTH)),
            outcomes=[_outcome(evidence, run) for run in runs[:MOST_RUNS]],
            num_more=max(0, len(runs) - MOST_RUNS),
        )
        for text, runs in stated.items()
    ]


def _outcome(evidence: Evidence, run: RunSummary) -> Outcome:
    anchor = evidence.anchor(run)
    key = f"test/{headline_of(run.data.get('priority_class'))}"
    difference = difference_to_yardstick(run, key, anchor)
    return Outcome(
        run=evidence.link(run),
        seed=run.seed,
        status=run.status,
        headline=measure_of(run, key, anchor),
        difference=difference,
        said=_said(run, difference),
    )


def _said(run: RunSummary, difference: Measure | None) -> str:
    if run.status != "completed":
        problem = run.problem
        return f"{run.status}: {shortened(problem, 160)}" if problem else run.status
    if run.model == YARDSTICK_MODEL:
        return "it is the yardstick"
    if difference is None:
        return "no yardstick was fitted beside it"
    low, high = difference.interval or (0.0, 0.0)
    if low > 0:
        return "better than the yardstick"
    if high < 0:
        return "worse than the yardstick"
    return "not distinguishable from the yardstick"
