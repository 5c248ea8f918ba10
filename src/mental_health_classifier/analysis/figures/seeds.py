"""Figure of the spread over seeds of each configuration."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure

from mental_health_classifier.analysis.figures.measured import (
    caption_of,
    measured_groups,
    measured_seeds,
    metric_column,
    value_of,
    yardstick_mean,
)
from mental_health_classifier.analysis.figures.names import metric_name
from mental_health_classifier.analysis.figures.style import (
    DARK,
    LOOKS,
    add_texts,
    keep_to_shares,
    new_figure,
    styled,
    tell,
)
from mental_health_classifier.console.wording import count

MAX_CONFIGURATIONS = 25


@styled
def seeds_figure(
    runs: pd.DataFrame, *, metric: str | None = None, links: Mapping[str, str] | None = None
) -> Figure:
    """Every seed a dot, the mean a diamond with its interval; best configuration first.

    Args:
        runs: a `run_table`.
        metric: as for `metric_column`.
        links: by id of a run where its dot leads to, in formats that have links.

    Raises:
        InputError: as `metric_column`.
    """
    metric = metric_column(runs, metric)
    all_groups = measured_groups(runs, metric)
    groups = all_groups.head(MAX_CONFIGURATIONS)
    lines = max((name.count("\n") for name in groups["name"]), default=0) + 1
    height = 1.9 + (0.16 + 0.14 * lines) * len(groups)
    figure, (axes,) = new_figure(columns=1, width=8.5, height=height)
    places = np.arange(len(groups))
    seeds = measured_seeds(runs, groups, metric)
    dots = pd.concat(seeds, keys=places, names=["place", "run"]).reset_index(name="value")
    # A swarm: seeds that agree would hide each other.
    sns.swarmplot(
        **{"data": dots, "x": "value", "y": "place", "orient": "y", "order": places},
        **{"color": LOOKS[0].color, "size": 5, "alpha": 0.7, "zorder": 2},
        **{"warn_thresh": 1, "ax": axes},
    )
    for swarm, values in zip(axes.collections, seeds, strict=True):
        swarm.set_urls([(links or {}).get(run) for run in values.index])
    axes.hlines(places, groups["low"], groups["high"], color=DARK, linewidth=1.5, zorder=1)
    (means,) = axes.plot(
        groups["mean"], places, "D", color=DARK, markersize=6, markeredgecolor="white", zorder=3
    )
    tell(means, *(value_of(group) for _, group in groups.iterrows()))
    yardstick = yardstick_mean(runs, all_groups, metric)
    if yardstick is not None:
        axes.axvline(yardstick, color=DARK, linewidth=1.1, linestyle=(0, (5, 3)), zorder=1)
    is_yardstick = groups["is_yardstick"].fillna(False).astype(bool) & (yardstick is not None)
    labels = [
        f"{'* ' if is_marked else ''}{name}  (n\N{NO-BREAK SPACE}=\N{NO-BREAK SPACE}{num_models})"
        for name, num_models, is_marked in zip(
            groups["name"], groups["num_models"], is_yardstick, strict=True
        )
    ]
    axes.set_yticks(places, labels)
    axes.set(xlabel=metric_name(metric), ylabel="", ylim=(len(groups) - 0.5, -0.5))
    keep_to_shares([axes], "x")
    explained = " Dots: seeds, n different models of them; diamonds: their mean."
    if yardstick is not None:
        explained += " Dashed, and marked *: the yardstick."
    if left_out := len(all_groups) - len(groups):
        explained += f" Left out: {count(left_out, 'configuration')} with lower means."
    add_texts(figure, title="Seeds", caption=caption_of(runs, all_groups, metric) + explained)
    return figure
