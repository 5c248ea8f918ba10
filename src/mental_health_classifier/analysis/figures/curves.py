"""Figure of training curves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mental_health_classifier.analysis.figures.names import metric_name
from mental_health_classifier.analysis.figures.style import (
    DARK,
    LOOKS,
    Look,
    add_legend,
    add_texts,
    keep_to_shares,
    new_figure,
    styled,
    tell,
)
from mental_health_classifier.console.wording import alternatives, count, number
from mental_health_classifier.contracts import InputError
from mental_health_classifier.storage.json_lines import read_records
from mental_health_classifier.tracking.run_index import RunSummary

USUAL = ("train/loss", "val/loss", "val/recall_at_spec80", "val/f1_macro")
"""What is drawn unless something is asked for, as far as it was logged: three of these at most."""

FEW_POINTS = 30
"""Fewer are joined as they are: smoothing would hide what little there is."""
SMOOTHED_SHARE = 0.05
"""Half-life of the smoothing, of the points of a line."""
BUCKETS = 120
"""Of each the lowest and the highest point of a long line are drawn, so that no peak is lost."""


def training_curve(run: RunSummary) -> pd.DataFrame:
    """What a run logged while it trained: a column a metric, NaN between its measurements.

    Indexed by step. Lines that were torn are left out, and counted in `attrs["num_damaged"]`.

    Raises:
        InputError: nothing was logged.
    """
    path = run.directory / "metrics.jsonl"
    try:
        found = read_records(path)
        records, num_damaged = found.records, found.num_damaged
    except FileNotFoundError:
        records, num_damaged = [], 0  # a model that is fitted whole
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from None
    rows = [row for row in records if isinstance(row.get("step"), int)]
    table = pd.DataFrame(rows)
    numbers = table.drop(columns=["epoch", "crc32"], errors="ignore")
    if len(numbers.columns) < 2:
        raise InputError(
            f"Run {run.id or run.directory} logged no metrics while it trained: a model without "
            "steps has no curve."
        )
    curve = numbers.groupby("step").last().apply(pd.to_numeric, errors="coerce")
    curve.attrs["num_damaged"] = num_damaged
    return curve


@styled
def curves_figure(
    curves: Mapping[str, pd.DataFrame],
    *,
    metric: str | None = None,
    looks: Mapping[str, Look] | None = None,
    links: Mapping[str, str] | None = None,
    kept: Mapping[str, int] | None = None,
    yardstick: float | None = None,
) -> Figure:
    """Training curves compared, a panel a metric.

    Long series are drawn twice: faint as they were logged, and smoothed (exponentially weighted
    mean). Short ones, as those of validations, are joined as they are.

    Args:
        curves: by name of the run its `training_curve`.
        metric: its key, as `val/accuracy`. None: the USUAL ones.
        looks: what each run is drawn with, where something else than a legend tells them apart.
            None: the first runs are drawn, with a legend.
        links: by name of a run where its lines lead to, in formats that have links.
        kept: by name of a run the step whose weights it kept as the best.
        yardstick: what the yardstick reaches on the one metric that is drawn.

    Raises:
        InputError: no run has logged it; the message lists what there is.
    """
    metrics = _metrics_of(curves, metric)
    shown = looks or dict(zip(curves, LOOKS, strict=False))
    figure, panels = new_figure(columns=len(metrics), width=2.8 + 3.3 * len(metrics), height=4.0)
    for axes, key in zip(panels, metrics, strict=True):
        for name, look in shown.items():
            if has_course(curves[name], key):
                values, link = curves[name][key].dropna(), (links or {}).get(name)
                _draw(axes, values, look, link)
                _mark(axes, values, look, link, step=(kept or {}).get(name))
        axes.set(xlabel="step", title=metric_name(key))
        if yardstick is not None:
            line = axes.axhline(yardstick, color=DARK, linewidth=1.1, linestyle=(0, (5, 3)))
            tell(line, f"the yardstick: {number(yardstick)}")
    keep_to_shares(panels, "y")
    if looks is None:
        handles: list[Any] = [
            panels[0].plot([], [], color=look.color, linestyle=look.line, label=name)[0]
            for name, look in shown.items()
        ]
        add_legend(figure, handles)
    left_out = len(curves) - len(shown)
    add_texts(
        figure,
        title="Training curves",
        caption=(
            f"n = {count(len(shown), 'run')}{f' of {len(curves)}' if left_out else ''}. "
            "Faint: as logged; strong: exponentially weighted mean with a half-life of "
            f"{100 * SMOOTHED_SHARE:.0f} % of the points. Up to {FEW_POINTS} points (marks) are "
            f"not smoothed.{' Stars: the weights that were kept.' if kept else ''}"
        ),
    )
    return figure


def has_course(curve: pd.DataFrame, key: str) -> bool:
    """Whether a metric was logged more than once: one point is no curve."""
    return key in curve and curve[key].count() > 1


def _metrics_of(curves: Mapping[str, pd.DataFrame], metric: str | None) -> list[str]:
    logged = {str(key) for curve in curves.values() for key in curve.columns}
    known = sorted(key for key in logged if any(has_course(c, key) for c in curves.values()))
    if not known:
        raise InputError("Each of these runs logged its metrics once: one point is no curve.")
    if metric is None:
        usual = [key for key in USUAL if key in known]
        return usual[:3] or known[:3]
    if metric not in known:
        raise InputError(
            f"--metric={metric}: no run of {len(curves)} has logged it while training, more than "
            f"once.{alternatives(metric, known)}"
        )
    return [metric]


def _draw(axes: Axes, values: pd.Series, look: Look, link: str | None) -> None:
    if len(values) <= FEW_POINTS:
        (line,) = axes.plot(
            *(values.index, values),
            **{"color": look.color, "linestyle": look.line},
            **{"marker": look.marker, "markersize": 4, "url": link},
        )
        tell(line, *(f"step {step}: {number(value)}" for step, value in values.items()))
        return
    raw = thinned(values)
    faint = {"alpha": 0.25, "linewidth": 0.8, "gid": "as-logged"}
    axes.plot(raw.index, raw, color=look.color, url=link, **faint)
    smoothed = thinned(values.ewm(halflife=max(1.0, SMOOTHED_SHARE * len(values))).mean())
    strong = {"linestyle": look.line, "gid": "smoothed"}
    axes.plot(smoothed.index, smoothed, color=look.color, url=link, **strong)


def _mark(axes: Axes, values: pd.Series, look: Look, link: str | None, *, step: int | None) -> None:
    """A star where the weights are from that were kept."""
    if step is not None and step in values.index:
        axes.plot(
            *([step], [values.loc[step]], "*"),
            **{"color": look.color, "markersize": 11, "markeredgecolor": "white", "url": link},
        )


def thinned(values: pd.Series, *, buckets: int = BUCKETS) -> pd.Series:
    """The lowest and the highest point of each of some equal stretches, and both ends, in order."""
    if len(values) <= 2 * buckets:
        return values
    kept = {0, len(values) - 1}
    for stretch in np.array_split(np.arange(len(values)), buckets):
        of_stretch = values.to_numpy()[stretch]
        kept |= {int(stretch[of_stretch.argmin()]), int(stretch[of_stretch.argmax()])}
    return values.iloc[sorted(kept)]
