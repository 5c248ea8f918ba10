"""How far the seeds of a configuration lie apart."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from mental_health_classifier.analysis.figures.measured import (
    caption_of,
    measured_groups,
    measured_seeds,
    metric_column,
    yardstick_mean,
)
from mental_health_classifier.analysis.figures.names import metric_name
from mental_health_classifier.analysis.figures.style import (
    DARK,
    LOOKS,
    add_texts,
    new_figure,
    styled,
)

MAX_CONFIGURATIONS = 25


@styled
def seeds_figure(runs: pd.DataFrame, *, metric: str | None = None) -> Figure:
    """Every seed a dot, the mean a diamond with its interval; best configuration first.

    Args:
        runs: a `run_table`.
        metric: as for `metric_column`.

    Raises:
        InputError: as `metric_column`.
    """
    metric = metric_column(runs, metric)
    all_groups = measured_groups(runs, metric)
    groups = all_groups.head(MAX_CONFIGURATIONS)
    figure, (axes,) = new_figure(columns=1, width=8.5, height=1.9 + 0.34 * len(groups))
    places = np.arange(len(groups))
    for place, values in zip(places, measured_seeds(runs, groups, metric), strict=True):
        # Seeds that agree would hide each other.
        shifts = np.linspace(-0.12, 0.12, len(values)) if len(values) > 1 else np.zeros(1)
        axes.plot(values, place + shifts, "o", color=LOOKS[0].color, markersize=4.5, alpha=0.6)
    axes.hlines(places, groups["low"], groups["high"], color=DARK, linewidth=1.5)
    axes.plot(groups["mean"], places, "D", color=DARK, markersize=6, markeredgecolor="white")
    yardstick = yardstick_mean(runs, all_groups, metric)
    if yardstick is not None:
        axes.axvline(yardstick, color=DARK, linewidth=1.1, linestyle=(0, (5, 3)), zorder=1)
    is_yardstick = groups["is_yardstick"].fillna(False)
    labels = [
        f"{'* ' if is_marked else ''}{name}  (n = {count})"
        for name, count, is_marked in zip(
            groups["name"], groups["num_seeds"], is_yardstick, strict=True
        )
    ]
    axes.set_yticks(places, labels)
    axes.set_ylim(len(groups) - 0.5, -0.5)
    axes.grid(False, axis="y")
    axes.set_xlabel(metric_name(metric))
    explained = " Dots: seeds, n of them; diamonds: their mean."
    if yardstick is not None:
        explained += " Dashed, and marked *: the yardstick."
    if left_out := len(all_groups) - len(groups):
        explained += f" {left_out} configurations with lower means are left out."
    add_texts(figure, title="Seeds", caption=caption_of(runs, all_groups, metric) + explained)
    return figure
