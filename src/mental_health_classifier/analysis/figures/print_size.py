"""Size of a figure in print: the widths of usual journals, and type that can be read there."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator

from mental_health_classifier.contracts import InputError

WIDTHS = {"single": 89.0, "double": 183.0}
"""Of a column and of a page of usual journals, in millimetres."""
NARROWEST, WIDEST = 60, 400
DOTS_PER_INCH = 300
SHRUNK = 0.72
"""What is drawn for a screen is printed so much smaller: its smallest type, 8.5 points, as 6.1."""
LEAST_WIDTH = 2.3
"""Of a panel before it is shrunk, in inches."""
_FLATTEST = 1.0
"""Height of a panel by its width at least, where it is narrower than on a screen."""
_MILLIMETRES = 25.4
_OF_LETTER = 0.55
"""Width of a letter by its height, about."""
_LINE, _BETWEEN_ENTRIES = 0.165, 0.08
"""Heights in a legend before it is shrunk, in inches."""
_LEFT_FOR_LEGEND = 0.75
"""Of the height of a figure, in inches."""
_BESIDE_NAMES = 0.82
"""Of the height of a panel, what names on its axis have to fit into."""
_LINE_HEIGHT = 1.2
"""Of a line by the height of its letters."""
_INTERVAL = re.compile(r"\[[^]\n]*\]")

_printed: ContextVar[float | None] = ContextVar("printed", default=None)


def width_of(size: str) -> float:
    """The width that a size means, in millimetres.

    Args:
        size: a name of WIDTHS, or millimetres.

    Raises:
        InputError: neither.
    """
    try:
        width = WIDTHS.get(size) or float(size)
    except ValueError:
        width = 0.0
    if not NARROWEST <= width <= WIDEST:
        raise InputError(
            f"--size={size}: expected {', '.join(WIDTHS)} or {NARROWEST} to {WIDEST} millimetres."
        )
    return width


@contextmanager
def printed(width: float) -> Iterator[None]:
    """Figures that are drawn in the block are laid out for print.

    Args:
        width: in millimetres.
    """
    token = _printed.set(width)
    try:
        yield
    finally:
        _printed.reset(token)


def printed_width() -> float | None:
    """The width that a figure is drawn in before it is shrunk, in inches. None: for a screen."""
    width = _printed.get()
    return None if width is None else width / _MILLIMETRES / SHRUNK


def laid_out(
    rows: int, columns: int, width: float, height: float, *, printed: float, least_width: float
) -> tuple[int, int, float, float]:
    """Rows, columns, width and height, in inches, of panels that are drawn for another width.

    Args:
        rows, columns, width, height: on a screen.
        printed: the width now.
        least_width: of a panel.
    """
    fitting = min(columns, max(1, int(printed / least_width)))
    num_rows = -(-rows * columns // fitting)
    before, now = width / columns, printed / fitting
    panel = height / rows
    if rows * columns > 1:
        panel *= min(1.0, max(now / before, _FLATTEST * now / panel))
    return num_rows, fitting, printed, num_rows * panel


def legend_height(labels: Sequence[str]) -> float:
    """Of a legend in one column, in inches, before it is shrunk."""
    return sum((label.count("\n") + 1) * _LINE + _BETWEEN_ENTRIES for label in labels)


def legend_below(figure: Figure, labels: Sequence[str]) -> dict[str, Any]:
    """Where a legend stands that goes below all panels, in as many columns as there is room for.

    The figure becomes higher where the legend has more lines than it left room for.
    """
    longest = max(len(line) for label in labels for line in label.split("\n"))
    columns = int(figure.get_figwidth() / (0.75 + 0.075 * longest))
    columns = max(1, min(columns, len(labels)))
    rows = -(-len(labels) // columns)
    wanted = legend_height([max(labels, key=lambda label: label.count("\n"))] * rows)
    figure.set_figheight(figure.get_figheight() + max(0.0, wanted - _LEFT_FOR_LEGEND))
    return {"loc": "outside lower left", "ncols": columns, "columnspacing": 1.2}


def shrink(figure: Figure) -> None:
    """Makes a figure as small as it is printed, with all lines, marks and letters in it."""
    for axes in figure.axes:
        _break_lines(axes, *figure.get_size_inches())
    _make_room_for_names(figure)
    figure.set_size_inches(*(figure.get_size_inches() * SHRUNK))
    for legend in figure.legends:
        _shrink_legend(legend)
    panels: list[Any] = figure.axes
    for axes in panels:
        for line in axes.lines:
            _shrink_line(line)
        for drawn in axes.collections:
            drawn.set_linewidth(np.multiply(drawn.get_linewidth(), SHRUNK))
            if hasattr(drawn, "set_sizes"):
                drawn.set_sizes(np.multiply(drawn.get_sizes(), SHRUNK**2))
        for patch in (*axes.patches, *axes.spines.values()):
            patch.set_linewidth(patch.get_linewidth() * SHRUNK)
        for text in (*axes.texts, axes.title, axes.xaxis.label, axes.yaxis.label):
            text.set_fontsize(text.get_fontsize() * SHRUNK)
        for axis in (axes.xaxis, axes.yaxis):
            axis.labelpad *= SHRUNK
            # Ticks are made anew as they are drawn: what they are told stays with them.
            for tick in axis.get_major_ticks()[:1]:
                axis.set_tick_params(
                    labelsize=tick.label1.get_fontsize() * SHRUNK,
                    pad=tick.get_pad() * SHRUNK,
                    grid_linewidth=tick.gridline.get_linewidth() * SHRUNK,
                )


def _break_lines(axes: Any, width: float, height: float) -> None:
    """Breaks titles and labels that are longer than their panel in a figure of this size."""
    grid = spec.get_gridspec() if (spec := axes.get_subplotspec()) is not None else None
    rows, columns = grid.get_geometry() if grid is not None else (1, 1)
    width, height = width / columns, height / rows
    has_names = isinstance(axes.yaxis.get_major_locator(), FixedLocator)
    axes.title.set_text(_broken(axes.title, 0.72 * width))
    axes.xaxis.label.set_text(_broken(axes.xaxis.label, (0.45 if has_names else 0.72) * width))
    # A legend can be most of the height.
    axes.yaxis.label.set_text(_broken(axes.yaxis.label, 0.5 * min(width, height)))
    if has_names:
        names = axes.get_yticklabels()
        axes.set_yticklabels([_broken(name, 0.38 * width) for name in names])


def _make_room_for_names(figure: Figure) -> None:
    """Makes a figure higher where names on an axis would stand one upon the other."""
    missing = [0.0]
    for axes in figure.axes:
        names = axes.get_yticklabels()
        if not names or not isinstance(axes.yaxis.get_major_locator(), FixedLocator):
            continue
        spec = axes.get_subplotspec()
        rows = spec.get_gridspec().nrows if spec is not None else 1
        lines = max(name.get_text().count("\n") + 1 for name in names)
        wanted = len(names) * (lines + 0.5) * float(names[0].get_fontsize()) * _LINE_HEIGHT / 72
        missing.append(wanted * rows / _BESIDE_NAMES - figure.get_figheight())
    figure.set_figheight(figure.get_figheight() + max(missing))


def _broken(text: Any, room: float) -> str:
    """Its lines, none longer than some inches if that can be helped."""
    characters = int(room * 72 / (_OF_LETTER * text.get_fontsize()))
    # An interval stays whole.
    whole = _INTERVAL.sub(lambda each: each[0].replace(" ", "\N{NO-BREAK SPACE}"), text.get_text())
    lines = whole.split("\n")
    return "\n".join(textwrap.fill(line, characters) for line in lines)


def _shrink_legend(legend: Any) -> None:
    for text in legend.get_texts():
        text.set_fontsize(text.get_fontsize() * SHRUNK)
    for handle in legend.legend_handles:
        _shrink_line(handle)


def _shrink_line(line: Any) -> None:
    for name in ("linewidth", "markersize", "markeredgewidth"):
        if hasattr(line, f"get_{name}"):
            getattr(line, f"set_{name}")(getattr(line, f"get_{name}")() * SHRUNK)
