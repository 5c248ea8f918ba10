"""Figure of a sweep in parallel coordinates: settings that differ, and what came of them."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mental_health_classifier.analysis.figures.names import plain_name
from mental_health_classifier.analysis.figures.style import (
    GREY,
    LOOKS,
    add_texts,
    new_figure,
    styled,
    tell,
)
from mental_health_classifier.analysis.tables.run_names import value_words
from mental_health_classifier.console.wording import count, number
from mental_health_classifier.contracts import InputError
from mental_health_classifier.contracts.metric_words import metric_words

MOST_SETTINGS = 7
STRONG = 3
"""Configurations that are drawn in colour, the best ones."""
LABEL_LENGTH, LINE_LENGTH = 24, 9
"""Characters of a value, and of a line of it, which reaches no other axis on a phone either."""


@styled
def parallel_figure(
    configurations: Sequence[tuple[str, Mapping[str, Any], float]], *, metric: str
) -> Figure:
    """A line for each configuration through its settings to its mean, the best in colour.

    Args:
        configurations: of each its name, what it was told otherwise by key, and its mean.
        metric: what was measured, as its key.

    Raises:
        InputError: fewer than three configurations, or settings that do not differ.
    """
    ranked = sorted(configurations, key=lambda each: -each[2])
    settings = [each for _, each, _ in ranked]
    named = dict.fromkeys(key for each in settings for key in each)
    keys = [key for key in named if len({_shown(each.get(key)) for each in settings}) > 1]
    if len(ranked) < 3 or not keys:
        raise InputError("Parallel coordinates take three configurations that differ in a setting.")
    shown = keys[:MOST_SETTINGS]
    width = max(8.5, 1.3 * len(shown) + 2)
    figure, (axes,) = new_figure(columns=1, width=width, height=4.2)
    columns = [
        _setting(axes, place, [each.get(key) for each in settings])
        for place, key in enumerate(shown)
    ]
    columns.append(_outcome(axes, len(shown), [mean for _, _, mean in ranked]))
    for place, (name, each, mean) in reversed(list(enumerate(ranked))):
        look = LOOKS[place] if place < STRONG else None
        (line,) = axes.plot(range(len(columns)), [column[place] for column in columns], color=GREY)
        line.set(alpha=0.45, linewidth=1.0)
        if look is not None:
            line.set(color=look.color, linestyle=look.line, alpha=1.0, linewidth=2.2)
        said = ", ".join(f"{_short(key)} {_shown(each.get(key))}" for key in shown)
        tell(line, f"{name}: {number(mean)} ({said})")
    axes.set_xticks(
        range(len(columns)), [*map(_short, shown), metric_words(metric).replace(", ", ",\n")]
    )
    axes.set(xlim=(-0.3, len(shown) + 0.5), ylim=(-0.08, 1.08), yticks=[])
    axes.grid(False, axis="y")
    axes.spines[["left", "bottom"]].set_visible(False)
    left_out = len(keys) - len(shown)
    add_texts(
        figure,
        title="Settings and what came of them",
        caption=f"{count(len(ranked), 'configuration')}, a line each; the right axis is the mean "
        f"over seeds. In colour: the best {STRONG} on it, which were not chosen by it."
        + (f" Not drawn: {count(left_out, 'more setting')}." if left_out else ""),
    )
    return figure


def _setting(axes: Axes, place: int, values: Sequence[Any]) -> list[float]:
    """Heights of the values on their axis, in their order, and their names beside it."""
    known = sorted(set(map(_shown, values)), key=_in_order)
    heights = dict(zip(known, np.linspace(0, 1, len(known)), strict=True))
    for name, height in heights.items():
        label = textwrap.fill(plain_name(name, max_length=LABEL_LENGTH), LINE_LENGTH)
        axes.text(place + 0.04, height, label, fontsize=7.5, va="center")
    return [float(heights[_shown(value)]) for value in values]


def _outcome(axes: Axes, place: int, means: Sequence[float]) -> list[float]:
    low, high = min(means), max(means)
    for end in {low, high}:
        axes.text(place + 0.04, float(end == high and high > low), number(end), fontsize=7.5)
    return [(mean - low) / (high - low) if high > low else 0.0 for mean in means]


def _in_order(name: str) -> tuple[bool, float, str]:
    try:
        return False, float(name), ""
    except ValueError:
        return True, 0.0, name


def _shown(value: Any) -> str:
    return "default" if value is None else value_words(str(value))


def _short(key: str) -> str:
    return plain_name(re.split(r"[./]", key)[-1], max_length=LABEL_LENGTH)
