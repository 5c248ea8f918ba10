"""What more parameters bought: each model beside the next smaller one."""

from __future__ import annotations

from mental_health_classifier.analysis.report.evidence import Evidence
from mental_health_classifier.analysis.report.pairs import PairedDifference, paired_difference
from mental_health_classifier.analysis.sections.pieces import (
    Measure,
    Piece,
    measure_of,
    shortened,
)
from mental_health_classifier.analysis.sections.section import Section
from mental_health_classifier.console.wording import is_number
from mental_health_classifier.tracking.record.run_summary import RunSummary
from mental_health_classifier.tracking.selection.candidates import Candidate

MOST_SIZES = 8
_LENGTH_OF_TRAINING = ("max_epochs", "max_steps", "limit_train_batches")


def size_steps(evidence: Evidence) -> Section:
    """Models without variants, smallest first, each by its configuration that is best on val."""
    best: dict[str, Candidate] = {}
    for candidate in evidence.candidates:
        run = candidate.runs[0]
        if not run.variants and run.model:
            best.setdefault(run.model, candidate)
    ordered = sorted(best.items(), key=lambda item: _parameters(item[1]) or 0)[:MOST_SIZES]
    rows: list[list[Piece]] = []
    for place, (model, candidate) in enumerate(ordered):
        run = candidate.best_run(f"val/{evidence.headline}")
        anchor = evidence.anchor(run)
        over_smaller = ("smallest", "")
        if place:
            smaller = ordered[place - 1][1]
            difference = (
                paired_difference(
                    candidate, smaller, anchor=anchor, num_comparisons=len(ordered) - 1
                )
                if _are_trained_alike(run, smaller.runs[0])
                else PairedDifference(None, None, "not compared: trained for longer or shorter", 0)
            )
            over_smaller = difference.cells
        rows.append(
            [
                shortened(model),
                Measure(_parameters(candidate), decimals=0),
                Measure(len(candidate.runs), decimals=0),
                measure_of(run, f"test/{evidence.headline}", anchor),
                *over_smaller,
            ]
        )
    return Section(
        title="Size",
        missing=""
        if len(rows) > 1
        else "Not shown, since it takes two models of different size without variants on the same "
        "posts.",
        caption="Each model minus the next smaller one, in the headline on the same test posts",
        header=[
            *("Model", "Parameters", "Seeds", "Headline on test"),
            *("Minus the smaller one", "It is"),
        ],
        rows=rows if len(rows) > 1 else [],
    )


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
