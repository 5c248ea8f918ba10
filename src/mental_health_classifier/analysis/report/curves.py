"""How runs learned, step by step, from their metrics.jsonl."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mental_health_classifier.analysis.report.charts import (
    Chart,
    Line,
    path_of,
    x_scale,
    y_scale,
)
from mental_health_classifier.analysis.report.evidence import Evidence
from mental_health_classifier.console.wording import is_number
from mental_health_classifier.contracts import InputError
from mental_health_classifier.storage.json_lines import read_records
from mental_health_classifier.tracking.record.run_summary import RunSummary

MOST_RUNS = 24
MOST_AT_FIRST = 6
NUM_STYLES = 8
"""Colours, each with a pattern of dashes, of the configurations; then they begin again."""

PANELS = {
    "val/recall_at_spec80": "Recall of the priority class at specificity 0.80, validation",
    "val/partial_auc": "Partial area under the ROC, validation",
    "val/f1_macro": "Macro F1, validation",
    "val/loss": "Loss, validation",
    "train/loss": "Loss, training",
}


@dataclass(frozen=True, slots=True)
class Curve:
    """A run that can be switched on and off in all charts."""

    key: str
    name: str
    seed: int | None
    style: str
    is_shown: bool


@dataclass(frozen=True, slots=True)
class Curves:
    curves: Sequence[Curve]
    charts: Sequence[Chart]
    num_left_out: int
    """Runs with curves beyond those drawn: the ones that rank lower."""
    num_damaged: int
    """Lines of their files that were cut or changed, and are not drawn."""


def training_curves(evidence: Evidence) -> Curves:
    """The best runs' curves; a colour a configuration, a line a seed."""
    drawn: list[tuple[Curve, Mapping[str, tuple[list[float], list[float]]]]] = []
    styles: dict[str | None, str] = {}
    num_damaged = num_left_out = 0
    for run in evidence.comparable:
        if len(drawn) == MOST_RUNS:
            # Whether more have a file is seen without reading it.
            num_left_out += (run.directory / "metrics.jsonl").is_file()
            continue
        series, damaged = _series_of(run)
        num_damaged += damaged
        if not series:
            continue
        style = styles.setdefault(run.configuration_hash, f"s{len(styles) % NUM_STYLES}")
        anchor = evidence.anchor(run)
        is_shown = len(drawn) < MOST_AT_FIRST
        drawn.append((Curve(anchor, evidence.name(run), run.seed, style, is_shown), series))
    charts = [_chart(key, title, drawn) for key, title in PANELS.items()]
    return Curves(
        curves=[curve for curve, _ in drawn],
        charts=[chart for chart in charts if chart is not None],
        num_left_out=num_left_out,
        num_damaged=num_damaged,
    )


def _series_of(run: RunSummary) -> tuple[dict[str, tuple[list[float], list[float]]], int]:
    try:
        found = read_records(run.directory / "metrics.jsonl")
    except (OSError, InputError, ValueError):
        return {}, 0
    series: dict[str, tuple[list[float], list[float]]] = {}
    for record in found.records:
        step = record.get("step")
        if not is_number(step):
            continue
        for key in PANELS:
            if is_number(value := record.get(key)):
                steps, values = series.setdefault(key, ([], []))
                steps.append(step)
                values.append(value)
    return series, found.num_damaged


def _chart(
    key: str,
    title: str,
    drawn: Sequence[tuple[Curve, Mapping[str, tuple[list[float], list[float]]]]],
) -> Chart | None:
    present = [(curve, series[key]) for curve, series in drawn if key in series]
    # One point is no curve.
    present = [(curve, (xs, ys)) for curve, (xs, ys) in present if len(xs) > 1]
    if not present:
        return None
    x = x_scale(0, max(xs[-1] for _, (xs, _) in present))
    y = y_scale(min(min(ys) for _, (_, ys) in present), max(max(ys) for _, (_, ys) in present))
    lines = [
        Line(
            label=curve.name,
            path=path_of(xs, ys, x=x, y=y),
            style=curve.style,
            key=curve.key,
            title=f"{curve.name}, seed {curve.seed}: {ys[0]:.3f} at first, {ys[-1]:.3f} at last",
        )
        for curve, (xs, ys) in present
    ]
    return Chart(
        title=title,
        description=f"{len(lines)} runs by optimisation step.",
        x_label="optimisation step",
        y_label="",
        x_ticks=x.ticks(),
        y_ticks=y.ticks(),
        lines=lines,
    )
