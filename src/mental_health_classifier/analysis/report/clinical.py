"""What one run means where a missed post is worse than a false alarm."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mental_health_classifier.analysis.pages.certificate import certificate_summary
from mental_health_classifier.analysis.pages.explanation_page import PARTS
from mental_health_classifier.analysis.pages.groups import TOO_FEW, group_notes, group_rows
from mental_health_classifier.analysis.pages.shortcuts import warnings_of
from mental_health_classifier.analysis.report.charts import Chart, Line, path_of, x_scale, y_scale
from mental_health_classifier.analysis.report.evidence import Evidence
from mental_health_classifier.analysis.report.parts import (
    Measure,
    Piece,
    RunLink,
    Said,
    interval_of,
    measure_of,
    shortened,
)
from mental_health_classifier.console.wording import is_number
from mental_health_classifier.contracts import InputError
from mental_health_classifier.evaluation.operating_point import DEPLOYED_PREVALENCES
from mental_health_classifier.evaluation.roc import RankedPosts
from mental_health_classifier.tracking.record.assessments import stored_predictions
from mental_health_classifier.tracking.record.run_summary import RunSummary


@dataclass(frozen=True, slots=True)
class Row:
    name: Said
    cells: Sequence[Piece]


@dataclass(frozen=True, slots=True)
class Clinical:
    run: RunLink
    priority_class: str | None
    detection: Sequence[Row]
    """The priority class in the words of an alert, each with its number."""
    classes: Sequence[Row]
    """Recall, precision and F1 of every class, the priority class first."""
    certificate: str | None
    """What is promised at which price, or why nothing is; None: it was not asked for."""
    guaranteed: str | None
    not_guaranteed: Sequence[str]
    calibration: Sequence[Row]
    """Before and after the temperature; empty: not measured."""
    triage: Sequence[Row]
    """Share of posts to read for a recall, by how much of them a reviewer notices."""
    groups: Sequence[Row]
    """Each value of each group; empty: not measured."""
    group_rates: Sequence[str]
    group_notes: Sequence[str]
    behaviour: Sequence[Row]
    passes: bool | None
    """The behaviour suite, that is; None: not run."""
    shortcuts: Sequence[str] | None
    """Warnings; None: not measured."""
    explanations: Sequence[Row]
    """How faithful they are; empty: not measured."""
    charts: Sequence[Chart]


def clinical(evidence: Evidence, run: RunSummary) -> Clinical:
    """Everything recorded of one run, the priority class first; what is not there stays empty."""
    certificate = evidence.assessment(run, "certificate")
    behaviour = evidence.assessment(run, "behaviour")
    shortcuts = evidence.assessment(run, "shortcuts")
    calibration = evidence.assessment(run, "calibration")
    triage = evidence.assessment(run, "triage")
    groups = evidence.assessment(run, "groups")
    charts = [
        _roc(run),
        _reliability(calibration),
        _triage_chart(triage),
        _decision_chart(calibration),
    ]
    return Clinical(
        run=evidence.seed_link(run),
        priority_class=evidence.priority_class,
        detection=_detection(evidence, run),
        classes=_classes(evidence, run),
        certificate=None if certificate is None else certificate_summary(certificate),
        guaranteed=(certificate or {}).get("guaranteed"),
        not_guaranteed=(certificate or {}).get("not_guaranteed", ()),
        calibration=[] if calibration is None else _calibration(calibration, evidence.anchor(run)),
        triage=[] if triage is None else _triage(triage, evidence.anchor(run)),
        groups=[] if groups is None else _groups(groups, evidence.anchor(run)),
        group_rates=[] if groups is None else group_rows(groups)[0][3:],
        group_notes=[] if groups is None else list(group_notes(groups)),
        behaviour=[] if behaviour is None else _behaviour(behaviour, evidence.anchor(run)),
        passes=None if behaviour is None else bool(behaviour["passes"]),
        shortcuts=None if shortcuts is None else warnings_of(shortcuts),
        explanations=_explanations(evidence.assessment(run, "explain"), evidence.anchor(run)),
        charts=[chart for chart in charts if chart is not None],
    )


def _detection(evidence: Evidence, run: RunSummary) -> list[Row]:
    if evidence.priority_class is None:
        return []
    names = {
        "recall_at_spec80": "Found, where 80 % of other posts stay without an alert (headline)",
        "recall_at_spec90": "Found, where 90 % do",
        "operating_point/recall": "Found at the threshold frozen on validation",
        "operating_point/specificity": "Other posts without an alert there",
        "operating_point/precision": "Alerts there that are right",
        "operating_point/alert_rate": "Posts alerted there",
        "auprc": "Area under precision-recall",
        "prevalence": "Share of the class among these posts",
    }
    rows = [(label, f"test/{key}", 3) for key, label in names.items()]
    rows += [
        (
            f"Alerts that would be right where {share * 100:g} % of posts are of the class",
            f"test/operating_point/precision_at_prevalence/{share:g}",
            4,
        )
        for share in DEPLOYED_PREVALENCES
    ]
    anchor = evidence.anchor(run)
    found = []
    for label, key, decimals in rows:
        if key in run.metrics:
            measure = measure_of(run, key, anchor)
            shown = Measure(measure.value, anchor, measure.interval, measure.n, decimals=decimals)
            found.append(Row(Said(label), [shown]))
    return found


def _classes(evidence: Evidence, run: RunSummary) -> list[Row]:
    priority = evidence.priority_class
    names = sorted(run.data.get("classes", ()), key=lambda name: name != priority)
    return [
        Row(
            Said(shortened(name)),
            [
                measure_of(run, f"test/{kind}/{name}", evidence.anchor(run))
                for kind in ("recall", "precision", "f1")
            ],
        )
        for name in names
    ]


def _calibration(calibration: Mapping[str, Any], anchor: str) -> list[Row]:
    rows = []
    for key, label in (
        ("ece", "Calibration error"),
        ("brier", "Brier score"),
        ("log_loss", "Log loss"),
    ):
        cells = [Measure(calibration[when].get(key), anchor) for when in ("before", "after")]
        rows.append(Row(Said(label), cells))
    for key, label in (
        ("slope", "Slope for the priority class (1 is right)"),
        ("intercept", "Intercept (0 is right)"),
    ):
        of = [calibration[when].get("priority") or {} for when in ("before", "after")]
        if any(of):
            cells = [
                Measure(each.get(key), anchor, interval_of(each.get(f"{key}_interval")))
                for each in of
            ]
            rows.append(Row(Said(label), cells))
    return rows


def _triage(triage: Mapping[str, Any], anchor: str) -> list[Row]:
    rows = []
    for key, needed in triage["shares_needed"].items():
        sensitivity, wanted = key.split("/")
        found, noticed = (f"{100 * float(share):g} %" for share in (wanted, sensitivity))
        label = f"{found} found, by reviewers who notice {noticed}"
        cell: Piece = "not with such reviewers"
        if isinstance(needed, Mapping):
            cell = Measure(needed.get("share"), anchor, interval_of(needed.get("interval")))
        rows.append(Row(Said(label), [cell]))
    return rows


def _behaviour(behaviour: Mapping[str, Any], anchor: str) -> list[Row]:
    capabilities = sorted(behaviour["capabilities"].items(), key=lambda item: -item[1]["misses"])
    return [
        Row(
            Said(shortened(name)),
            [
                *(Measure(row[key], anchor, decimals=0) for key in ("misses", "false_alarms")),
                Measure(row["failure_rate"], anchor, interval_of(row["interval"]), row["n"]),
            ],
        )
        for name, row in (*capabilities, ("all", behaviour["total"]))
    ]


def _explanations(explained: Mapping[str, Any] | None, anchor: str) -> list[Row]:
    if explained is None:
        return []
    rows = []
    for name in PARTS:
        if is_number(value := explained.get(name)):
            interval = interval_of(explained["intervals"].get(name))
            n = explained.get("n_plausibility") if name == "plausibility" else explained["n"]
            rows.append(Row(Said(name.replace("_", " ")), [Measure(value, anchor, interval, n)]))
    return rows


def _groups(assessed: Mapping[str, Any], anchor: str) -> list[Row]:
    rows = []
    for group, values in assessed["groups"].items():
        for value, rates in values.items():
            cells: list[Piece] = [f"{rates['n']:,}"]
            for key, rate in rates.items():
                if key == "n":
                    continue
                shown = Measure(rate["value"], anchor, interval_of(rate["interval"]), rate["n"])
                cells.append(f"{TOO_FEW} ({rate['n']:,})" if rate["value"] is None else shown)
            rows.append(Row(Said(f"{shortened(group)}: {shortened(value)}"), cells))
    return rows


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
