"""Confusion matrices."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mental_health_classifier.analysis.figures.names import plain_name
from mental_health_classifier.analysis.figures.style import add_texts, new_figure, styled
from mental_health_classifier.console.wording import number
from mental_health_classifier.contracts import Predictions
from mental_health_classifier.evaluation.metrics import confusion_matrix
from mental_health_classifier.evaluation.shares import ShareOfPosts, measure_shares

MAX_COLUMNS = 3
CLASS_LENGTH = 14


@styled
def confusion_figure(models: Mapping[str, Predictions]) -> Figure:
    """Confusion matrices side by side: rows are true classes, the priority class first.

    In each cell the number of posts, shaded by its share of the row.

    Args:
        models: by name what each said about one part.
    """
    columns = min(len(models), MAX_COLUMNS)
    rows = -(-len(models) // columns)
    most_classes = max(given.task.num_classes for given in models.values())
    side = 1.7 + 0.42 * most_classes
    figure, panels = new_figure(
        rows=rows,
        columns=columns,
        width=max(columns * side, 5.5),
        height=0.8 + rows * (side - 0.1),
        least_width=1.3 + 0.27 * most_classes,
    )
    for axes, given in zip(panels, models.values(), strict=False):
        _draw(axes, given)
    for axes, (name, given) in zip(panels, models.items(), strict=False):
        _label(axes, given, title=f"{name}\n{_found(given)}")
    for axes in panels[len(models) :]:
        axes.remove()
    parts = ", ".join(sorted({given.part for given in models.values()}))
    sizes = sorted({len(given) for given in models.values()})
    posts = f"{sizes[0]:,}" if len(sizes) == 1 else f"{sizes[0]:,} to {sizes[-1]:,}"
    add_texts(
        figure,
        title="Confusion",
        caption=(
            f"Part {parts}, n = {posts} posts. Rows: true class; columns: most probable class. "
            "Numbers: posts; shading: share of the row, from 0 (white) to 1 (dark). In brackets: "
            "95 % intervals."
        ),
    )
    return figure


def _found(given: Predictions) -> str:
    """What this part of the matrix says of the priority class, of accuracy where there is none."""
    is_right = given.probabilities.argmax(axis=1) == given.labels
    name = given.task.priority_class
    if name is None:
        what, among = "accuracy", np.ones(len(given), dtype=bool)
    else:
        short = plain_name(name, max_length=CLASS_LENGTH)
        what, among = f"recall of {short}", given.is_priority
    share = measure_shares({what: ShareOfPosts(is_right, among)}, given)[what]
    return f"{what} {number(share.value, share.interval)}"


def _draw(axes: Axes, given: Predictions) -> None:
    task = given.task
    order = [task.class_names.index(name) for name in task.display_order]
    counts = confusion_matrix(given)[np.ix_(order, order)]
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    sns.heatmap(
        shares,
        **{"annot": counts, "fmt": "d", "annot_kws": {"fontsize": 8.5}},
        **{"cmap": "Blues", "vmin": 0, "vmax": 1, "square": True, "cbar": False},
        **{"xticklabels": False, "yticklabels": False, "ax": axes},
    )


def _label(axes: Axes, given: Predictions, *, title: str) -> None:
    """Writes names once all matrices are drawn: seaborn draws all that a figure holds by then,
    and letters that the font has not would warn each time."""
    names = [plain_name(name, max_length=CLASS_LENGTH) for name in given.task.display_order]
    places = np.arange(len(names)) + 0.5
    axes.set_xticks(places, names, rotation=45, ha="right", rotation_mode="anchor")
    axes.set_yticks(places, names)
    axes.tick_params(length=0)
    axes.grid(False)
    axes.set_title(title)
