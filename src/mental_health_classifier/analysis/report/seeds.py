"""How much a configuration's headline changes with the seed alone."""

from __future__ import annotations

from dataclasses import replace

from mental_health_classifier.analysis.report.charts import (
    BOTTOM,
    TOP,
    WIDTH,
    Chart,
    Line,
    Point,
    Tick,
    x_scale,
)
from mental_health_classifier.analysis.report.evidence import Evidence
from mental_health_classifier.analysis.sections.pieces import Measure, Piece, measure_of, shortened
from mental_health_classifier.analysis.sections.section import Section
from mental_health_classifier.evaluation.intervals import CONFIDENCE
from mental_health_classifier.evaluation.paired_comparison import t_interval
from mental_health_classifier.tracking.selection.best_models import SEEDS_NEEDED
from mental_health_classifier.tracking.selection.candidates import Candidate, alert_churn

MOST_ROWS = 30
ROW = 26
NAME_SPACE = 220
"""Height of a row, and room for the names, in the chart's units."""
NAME_LENGTH = 32


def stability(evidence: Evidence) -> Section:
    """The configurations that rank highest on val, each with the headline of its seeds on test."""
    rows = [_stability(evidence, each) for each in evidence.candidates[:MOST_ROWS]]
    return Section(
        title="Stability",
        missing="" if rows else "There is no completed run to compare with others of its kind.",
        caption="The headline on test, seed by seed, of configurations that differ in nothing "
        "else. The interval is of the mean over other seeds. Fewer than "
        f"{SEEDS_NEEDED} seeds give a first impression, no more. Churn is the share of priority "
        "posts on whose alert two seeds disagree",
        header=[
            *("Configuration", "Seeds", "Mean", "Standard deviation", "Worst", "Churn"),
            "Each seed",
        ],
        rows=rows,
    )


def seeds_chart(evidence: Evidence) -> Chart | None:
    """Every seed's headline on test, and the interval of the one that is best on val."""
    key = f"test/{evidence.headline}"
    rows = [each for each in evidence.candidates[:MOST_ROWS] if each.values(key)]
    if not rows:
        return None
    height = TOP + BOTTOM + ROW * len(rows)
    x = x_scale(0, 1, left=NAME_SPACE)
    points, lines, labels = [], [], []
    for place, candidate in enumerate(rows):
        y = TOP + ROW * (place + 0.5)
        best = candidate.best_run(f"val/{evidence.headline}")
        labels.append(Tick(y, shortened(evidence.name(best), NAME_LENGTH)))
        if interval := measure_of(best, key, None).interval:
            low, high = (x(min(max(end, 0), 1)) for end in interval)
            lines.append(Line("", f"M{low:g},{y:g}L{high:g},{y:g}", "interval"))
        for run in sorted(candidate.runs, key=lambda run: run is best):
            measure = measure_of(run, key, evidence.anchor(run))
            if measure.value is not None:
                style = "best" if run is best else "seed"
                title = f"{evidence.name(run)}, seed {run.seed}: {measure}"
                points.append(Point(x(measure.value), y, style, title, measure.anchor))
    return Chart(
        title="Headline on test by configuration",
        description="The same numbers stand in the table of stability.",
        x_label="recall of the priority class at specificity 0.80"
        if evidence.priority_class
        else "macro F1",
        y_label="",
        x_ticks=x.ticks(),
        y_ticks=(),
        lines=lines,
        points=points,
        width=WIDTH,
        height=height,
        left=NAME_SPACE,
        labels=labels,
    )


def _stability(evidence: Evidence, candidate: Candidate) -> list[Piece]:
    key = f"test/{evidence.headline}"
    values = candidate.values(key)
    mean = candidate.mean(key) if values else None
    seeds = [measure_of(run, key, evidence.anchor(run)) for run in candidate.runs]
    return [
        evidence.link(candidate.best_run(f"val/{evidence.headline}")),
        Measure(len(seeds), decimals=0),
        Measure(mean, t_interval(values, confidence=CONFIDENCE)),
        Measure(candidate.spread(key) if len(values) > 1 else None),
        Measure(min(values, default=None)),
        Measure(alert_churn(candidate.runs)),
        tuple(piece for seed in seeds for piece in (replace(seed, interval=None, n=None), " ")),
    ]
