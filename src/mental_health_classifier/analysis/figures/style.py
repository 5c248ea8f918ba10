"""Style of every figure: legible in print, and told apart without colours."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import Any, Literal, ParamSpec

import numpy as np
import seaborn as sns
from matplotlib import rc_context
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullFormatter, ScalarFormatter

from mental_health_classifier.analysis.figures.print_size import (
    LEAST_WIDTH,
    laid_out,
    legend_below,
    legend_height,
    printed_width,
    shrink,
)

Given = ParamSpec("Given")

GREY, DARK, GRID = "#767676", "#222222", "#dddddd"
STYLE: Any = {
    **sns.axes_style("whitegrid", {"grid.color": GRID, "axes.edgecolor": DARK}),
    **dict.fromkeys(("text.color", "axes.labelcolor", "xtick.color", "ytick.color"), DARK),
    **sns.plotting_context("paper", font_scale=1.05),
    **{"lines.linewidth": 1.6, "lines.markersize": 6.5, "grid.linewidth": 0.6},
    **{"figure.titlesize": 12, "legend.frameon": False, "figure.constrained_layout.use": True},
    # The font that comes with matplotlib: a figure looks the same on every machine.
    "font.sans-serif": ["DejaVu Sans"],
}
CAPTION_SIZE = 8.5
MAX_SERIES = 7
MOST_TICKS = 5
"""More lines or colours than that are not told apart."""

# Those of the palette that are not lost on white paper, neighbours far apart.
_COLORS = [sns.color_palette("colorblind").as_hex()[place] for place in (0, 3, 2, 4, 1, 9, 5)]
_MARKERS = "osD^vPX"
_LINES = ("-", "--", "-.", ":", (0, (6, 1)), (0, (3, 1, 1, 1, 1, 1)), (0, (1, 1)))


@dataclass(frozen=True, slots=True)
class Look:
    """What one series is drawn with."""

    color: str
    marker: str
    line: Any


LOOKS = tuple(map(Look, _COLORS, _MARKERS, _LINES))
OTHERS = Look(GREY, ".", "-")
"""Of series beyond MAX_SERIES."""


def styled(draw: Callable[Given, Figure]) -> Callable[Given, Figure]:
    """Decorates functions that draw: nothing of the style outlives them."""

    @wraps(draw)
    def drawn(*args: Given.args, **kwargs: Given.kwargs) -> Figure:
        with rc_context(STYLE):
            figure = draw(*args, **kwargs)
        for axes in figure.axes:
            for axis in (axes.xaxis, axes.yaxis):
                if type(axis.get_major_formatter()) is ScalarFormatter:
                    axis.set_major_formatter(_Decimals())
        if printed_width() is not None:
            shrink(figure)
        return figure

    return drawn


class _Decimals(ScalarFormatter):
    """Numbers along an axis as tables write them: `.25`."""

    def __call__(self, x: float, pos: int | None = None) -> str:
        return re.sub(r"^(\W?)0\.", r"\1.", super().__call__(x, pos)) if x else "0"


def new_figure(
    *,
    rows: int = 1,
    columns: int,
    width: float,
    height: float,
    sharey: bool = False,
    least_width: float = LEAST_WIDTH,
) -> tuple[Figure, list[Axes]]:
    """A figure with its panels row by row, apart from pyplot and its list of open figures.

    Args:
        width, height: in inches; in print the page says the width, and the height follows.
        sharey: whether all panels have one y axis, written at the left ones.
        least_width: of a panel in print, in inches; where less is left, there are more rows.
    """
    asked = rows * columns
    if (printed := printed_width()) is not None:
        rows, columns, width, height = laid_out(
            rows, columns, width, height, printed=printed, least_width=least_width
        )
    figure = Figure(figsize=(width, height))
    # Seaborn measures what it draws, for which a figure apart from pyplot needs a canvas.
    FigureCanvasAgg(figure)
    panels = figure.subplots(rows, columns, squeeze=False, sharey=sharey)
    sns.despine(fig=figure)
    for axes in panels.flat[asked:]:
        axes.remove()
    return figure, list(panels.flat[:asked])


def first_of_rows(panels: Sequence[Axes]) -> list[Axes]:
    """The leftmost panel of each row."""
    specs = [(axes, axes.get_subplotspec()) for axes in panels]
    return [axes for axes, spec in specs if spec is not None and spec.is_first_col()]


def add_texts(figure: Figure, *, title: str, caption: str) -> None:
    """The title above, and below what a reader has to know: what is drawn, of how many posts. In
    print both belong to the manuscript, and are the figure's label."""
    # A number stays with its unit.
    whole = caption.replace(" %", "\N{NO-BREAK SPACE}%").replace(
        "n = ", "n\N{NO-BREAK SPACE}=\N{NO-BREAK SPACE}"
    )
    if printed_width() is not None:
        figure.set_label(f"{title}. {caption}")
        return
    figure.suptitle(title, x=0.01, ha="left", fontweight="bold")
    characters = int(figure.get_figwidth() * 72 / (CAPTION_SIZE * 0.53))
    lines = textwrap.fill(whole, characters)
    figure.supxlabel(lines, x=0.01, ha="left", fontsize=CAPTION_SIZE, color=DARK)


