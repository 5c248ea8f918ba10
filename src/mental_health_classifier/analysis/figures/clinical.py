"""Figure of the priority class: found, missed, false alarms, posts to read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mental_health_classifier.analysis.figures.models import ShownModel, read_model
from mental_health_classifier.analysis.figures.names import plain_name
from mental_health_classifier.analysis.figures.style import (
    DARK,
    GREY,
    LOOKS,
    Look,
    add_legend,
    add_texts,
    keep_to_shares,
    new_figure,
    styled,
    tell,
)
from mental_health_classifier.console.wording import amount, number
from mental_health_classifier.contracts import SEVERITY, InputError, Predictions
from mental_health_classifier.evaluation.calibration import reliability_curve
from mental_health_classifier.evaluation.groups import MIN_POSTS
from mental_health_classifier.evaluation.metrics import HEADLINE_SPECIFICITY
from mental_health_classifier.evaluation.operating_point import alert_shares
from mental_health_classifier.evaluation.roc import RankedPosts
from mental_health_classifier.evaluation.shares import MeasuredShare, ShareOfPosts, measure_shares
from mental_health_classifier.evaluation.triage import SHARES_READ, recalls_at_shares
from mental_health_classifier.tracking.run_index import RunSummary

NO_CURVE = " Bare classes have a mark and no curve: they rank nothing."
CLASS_LENGTH = 16


def read_clinical_model(run: RunSummary) -> ShownModel:
    """As `read_model`, of a run with a priority class and with test posts in it and beside it.

    Raises:
        InputError: as `read_model`; or there is no such class, or there are no such posts.
    """
    model = read_model(run)
    name = model.test.task.priority_class
    if name is None:
        raise InputError(
            f"Run {run.id} has no priority class (data.priority_class), which clinical figures are "
            "about. mhc plot confusion shows every class."
        )
    if model.test.is_priority.all() or not model.test.is_priority.any():
        raise InputError(
            f"The {len(model.test)} test posts of run {run.id} are all of {name}, or none is."
        )
    return model


@styled
def clinical_figure(models: Mapping[str, ShownModel]) -> Figure:
    """Six panels on the priority class: precision and recall, sensitivity and specificity, the
    operating point, alerts by true class (and by severity where it is known), triage, calibration.

    Large marks are operating points: the threshold frozen on val, with the shares that it had on
    test and their intervals.

    Args:
        models: by name, each from `read_clinical_model`.

    Raises:
        InputError: they have different priority classes.
    """
    name = _priority_class_of(models)
    figure, panels = new_figure(rows=2, columns=3, width=13, height=8.2)
    curves, trade_off, point, alerts, triage, calibration = panels
    drawings: dict[Axes, Callable[[Axes, ShownModel, Look], None]] = {
        curves: _precision_and_recall,
        trade_off: _sensitivity_and_specificity,
        triage: _triage,
        calibration: _calibration,
    }
    for axes, draw in drawings.items():
        for model, look in zip(models.values(), LOOKS, strict=False):
            draw(axes, model, look)
        axes.set(xlim=(0, 1), ylim=(0, 1))
    first = next(iter(models.values())).test
    prevalence = float(first.is_priority.mean())
    curves.axhline(prevalence, color=GREY, linewidth=1, linestyle=":")
    trade_off.axvline(HEADLINE_SPECIFICITY, color=GREY, linewidth=1, linestyle=":")
    trade_off.set_xlim(1, 0)
    for axes in (triage, calibration):
        axes.plot([0, 1], [0, 1], color=GREY, linewidth=1, linestyle=":")
    keep_to_shares(drawings, "x", "y")
    _operating_points(point, models)
    _alerts_by_class(alerts, models)
    keep_to_shares((point, alerts), "x")
    short = plain_name(name, max_length=CLASS_LENGTH)
    curves.set(title="Precision and recall", xlabel="recall", ylabel="precision")
    trade_off.set(title="Sensitivity and specificity", xlabel="specificity", ylabel="sensitivity")
    point.set(title="At the operating point", xlabel="share of posts")
    alerts.set(title="Alerts by true class, operating point", xlabel="share of the class's posts")
    triage.set(title="Triage", xlabel="share of posts read, most probable first", ylabel="recall")
    calibration.set(
        title="Calibration", xlabel=f"predicted probability of {short}", ylabel="share that is so"
    )
    handles: list[Any] = [
        curves.plot(
            *([], []),
            **{"color": look.color, "linestyle": look.line, "marker": look.marker, "label": label},
        )[0]
        for label, look in zip(models, LOOKS, strict=False)
    ]
    add_legend(figure, handles)
    found = int(first.is_priority.sum())
    is_all_ranked = all(model.test.has_probabilities for model in models.values())
    add_texts(
        figure,
        title=f"Clinical analysis: {short}",
        caption=(
            f"Part {first.part}, n = {amount(len(first))} posts, {amount(found)} of {short}. Marks "
            "on curves: operating points, thresholds frozen on val. Bars: 95 % intervals. Dotted: "
            "precision of chance, specificity .80 of the headline, reading in any order, perfect "
            f"calibration.{'' if is_all_ranked else NO_CURVE}"
        ),
    )
    return figure


def _priority_class_of(models: Mapping[str, ShownModel]) -> str:
    names = {str(model.test.task.priority_class) for model in models.values()}
    if len(names) > 1:
        listed = ", ".join(sorted(names))
        raise InputError(f"These runs have different priority classes ({listed}). Name some alike.")
    return names.pop()


def _shares(model: ShownModel) -> dict[str, MeasuredShare]:
    if model.point.threshold is None:
        return {}
    test = model.test
    shares = alert_shares(model.point.alerts(test), is_priority=test.is_priority)
    return measure_shares(shares, test)


def _alerts(model: ShownModel) -> tuple[np.ndarray, np.ndarray]:
    """True and false alerts at every threshold, the strictest first, none before it."""
    ranked = RankedPosts(model.test.priority_scores, model.test.is_priority)
    curve = ranked.curve(np.ones((1, len(model.test))))
    return np.append(0, curve.true_alerts[0]), np.append(0, curve.false_alerts[0])


def _precision_and_recall(axes: Axes, model: ShownModel, look: Look) -> None:
    if model.test.has_probabilities:
        true_alerts, false_alerts = (alerts[1:] for alerts in _alerts(model))
        axes.step(
            *(true_alerts / true_alerts[-1], true_alerts / (true_alerts + false_alerts)),
            **{"where": "pre", "color": look.color, "linestyle": look.line, "linewidth": 1.4},
        )
    shares = _shares(model)
    _cross(axes, shares.get("recall"), shares.get("precision"), look)


def _sensitivity_and_specificity(axes: Axes, model: ShownModel, look: Look) -> None:
    if model.test.has_probabilities:
        true_alerts, false_alerts = _alerts(model)
        axes.plot(
            *(1 - false_alerts / false_alerts[-1], true_alerts / true_alerts[-1]),
            **{"color": look.color, "linestyle": look.line, "linewidth": 1.4},
        )
    shares = _shares(model)
    _cross(axes, shares.get("specificity"), shares.get("recall"), look)


def _cross(axes: Axes, across: MeasuredShare | None, up: MeasuredShare | None, look: Look) -> None:
    """A mark with its interval both ways."""
    if across is None or across.value is None or across.interval is None:
        return
    if up is None or up.value is None or up.interval is None:
        return
    axes.hlines(up.value, *across.interval, color=look.color, linewidth=1.2, zorder=3)
    axes.vlines(across.value, *up.interval, color=look.color, linewidth=1.2, zorder=3)
    (mark,) = axes.plot(
        *([across.value], [up.value], look.marker),
        **{"color": look.color, "markersize": 8, "markeredgecolor": "white", "zorder": 4},
    )
    ends = (number(each.value, each.interval) for each in (across, up))
    tell(mark, "operating point: {}, {}".format(*ends))


def _triage(axes: Axes, model: ShownModel, look: Look) -> None:
    if not model.test.has_probabilities:
        return
    recalls = recalls_at_shares(model.test.priority_scores, model.test.is_priority)
    points = [(0.0, 0.0), *zip(SHARES_READ, recalls, strict=True)]
    (line,) = axes.plot(
        *zip(*points, strict=True),
        **{"color": look.color, "linestyle": look.line, "linewidth": 1.4},
        **{"marker": look.marker, "markersize": 3.5},
    )
    tell(line, *(f"read {number(read)}, found {number(recall)}" for read, recall in points))


def _calibration(axes: Axes, model: ShownModel, look: Look) -> None:
    if not model.test.has_probabilities:
        return
    points = reliability_curve(model.test.answered())
    predicted = [point["predicted"] for point in points]
    axes.vlines(
        *(predicted, [point["interval"][0] for point in points]),
        *([point["interval"][1] for point in points],),
        **{"color": look.color, "linewidth": 0.9, "alpha": 0.6},
    )
    (line,) = axes.plot(
        *(predicted, [point["observed"] for point in points]),
        **{"color": look.color, "linestyle": look.line, "linewidth": 1.0},
        **{"marker": look.marker, "markersize": 4},
    )
    said = [(number(p["predicted"]), number(p["observed"], p["interval"])) for p in points]
    tell(line, *("predicted {}, so {}".format(*each) for each in said))


def _operating_points(axes: Axes, models: Mapping[str, ShownModel]) -> None:
    rows = {
        "recall": "recall",
        "specificity": "specificity",
        "precision": "precision",
        "alert_rate": "posts alerted",
    }
    shares = [_shares(model) for model in models.values()]
    _dots(axes, {shown: [each.get(key) for each in shares] for key, shown in rows.items()})


def _alerts_by_class(axes: Axes, models: Mapping[str, ShownModel]) -> None:
    """Of each class, and of priority posts of each known severity, the share that is alerted."""
    first = next(iter(models.values())).test
    task = first.task
    rows: dict[str, list[MeasuredShare | None]] = {}
    for name in task.display_order:
        index = task.class_names.index(name)
        rows[plain_name(name, max_length=CLASS_LENGTH)] = [
            _alerted_of(model, model.test.labels == index) for model in models.values()
        ]
        if index == task.priority_index:
            for level in _levels_of(first):
                shown = f"severity {plain_name(level, max_length=CLASS_LENGTH)}"
                rows[shown] = [
                    _alerted_of(each, _is_severe(each, level)) for each in models.values()
                ]
    _dots(axes, rows)


def _levels_of(test: Predictions) -> list[str]:
    """Severities of its priority posts, as far as they are known, and of as many posts as a table
    asks for."""
    levels = zip(test.groups.get(SEVERITY, ()), test.is_priority.tolist(), strict=False)
    posts = Counter(level for level, is_priority in levels if is_priority and level)
    return sorted(level for level, number in posts.items() if number >= MIN_POSTS)


def _is_severe(model: ShownModel, level: str) -> np.ndarray:
    """Which priority posts have this severity."""
    levels = model.test.groups.get(SEVERITY) or [""] * len(model.test)
    return model.test.is_priority & (np.array(levels) == level)


def _alerted_of(model: ShownModel, is_here: np.ndarray) -> MeasuredShare | None:
    if model.point.threshold is None:
        return None
    is_alerted = model.point.alerts(model.test)
    (share,) = measure_shares({"alerted": ShareOfPosts(is_alerted, is_here)}, model.test).values()
    return share


def _dots(axes: Axes, rows: Mapping[str, list[MeasuredShare | None]]) -> None:
    """A row of dots with intervals for each name, one dot a model."""
    for place, (name, shares) in enumerate(rows.items()):
        shifts = (np.arange(len(shares)) - (len(shares) - 1) / 2) * 0.7 / len(shares)
        for share, shift, look in zip(shares, shifts, LOOKS, strict=False):
            if share and share.value is not None and share.interval is not None:
                axes.hlines(place + shift, *share.interval, color=look.color, linewidth=1.3)
                (mark,) = axes.plot(
                    [share.value], [place + shift], look.marker, color=look.color, markersize=5
                )
                tell(mark, f"{name}: {number(share.value, share.interval)}")
    axes.set_yticks(range(len(rows)), list(rows))
    axes.set(xlim=(0, 1), ylim=(len(rows) - 0.5, -0.5))
    axes.grid(False, axis="y")
    for place in range(1, len(rows)):
        axes.axhline(place - 0.5, color=DARK, linewidth=0.3)
