"""What the configurations cost, in parameters, operations, time and memory."""

from __future__ import annotations

from typing import Any

from mental_health_classifier.analysis.report.evidence import Evidence
from mental_health_classifier.analysis.sections.pieces import DASH, Measure, Piece
from mental_health_classifier.analysis.sections.section import Section
from mental_health_classifier.console.wording import duration, is_number

MOST_ROWS = 30


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
                measure(run.end.get("peak_memory_bytes"), 2**20, 0),
            ]
        )
    return Section(
        title="Cost",
        missing="" if rows else "There is no completed run.",
        caption="Cost of the configurations that rank highest on validation, by their best run. "
        "Time and memory are of the machine that it ran on",
        header=[
            *("Configuration", "Parameters, millions", "MFLOPs to judge a post"),
            *("MFLOPs to learn from it", "Time", "Peak memory, MB"),
        ],
        rows=rows,
    )
