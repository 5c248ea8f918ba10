"""Calibration before and after the temperature, and triage by how much reviewers notice."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mental_health_classifier.analysis.figures.style import (
    GREY,
    LOOKS,
    Look,
    add_texts,
    keep_to_shares,
    new_figure,
    styled,
    tell,
)
from mental_health_classifier.console.wording import number
from mental_health_classifier.contracts import InputError


@styled
def assessed_figure(calibration: Mapping[str, Any], triage: Mapping[str, Any]) -> Figure:
    """What a run found of its own probabilities, on test.

    Args:
        calibration, triage: the run's assessments.

    Raises:
        InputError: neither holds a curve, because no class has priority.
    """
    panels = {
        "Calibration": _calibration_curves(calibration),
        "Triage": _triage_curves(triage),
    }
    drawn = {title: curves for title, curves in panels.items() if curves}
    if not drawn:
        raise InputError("There are no curves of a priority class.")
    axis_names = {
        "Calibration": ("probability of the priority class, as said", "share that were"),
        "Triage": ("share of posts read, most probable first", "share found"),
    }
    figure, axes_of = new_figure(columns=len(drawn), width=1 + 4.6 * len(drawn), height=4.2)
    for axes, (title, curves) in zip(axes_of, drawn.items(), strict=True):
        for look, (label, (xs, ys)) in zip(LOOKS, curves.items(), strict=False):
            _draw(axes, xs, ys, look, label)
        axes.plot([0, 1], [0, 1], color=GREY, linewidth=1, linestyle=":")
        across, up = axis_names[title]
        axes.set(title=title, xlabel=across, ylabel=up, xlim=(0, 1), ylim=(0, 1))
        keep_to_shares([axes], "x", "y")
        axes.legend(loc="best")
    add_texts(
        figure,
        title="What its probabilities are worth",
        caption="Part test. Dotted: perfect calibration, reading in random order.",
    )
    return figure


def _calibration_curves(calibration: Mapping[str, Any]) -> dict[str, tuple[list, list]]:
    curves = {}
    for when, label in (("before", "as the model says"), ("after", "after the temperature")):
        of_priority = calibration.get(when, {}).get("priority") or {}
        if points := of_priority.get("reliability_curve"):
            curves[label] = (
                [point["predicted"] for point in points],
                [point["observed"] for point in points],
            )
    return curves


def _triage_curves(triage: Mapping[str, Any]) -> dict[str, tuple[list, list]]:
    points = triage.get("curve") or []
    read = [point["share_read"] for point in points]
    return {
        f"reviewers notice {100 * float(sensitivity):g} %": (
            read,
            [point["recall"][sensitivity] for point in points],
        )
        for sensitivity in (points[0]["recall"] if points else ())
    }


def _draw(axes: Axes, xs: list, ys: list, look: Look, label: str) -> None:
    (line,) = axes.plot(
        xs,
        ys,
        color=look.color,
        linestyle=look.line,
        marker=look.marker,
        markersize=3.5,
        label=label,
    )
    tell(line, *(f"{label}: {number(x)}, {number(y)}" for x, y in zip(xs, ys, strict=True)))
