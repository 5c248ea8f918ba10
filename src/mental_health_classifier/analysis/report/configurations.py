"""Configurations side by side: what size bought, how seeds vary, what they cost."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from mental_health_classifier.analysis.report.evidence import Evidence
from mental_health_classifier.analysis.sections.pieces import (
    DASH,
    Measure,
    Piece,
    measure_of,
    shortened,
)
from mental_health_classifier.analysis.sections.section import Section
from mental_health_classifier.analysis.tables.paired_difference import (
    PairedDifference,
    paired_difference,
)
from mental_health_classifier.console.wording import duration, is_number
from mental_health_classifier.tracking.record.run_summary import RunSummary
from mental_health_classifier.tracking.selection.best_models import SEEDS_NEEDED
from mental_health_classifier.tracking.selection.candidates import Candidate, alert_churn

MOST_ROWS = 30
MOST_SIZES = 8
_LENGTH_OF_TRAINING = ("max_epochs", "max_steps", "limit_train_batches")


def size_steps(evidence: Evidence) -> Section:
    """Models without variants, smallest first, each by its configuration that is best on val."""
    best: dict[str, Candidate] = {}
    for candidate in evidence.candidates:
        run = candidate.runs[0]
        if run.is_export:  # of the size of the run that it was made of
            continue
        if not run.variants and run.model and _parameters(candidate) is not None:
            best.setdefault(run.model, candidate)
    ordered = sorted(best.items(), key=lambda item: _parameters(item[1]) or 0)[:MOST_SIZES]
    rows: list[list[Piece]] = []
    for place, (model, candidate) in enumerate(ordered):
        run = candidate.best_run(f"val/{evidence.headline}")
        over_smaller = ("smallest", "")
        if place:
            smaller = ordered[place - 1][1]
            difference = (
                paired_difference(
                    evidence.measured,
                    candidate,
                    smaller,
                    questions=len(ordered) - 1,
                    anchor=evidence.anchor(run),
                )
                if _are_trained_alike(run, smaller.runs[0])
                else PairedDifference(
                    None, evidence.headline, reason="trained for longer or shorter"
                )
            )
            over_smaller = difference.cells
        rows.append(
            [
                shortened(model),
                Measure(_parameters(candidate), decimals=0),
                Measure(len(candidate.models), decimals=0),
                evidence.estimate(candidate, f"test/{evidence.headline}"),
                *over_smaller,
            ]
        )
    return Section(
        title="Size",
        missing=""
        if len(rows) > 1
        else "Not shown, since it takes two models of different size without variants on the same "
        "posts.",
        caption="Each model minus the next smaller one, in the mean headline on the same test "
        "posts, by the rule that compares configurations",
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


def stability(evidence: Evidence) -> Section:
    """The configurations that rank highest on val, each with the headline of its seeds on test."""
    rows = [_stability(evidence, each) for each in evidence.candidates[:MOST_ROWS]]
    return Section(
        title="Stability",
        missing="" if rows else "There is no completed run to compare with others of its kind.",
        caption="Highest on validation first: the headline on test, seed by seed, of "
        "configurations that differ in nothing else. The interval is of the mean over other "
        "authors and seeds. Fewer than "
        f"{SEEDS_NEEDED} seeds give a first impression, no more. Churn is the share of priority "
        "posts on whose alert two seeds disagree",
        header=[
            *("Configuration", "Seeds", "Mean", "Standard deviation", "Worst", "Churn"),
            "Each seed",
        ],
        rows=rows,
    )


def _stability(evidence: Evidence, candidate: Candidate) -> list[Piece]:
    key = f"test/{evidence.headline}"
    values = candidate.values(key)
    mean = candidate.mean(key) if values else None
    seeds = [measure_of(run, key, evidence.anchor(run)) for run in candidate.runs]
    return [
        evidence.link(candidate.best_run(f"val/{evidence.headline}")),
        Measure(len(candidate.models), decimals=0),
        Measure(mean, candidate.interval(key)),
        Measure(candidate.spread(key) if len(values) > 1 else None),
        Measure(min(values, default=None)),
        Measure(alert_churn(candidate.runs)),
        tuple(piece for seed in seeds for piece in (replace(seed, interval=None, n=None), " ")),
    ]


def costs(evidence: Evidence) -> Section:
    """What the configurations that rank highest on val cost, by their best run."""
    rows: list[list[Piece]] = []
    for candidate in evidence.candidates[:MOST_ROWS]:
        run = candidate.best_run(f"val/{evidence.headline}")
        facts, anchor = run.model_facts, evidence.anchor(run)

        def measure(value: Any, by: float, decimals: int, anchor: str = anchor) -> Measure:
            known = value / by if is_number(value) else None
            return Measure(known, anchor=anchor, decimals=decimals)

        rows.append(
            [
                evidence.link(run),
                measure(facts.get("parameters"), 1e6, 2),
                measure(facts.get("inference_flops_per_post"), 1e6, 1),
                measure(facts.get("training_flops_per_post"), 1e6, 1),
                duration(run.duration_seconds).replace("-", DASH),
                measure(run.peak_memory_bytes, 2**20, 0),
            ]
        )
    return Section(
        title="Cost",
        missing="" if rows else "There is no completed run.",
        caption="Cost of the configurations that rank highest on validation, by their best run. "
        "Time and memory are of the machine that it ran on; those of models of other programs are "
        "not known",
        header=[
            *("Configuration", "Parameters, millions", "MFLOPs to judge a post"),
            *("MFLOPs to learn from it", "Time", "Peak memory, MB"),
        ],
        rows=rows,
    )
