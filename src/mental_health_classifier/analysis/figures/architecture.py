"""Figure of the headline against the size of networks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mental_health_classifier.analysis.figures.measured import (
    caption_of,
    measured_groups,
    measured_seeds,
    metric_column,
    value_of,
    yardstick_mean,
)
from mental_health_classifier.analysis.figures.names import metric_name, plain_name
from mental_health_classifier.analysis.figures.style import (
    DARK,
    LOOKS,
    MAX_SERIES,
    OTHERS,
    Look,
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

SIZES = {
    "width": "width",
    "num_layers": "depth (layers)",
    "num_heads": "attention heads",
    "parameters": "parameters",
}
DODGE = 0.5
"""What configurations of the same size take, of the way to the next size."""
SPREAD = 1.3
"""The same where sizes are numbers: by how much the last place is above the first, at most."""


@styled
def architecture_figure(runs: pd.DataFrame, *, metric: str | None = None) -> Figure:
    """A metric against width, depth, heads and number of parameters, a panel each.

    Large marks are configurations with their interval, small ones their seeds; the dashed line is
    the yardstick. A size that all share, or that no run has recorded, has no panel.

    Args:
        runs: a `run_table`.
        metric: as for `metric_column`.

    Raises:
        InputError: as `metric_column`; or there are no two sizes.
    """
    metric = metric_column(runs, metric)
    groups = measured_groups(runs, metric)
    # Of one size alone there is nothing to see.
    sizes = [name for name in SIZES if groups[name].nunique() > 1]
    if not sizes:
        raise InputError(
            f"{count(len(groups), 'configuration')} of one size, or of a size that no run has "
            f"recorded ({', '.join(SIZES)}): there is no architecture to compare."
        )
    yardstick = yardstick_mean(runs, groups, metric)
    # What has none of these sizes stands in no panel: predictions of another program, say.
    groups = groups[groups[sizes].notna().any(axis=1)].reset_index(drop=True)
    families = _families(groups)
    looks = _looks_of(families)
    seeds = measured_seeds(runs, groups, metric)
    columns = min(len(sizes), 2)
    rows = -(-len(sizes) // columns)
    height = 0.9 + 2.9 * rows
    figure, panels = new_figure(rows=rows, columns=columns, width=10, height=height, sharey=True)
    for axes, size in zip(panels, sizes, strict=False):
        places = _places(axes, groups[size])
        for place, values, (_, group), family in zip(
            places, seeds, groups.iterrows(), families, strict=True
        ):
            if np.isfinite(place):
                _draw(axes, place, group, values, looks.get(family, OTHERS))
        if size == "parameters":
            use_log_scale(axes)
        if yardstick is not None:
            axes.axhline(yardstick, color=DARK, linewidth=1.1, linestyle=(0, (5, 3)), zorder=1)
        axes.set_xlabel(SIZES[size])
    keep_to_shares(panels, "y")
    for axes in first_of_rows(panels):
        axes.set_ylabel(metric_name(metric))
    for axes in panels[len(sizes) :]:
        axes.remove()
    add_legend(figure, _handles(panels[0], looks, families, yardstick))
    add_texts(
        figure,
        title="Architecture and performance",
        caption=caption_of(runs, groups, metric) + " Small marks: seeds.",
    )
    return figure


def _families(groups: pd.DataFrame) -> list[str]:
    """Model with variants of each group, as it is shown."""
    return [
        plain_name("+".join(part for part in (model, variants) if isinstance(part, str) and part))
        for model, variants in zip(groups["model"], groups["variants"], strict=True)
    ]


def _looks_of(families: Sequence[str]) -> dict[str, Look]:
    # In the order of names: a family looks the same whatever the metric.
    frequent = pd.Series(families).value_counts().index[:MAX_SERIES]
    return dict(zip(sorted(frequent), LOOKS, strict=False))


def _places(axes: Axes, values: pd.Series) -> np.ndarray:
    """Where each group stands on the x axis; NaN where its size is not known."""
    numbers = values.to_numpy(dtype=float, na_value=np.nan)
    if values.name == "parameters":
        return _beside(np.where(numbers > 0, numbers, np.nan))
    known = np.unique(numbers[np.isfinite(numbers)])
    axes.set_xticks(range(len(known)), [compact(each) for each in known])
    axes.set_xlim(-0.6, len(known) - 0.4)
    axes.grid(False, axis="x")
    places = np.full(len(numbers), np.nan)
    for place, size in enumerate(known):
        is_here = numbers == size
        num_here = int(is_here.sum())
        # Side by side around their size.
        places[is_here] = place + (np.arange(num_here) - (num_here - 1) / 2) * DODGE / num_here
    return places


def _beside(sizes: np.ndarray) -> np.ndarray:
    """Places on an axis of powers, where configurations of one size stand side by side."""
    places = sizes.copy()
    for size in np.unique(sizes[np.isfinite(sizes)]):
        is_here = sizes == size
        num_here = int(is_here.sum())
        places[is_here] = size * SPREAD ** ((np.arange(num_here) - (num_here - 1) / 2) / num_here)
    return places


def _draw(axes: Axes, place: float, group: Any, values: pd.Series, look: Look) -> None:
    if np.isfinite(group["low"]):
        axes.vlines(place, group["low"], group["high"], color=look.color, linewidth=1.3, zorder=2)
    if len(values) > 1:
        axes.plot(
            [place] * len(values), values, look.marker, color=look.color, markersize=3, alpha=0.55
        )
    (mark,) = axes.plot(
        [place], [group["mean"]], look.marker, color=look.color, markeredgecolor="white", zorder=3
    )
    tell(mark, value_of(group))


def _handles(
    axes: Axes, looks: Mapping[str, Look], families: Sequence[str], yardstick: float | None
) -> list[Any]:
    handles: list[Any] = [
        axes.plot([], [], look.marker, color=look.color, label=family)[0]
        for family, look in looks.items()
    ]
    others = len(set(families)) - len(looks)
    if others:
        label = count(others, "other model")
        handles += axes.plot([], [], OTHERS.marker, color=OTHERS.color, label=label)
    if yardstick is not None:
        handles += axes.plot(
            *([], []), color=DARK, linewidth=1.1, linestyle=(0, (5, 3)), label="the yardstick"
        )
    return handles
