"""A figure laid out anew for a phone: its panels in one column."""

from __future__ import annotations

import textwrap

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.gridspec import GridSpec

from mental_health_classifier.analysis.figures.print_size import legend_height
from mental_health_classifier.analysis.figures.style import styled

WIDTH = 3.4
"""In inches: what a phone shows, which a page makes a little smaller or larger."""
PANEL_HEIGHT = 2.9
LABEL_LENGTH = 18
"""Characters in a line beside an axis."""
SMALL = 7.5
"""Size of letters of what is long, in points."""
LINE_HEIGHT = 0.125
"""Of a line of them, in inches."""
TITLE_LENGTH = 34
"""And in one along it."""


@styled
def make_narrow(figure: Figure) -> Figure:
    """Stacks the panels of a figure of this package; its legend goes below them.

    A panel keeps its height where it holds more rows than fit into PANEL_HEIGHT.
    """
    panels = figure.axes
    spec = panels[0].get_subplotspec()
    rows = 1 if spec is None else spec.get_gridspec().nrows
    height = max(PANEL_HEIGHT, figure.get_figheight() / rows - 1.0)
    legends = _take_legend(figure)
    heights = [max(height, 1.0 + LINE_HEIGHT * _wrap_names(axes)) for axes in panels]
    of_legend = legend_height([each.get_label() for each in legends])
    figure.set_size_inches(WIDTH, sum(heights) + of_legend)
    grid = GridSpec(len(panels), 1, figure=figure, height_ratios=heights)
    for place, axes in enumerate(panels):
        axes.set_subplotspec(grid[place])
        # Of a shared axis only the first panel of a row had its name and numbers.
        axes.tick_params(labelleft=True)
        if not axes.get_ylabel() and axes.get_shared_y_axes().joined(axes, panels[0]):
            axes.set_ylabel(panels[0].get_ylabel())
    if legends:
        figure.legend(handles=legends, loc="outside lower left", handlelength=2.6)
    return figure


def _take_legend(figure: Figure) -> list:
    handles = []
    for legend in list(figure.legends):
        handles += legend.legend_handles
        legend.remove()
    return handles


def _wrap_names(axes: Axes) -> int:
    """Breaks what is too long for a phone into lines; returns how many there are beside the axis
    that goes up, with one between two names."""
    names = [label.get_text() for label in axes.get_yticklabels()]
    lines = 0
    if any(len(name) > LABEL_LENGTH for name in names):
        wrapped = [textwrap.fill(name, LABEL_LENGTH) for name in names]
        axes.set_yticks(axes.get_yticks(), wrapped, fontsize=SMALL)
        lines = sum(name.count("\n") + 2 for name in wrapped)
    below = [label.get_text() for label in axes.get_xticklabels()]
    if sum(map(len, below)) > TITLE_LENGTH and any(map(str.isalpha, "".join(below))):
        axes.set_xticks(axes.get_xticks(), below, rotation=40, ha="right", fontsize=SMALL)
    for text in axes.texts:
        text.set_fontsize(min(text.get_fontsize(), SMALL))
    for text in (axes.xaxis.label, axes.yaxis.label, axes.title):
        of_text = text.get_text().split("\n")
        text.set_text("\n".join(textwrap.fill(line, TITLE_LENGTH) for line in of_text))
    return lines
