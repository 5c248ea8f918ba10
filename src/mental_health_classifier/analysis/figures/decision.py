"""Decision curves: net benefit of alerting by a model, everybody or nobody."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.figure import Figure

from mental_health_classifier.analysis.figures.models import ShownModel
from mental_health_classifier.analysis.figures.style import (
    DARK,
    GREY,
    LOOKS,
    add_legend,
    add_texts,
    keep_to_shares,
    new_figure,
    styled,
    tell,
)
from mental_health_classifier.console.wording import count, is_interval, is_number, number
from mental_health_classifier.contracts import InputError
from mental_health_classifier.evaluation.calibration import calibrated
from mental_health_classifier.evaluation.decision_curve import decision_curve
from mental_health_classifier.tracking.record.assessments import read_assessment
from mental_health_classifier.tracking.run_index import RunSummary

DRAWN = 500
"""Draws of authors behind intervals that no run has recorded."""


def stored_decision_curve(run: RunSummary) -> list[dict[str, Any]]:
    """What a run found at its end, see `evaluation.decision_curve`.

    Raises:
        InputError: it has none, because no class has priority, or it is damaged.
    """
    calibration = read_assessment(run.directory, "calibration") or {}
    points = calibration.get("decision_curve")
    if not isinstance(points, list) or not points:
        raise InputError(
            f"Run {run.id or run.directory} has no decision curve: that needs a priority class "
            "(data.priority_class) and assessments/calibration.json."
        )
    keys = ("threshold", "net_benefit", "net_benefit_of_alerting_all")
    if not all(isinstance(p, dict) and all(is_number(p.get(k)) for k in keys) for p in points):
        raise InputError(f"assessments/calibration.json of run {run.id} is damaged.")
    return points


def decision_curve_of(model: ShownModel) -> list[dict[str, Any]]:
    """The same of a model whose predictions are at hand, as a yardstick's are."""
    return decision_curve(calibrated(model.test, model.point.temperature), bootstrap_draws=DRAWN)


@styled
def decision_figure(curves: Mapping[str, Sequence[Mapping[str, Any]]]) -> Figure:
    """Net benefit of the models' alerts by threshold, with their intervals.

    Args:
        curves: by name of the model its decision curve.
    """
    figure, (axes,) = new_figure(columns=1, width=8.5, height=4.6)
    handles: list[Any] = []
    shown = list(zip(curves.items(), LOOKS, strict=False))
    for (name, points), look in shown:
        thresholds = [point["threshold"] for point in points]
        known = [point for point in points if is_interval(point.get("interval"))]
        axes.fill_between(
            [point["threshold"] for point in known],
            [point["interval"][0] for point in known],
            [point["interval"][1] for point in known],
            **{"color": look.color, "alpha": 0.12, "linewidth": 0},
        )
        (line,) = axes.plot(
            *(thresholds, [point["net_benefit"] for point in points]),
            **{"color": look.color, "linestyle": look.line, "label": name},
            **{"marker": look.marker, "markersize": 4.5},
        )
        tell(
            line,
            *(
                f"{name} at {p['threshold']:g}: {number(p['net_benefit'], p.get('interval'))}"
                for p in points
            ),
        )
        handles.append(line)
    low, high = axes.get_ylim()
    points = next(iter(curves.values()))
    handles += axes.plot(
        [point["threshold"] for point in points],
        [point["net_benefit_of_alerting_all"] for point in points],
        **{"color": GREY, "linewidth": 1.1, "linestyle": ":", "label": "alert all posts"},
    )
    handles.append(axes.axhline(0, color=DARK, linewidth=1.1, label="alert no post"))
    # Alerting everybody falls far below everything else.
    axes.set_ylim(min(low, -0.1 * high), high)
    keep_to_shares([axes], "x")
    axes.set(xlabel="threshold of the calibrated probability", ylabel="net benefit a post")
    add_legend(figure, handles)
    add_texts(
        figure,
        title="Decision curves",
        caption=(
            f"n = {count(len(shown), 'model')}, test part. Priority posts found, minus false "
            "alarms at the price that a threshold stands for (at .1: nine false alarms for one "
            "post found), as a share of all posts. Bands: 95 % intervals by drawing authors again."
        ),
    )
    return figure
