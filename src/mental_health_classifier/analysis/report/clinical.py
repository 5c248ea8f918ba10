"""What one run means where a missed post is worse than a false alarm."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mental_health_classifier.analysis.report.charts import Chart, Line, path_of, x_scale, y_scale
from mental_health_classifier.analysis.report.evidence import Evidence
from mental_health_classifier.analysis.sections.assessments import SECTIONS, section_of
from mental_health_classifier.analysis.sections.performance import (
    auxiliary_tasks,
    classes,
    performance,
)
from mental_health_classifier.analysis.sections.pieces import RunLink
from mental_health_classifier.analysis.sections.section import Section
from mental_health_classifier.contracts import InputError
from mental_health_classifier.evaluation.roc import RankedPosts
from mental_health_classifier.tracking.record.assessments import stored_predictions
from mental_health_classifier.tracking.record.run_summary import RunSummary


@dataclass(frozen=True, slots=True)
class Clinical:
    run: RunLink
    sections: Sequence[Section]
    """Of the posts, the priority class first, then what its assessments say."""
    charts: Sequence[Chart]


def clinical(evidence: Evidence, run: RunSummary) -> Clinical:
    """Everything recorded of one run, the priority class first; what is not there is said so."""
    found = {name: evidence.assessment(run, name) for name in SECTIONS}
    calibration = found["calibration"]
    charts = [
        _roc(run),
        _reliability(calibration),
        _triage_chart(found["triage"]),
        _decision_chart(calibration),
    ]
    tasks = auxiliary_tasks(run)
    return Clinical(
        run=evidence.seed_link(run),
        sections=[
            performance(run),
            classes(run),
            *([] if tasks is None else [tasks]),
            *(section_of(name, assessment) for name, assessment in found.items()),
        ],
        charts=[chart for chart in charts if chart is not None],
    )


def _roc(run: RunSummary) -> Chart | None:
    if run.data.get("priority_class") is None:
        return None
    try:
        test = stored_predictions(run, ["test"])["test"]
    except (InputError, OSError):
        return None
    if not test.is_priority.any() or test.is_priority.all():
        return None
    curve = RankedPosts(test.priority_scores, test.is_priority).curve(np.ones((1, len(test))))
    found = np.concatenate([[0], curve.true_alerts[0]]) / test.is_priority.sum()
    alarms = np.concatenate([[0], curve.false_alerts[0]]) / (~test.is_priority).sum()
    return _unit_chart(
        "Priority posts found, by false alarms (ROC, test)",
        "share of other posts alerted",
        "share found",
        [("the model", alarms.tolist(), found.tolist(), "s0"), ("chance", [0, 1], [0, 1], "guide")],
    )


def _reliability(calibration: Mapping[str, Any] | None) -> Chart | None:
    lines = []
    for when, label, style in (
        ("before", "as the model says", "s1"),
        ("after", "after the temperature", "s0"),
    ):
        of_priority = (calibration or {}).get(when, {}).get("priority") or {}
        curve = of_priority.get("reliability_curve")
        if curve:
            said = [point["predicted"] for point in curve]
            lines.append((label, said, [point["observed"] for point in curve], style))
    if not lines:
        return None
    return _unit_chart(
        "Is a probability what it says? (test)",
        "probability of the priority class, as said",
        "share that were",
        [*lines, ("perfect", [0, 1], [0, 1], "guide")],
    )


def _triage_chart(triage: Mapping[str, Any] | None) -> Chart | None:
    if triage is None or not triage.get("curve"):
        return None
    read = [point["share_read"] for point in triage["curve"]]
    lines = [
        (
            f"reviewer notices {100 * float(sensitivity):g} %",
            read,
            [point["recall"][sensitivity] for point in triage["curve"]],
            f"s{place}",
        )
        for place, sensitivity in enumerate(triage["curve"][0]["recall"])
    ]
    return _unit_chart(
        "Priority posts found, by how many are read (triage, test)",
        "share of posts read, highest probability first",
        "share found",
        [*lines, ("in random order", [0, 1], [0, 1], "guide")],
    )


def _decision_chart(calibration: Mapping[str, Any] | None) -> Chart | None:
    curve = (calibration or {}).get("decision_curve")
    if not curve:
        return None
    at = [point["threshold"] for point in curve]
    benefits = [point["net_benefit"] for point in curve]
    of_all = [point["net_benefit_of_alerting_all"] for point in curve]
    x = x_scale(min(at), max(at))
    y = y_scale(min(0, *benefits), max(0.01, *benefits, *of_all))
    low = y.low
    shown = [(a, b) for a, b in zip(at, of_all, strict=True) if b >= low]
    lines = [
        Line("the model", path_of(at, benefits, x=x, y=y), "s0"),
        Line("alerting everybody", path_of(*_columns(shown), x=x, y=y), "s1"),
        Line("alerting nobody", path_of([min(at), max(at)], [0, 0], x=x, y=y), "guide"),
    ]
    return Chart(
        title="Is alerting by it worth the false alarms? (decision curve, test)",
        description="Net benefit by the probability from which on a post is alerted.",
        x_label="probability from which on a post is alerted",
        y_label="net benefit",
        x_ticks=x.ticks(),
        y_ticks=y.ticks(4),
        lines=lines,
    )


def _columns(points: Sequence[tuple[float, float]]) -> tuple[list[float], list[float]]:
    return [a for a, _ in points], [b for _, b in points]


def _unit_chart(
    title: str,
    x_label: str,
    y_label: str,
    lines: Sequence[tuple[str, Sequence[float], Sequence[float], str]],
) -> Chart:
    x, y = x_scale(0, 1), y_scale(0, 1)
    return Chart(
        title=title,
        description=f"{y_label} by {x_label}.",
        x_label=x_label,
        y_label=y_label,
        x_ticks=x.ticks(),
        y_ticks=y.ticks(),
        lines=[Line(label, path_of(xs, ys, x=x, y=y), style) for label, xs, ys, style in lines],
    )
