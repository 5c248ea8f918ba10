"""Figure of the headline against parameters, operations and time."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mental_health_classifier.analysis.figures.measured import (
    caption_of,
    measured_groups,
    metric_column,
    value_of,
    yardstick_mean,
)
from mental_health_classifier.analysis.figures.names import metric_name
from mental_health_classifier.analysis.figures.style import (
    DARK,
    GREY,
    LOOKS,
    MAX_SERIES,
    OTHERS,
    add_legend,
    add_texts,
    compact,
    first_of_rows,
    keep_to_shares,
    new_figure,
    styled,
    tell,
    use_log_scale,
)
from mental_health_classifier.console.wording import count
from mental_health_classifier.contracts import InputError
from mental_health_classifier.contracts.decimals import decimals

COSTS = {
    "parameters": "parameters",
    "inference_flops_per_post": "operations to read a post",
    "fit_seconds": "seconds of fitting",
}


@styled
def efficiency_figure(runs: pd.DataFrame, *, metric: str | None = None) -> Figure:
    """A metric against parameters, operations a post and time of fitting, each with its Pareto
    front: the configurations that no other beats at the same or a lower cost.

    Those on a front are named, the best first; where there are many, the others are grey.

    Args:
        runs: a `run_table`.
        metric: as for `metric_column`.

    Raises:
        InputError: as `metric_column`; or there are no two costs.
    """
    metric = metric_column(runs, metric)
    groups = measured_groups(runs, metric)
    # Of one cost alone there is nothing to see.
    costs = [name for name in COSTS if groups[name].where(groups[name] > 0).nunique() > 1]
    if not costs:
        raise InputError(
            f"{count(len(groups), 'configuration')} of one cost, or of a cost that no run has "
            f"recorded ({', '.join(COSTS)}): there is nothing to weigh."
        )
    width = 3.2 + 3.1 * len(costs)
    figure, panels = new_figure(columns=len(costs), width=width, height=4.0, sharey=True)
    means = groups["mean"].to_numpy()
    fronts = {name: pareto_front(_numbers(groups[name]), means) for name in costs}
    named = _named(fronts, num_groups=len(groups))
    yardstick = yardstick_mean(runs, groups, metric)
    for axes, name in zip(panels, costs, strict=True):
        cost, front = _numbers(groups[name]), fronts[name]
        is_drawn = cost > 0
        axes.step(cost[front], means[front], where="post", color=GREY, linewidth=1.2, zorder=1)
        for place in np.flatnonzero(is_drawn).tolist():
            _draw(axes, cost[place], groups.iloc[place], named.get(place), place in front)
        use_log_scale(axes)
        if yardstick is not None:
            axes.axhline(yardstick, color=DARK, linewidth=1.1, linestyle=(0, (5, 3)), zorder=1)
        axes.set(xlabel=COSTS[name])
    keep_to_shares(panels, "y")
    for axes in first_of_rows(panels):
        axes.set_ylabel(metric_name(metric))
    handles = _handles(panels[0], groups, named)
    if yardstick is not None:
        handles += panels[0].plot(
            *([], []),
            **{"color": DARK, "linewidth": 1.1, "linestyle": (0, (5, 3)), "label": "the yardstick"},
        )
    add_legend(figure, handles)
    add_texts(
        figure,
        title="Performance for its cost",
        caption=f"{caption_of(runs, groups, metric)} Grey line and rings: Pareto front.",
    )
    return figure


def pareto_front(costs: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Places of those that nothing beats: everything as cheap is worse, and as good is dearer.

    Args:
        costs, values: shape `(n,)`; what has no number or no cost above zero is on no front.

    Returns:
        Places in the order of cost, each better than the one before; of equals the first.
    """
    known = np.flatnonzero((costs > 0) & np.isfinite(costs) & np.isfinite(values))
    ordered = known[np.lexsort((-values[known], costs[known]))]
    best_before = np.maximum.accumulate(np.append(-np.inf, values[ordered]))[:-1]
    return ordered[values[ordered] > best_before]


def _named(fronts: dict[str, np.ndarray], *, num_groups: int) -> dict[int, int]:
    """Which groups have a colour, and which one: those on fronts, and all where they are few."""
    chosen = sorted({int(place) for front in fronts.values() for place in front})
    others = [place for place in range(num_groups) if place not in chosen]
    ordered = sorted((chosen + others)[:MAX_SERIES])
    return {place: number for number, place in enumerate(ordered)}


def _draw(axes: Axes, cost: float, group: Any, number: int | None, is_on_front: bool) -> None:
    look = OTHERS if number is None else LOOKS[number]
    alpha = 0.5 if number is None else 1.0
    if number is not None and np.isfinite(group["low"]):
        axes.vlines(cost, group["low"], group["high"], color=look.color, linewidth=1.1, zorder=2)
    (mark,) = axes.plot(
        [cost], [group["mean"]], look.marker, color=look.color, alpha=alpha, zorder=3
    )
    tell(mark, f"{value_of(group)}; {compact(cost)}")
    if is_on_front:
        axes.plot(
            *([cost], [group["mean"]]),
            **{"marker": "o", "markersize": 12, "markerfacecolor": "none"},
            **{"markeredgecolor": GREY, "markeredgewidth": 1.2, "zorder": 2},
        )


def _handles(axes: Axes, groups: pd.DataFrame, named: dict[int, int]) -> list[Any]:
    handles: list[Any] = []
    for place, number in named.items():
        look, group = LOOKS[number], groups.iloc[place]
        label = f"{group['name']}\n{decimals(group['mean'], 3)}, n = {group['num_models']}"
        handles += axes.plot([], [], look.marker, color=look.color, label=label)
    if others := len(groups) - len(named):
        label = count(others, "other configuration")
        handles += axes.plot([], [], OTHERS.marker, color=OTHERS.color, label=label)
    return handles


def _numbers(column: pd.Series) -> np.ndarray:
    return column.to_numpy(dtype=float, na_value=np.nan)
