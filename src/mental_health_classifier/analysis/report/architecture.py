"""What more parameters bought: each model beside the next smaller one."""

from __future__ import annotations

from dataclasses import dataclass

from mental_health_classifier.analysis.report.evidence import Evidence
from mental_health_classifier.analysis.report.pairs import PairedDifference, paired_difference
from mental_health_classifier.analysis.report.parts import (
    Measure,
    RunLink,
    Said,
    measure_of,
    shortened,
)
from mental_health_classifier.console.wording import is_number
from mental_health_classifier.tracking.record.run_summary import RunSummary
from mental_health_classifier.tracking.selection.candidates import Candidate

MOST_SIZES = 8
_LENGTH_OF_TRAINING = ("max_epochs", "max_steps", "limit_train_batches")


@dataclass(frozen=True, slots=True)
class SizeStep:
    """A model, and what it has over the next smaller one."""

    model: Said
    run: RunLink
    parameters: int | None
    headline: Measure
    num_seeds: int
    over_smaller: PairedDifference | None
    """None: it is the smallest."""


def size_steps(evidence: Evidence) -> list[SizeStep]:
    """Models without variants, smallest first, each by its configuration that is best on val."""
    best: dict[str, Candidate] = {}
    for candidate in evidence.candidates:
        run = candidate.runs[0]
        if not run.variants and run.model:
            best.setdefault(run.model, candidate)
    ordered = sorted(best.items(), key=lambda item: _parameters(item[1]) or 0)[:MOST_SIZES]
    steps = []
    for place, (model, candidate) in enumerate(ordered):
        run = candidate.best_run(f"val/{evidence.headline}")
        anchor = evidence.anchor(run)
        difference = None
        if place:
            smaller = ordered[place - 1][1]
            difference = (
                paired_difference(
                    candidate, smaller, anchor=anchor, num_comparisons=len(ordered) - 1
                )
                if _are_trained_alike(run, smaller.runs[0])
                else PairedDifference(None, None, "not compared: trained for longer or shorter", 0)
            )
        steps.append(
            SizeStep(
                model=Said(shortened(model)),
                run=evidence.link(run),
                parameters=_parameters(candidate),
                headline=measure_of(run, f"test/{evidence.headline}", anchor),
                num_seeds=len(candidate.runs),
                over_smaller=difference,
            )
        )
    return steps


def _are_trained_alike(first: RunSummary, second: RunSummary) -> bool:
    """Whether size alone can be what tells two models apart. A model that is fitted whole has no
    steps to have more or fewer of."""
    settings = [
        [run.setting("trainer", key) for key in _LENGTH_OF_TRAINING]
        for run in (first, second)
        if run.setting("model", "_target_") is None
    ]
    return settings[:1] == settings[-1:]


def _parameters(candidate: Candidate) -> int | None:
    found = candidate.runs[0].model_facts.get("parameters")
    return round(found) if is_number(found) else None