def add_legend(figure: Figure, handles: Sequence[Any]) -> None:
    """A legend beside all panels; in print below them."""
    if not handles:
        return
    labels = [str(handle.get_label()) for handle in handles]
    place: dict[str, Any] = {"loc": "outside right upper"}
    if printed_width() is not None:
        place = legend_below(figure, labels)
    else:
        figure.set_figheight(max(figure.get_figheight(), legend_height(labels) + 0.4))
    figure.legend(handles=list(handles), handlelength=2.6, **place)


def keep_to_shares(panels: Iterable[Axes], *directions: Literal["x", "y"]) -> None:
    """Ends axes at 0 and at 1 where all that is drawn lies between: no share is beyond. Marks on
    the edge stay whole."""
    for axes in panels:
        for direction in directions:
            axis = axes.xaxis if direction == "x" else axes.yaxis
            # Infinite where nothing is drawn.
            if all(0 <= end <= 1 for end in axis.get_data_interval()):
                set_limits = axes.set_xlim if direction == "x" else axes.set_ylim
                set_limits(*np.clip(axis.get_view_interval(), 0, 1))
        # What is not cut off counts when panels are laid out, however far beyond them it goes.
        if all(axes.viewLim.contains(*corner) for corner in axes.dataLim.corners()):
            for artist in (*axes.lines, *axes.collections):
                artist.set_clip_on(False)


def tell(artist: Artist, *values: str) -> None:
    """What a page says of each mark of an artist, or of the whole, when it is pointed at."""
    artist.set_gid(json.dumps(values))


def use_log_scale(axes: Axes) -> None:
    """Magnitudes along the x axis, written out: 200k, 1M."""
    axes.set_xscale("log")
    axes.xaxis.set_major_locator(FixedLocator(round_numbers(*axes.get_xlim())))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: compact(value)))
    axes.xaxis.set_minor_formatter(NullFormatter())


def round_numbers(low: float, high: float) -> list[float]:
    """Numbers for an axis of powers between two positive ends, few enough to stand side by side."""
    powers = 10.0 ** np.arange(np.floor(np.log10(low)), np.ceil(np.log10(high)) + 1)
    found: list[float] = []
    for steps in ((1.0, 1.5, 2.0, 3.0, 5.0, 7.0), (1.0, 2.0, 5.0), (1.0,)):
        between = np.outer(powers, steps).ravel()
        found = between[(between >= low) & (between <= high)].tolist()
        if len(found) <= MOST_TICKS:
            break
    return found[:: -(-len(found) // MOST_TICKS) or 1]


def compact(value: float) -> str:
    """`850`, `1.2k`, `24M`, `3.1G`."""
    for size, suffix in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= size:
            return f"{value / size:.3g}{suffix}"
    return f"{value:.3g}"
