"""What the configurations cost, in parameters, operations, time and memory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from mental_health_classifier.analysis.report.evidence import Evidence
from mental_health_classifier.analysis.report.parts import Measure, RunLink
from mental_health_classifier.console.wording import duration, is_number
from mental_health_classifier.tracking.record.run_summary import RunSummary

MOST_ROWS = 30


@dataclass(frozen=True, slots=True)
class Cost:
    run: RunLink
    parameters: Measure
    inference_mflops: Measure
    training_mflops: Measure
    time: str
    memory: Measure


def costs(evidence: Evidence) -> list[Cost]:
    """What the configurations that rank highest on val cost, by their best run."""
    runs = [each.best_run(f"val/{evidence.headline}") for each in evidence.candidates[:MOST_ROWS]]
    return [_cost(evidence, run) for run in runs]


def _cost(evidence: Evidence, run: RunSummary) -> Cost:
    anchor, facts = evidence.anchor(run), run.model_facts

    def measure(value: Any, by: float, decimals: int) -> Measure:
        return Measure(value / by if is_number(value) else None, anchor, decimals=decimals)

    return Cost(
        run=evidence.link(run),
        parameters=measure(facts.get("parameters"), 1e6, 2),
        inference_mflops=measure(facts.get("inference_flops_per_post"), 1e6, 1),
        training_mflops=measure(facts.get("training_flops_per_post"), 1e6, 1),
        time=duration(run.duration_seconds).replace("-", "\u2013"),
        memory=measure(run.end.get("peak_memory_bytes"), 2**20, 0),
    )
