"""Found and missed posts, right and wrong alerts, as counts beside the yardstick's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mental_health_classifier.analysis.figures.style import (
    DARK,
    GRID,
    LOOKS,
    add_texts,
    new_figure,
    styled,
)
from mental_health_classifier.analysis.tables.frequencies import Frequencies
from mental_health_classifier.console.wording import count
from mental_health_classifier.contracts import InputError

FOUND, MISSED, WRONG = (LOOKS[place].color for place in (0, 1, 4))


@styled
def frequencies_figure(counted: Mapping[str, Frequencies], *, priority_class: str) -> Figure:
    """Two bars a model: what became of the posts of the priority class, and of all posts.

    Args:
        counted: by name of the model, the one that it is about first.

    Raises:
        InputError: there is none.
    """
    if not counted:
        raise InputError("No operating point: nothing was found, missed or alerted at a threshold.")
    first = next(iter(counted.values()))
    figure, axes_of = new_figure(rows=2, columns=1, width=6.2, height=1.6 + 0.9 * len(counted))
    of_priority, of_all = axes_of
    for place, (name, each) in enumerate(counted.items()):
        _bar(of_priority, place, (each.found, each.missed), (FOUND, MISSED))
        _say(of_priority, place, f"{name}: {each.found:,} found, {each.missed:,} missed")
        others = each.posts - each.alerted
        _bar(of_all, place, (each.found, each.wrong, others), (FOUND, WRONG, GRID))
        _say(
            *(of_all, place),
            f"{name}: {each.alerted:,} alerted, {each.found:,} rightly, {each.wrong:,} wrongly",
        )
    of_priority.set_title(count(first.priority, f"{priority_class} post"), loc="left")
    of_all.set_title(f"{count(first.posts, 'post')} of all classes", loc="left")
    for axes, most in zip(axes_of, (first.priority, first.posts), strict=True):
        axes.set(xlim=(0, most), ylim=(len(counted) - 0.4, -0.75), xticks=[], yticks=[])
        axes.grid(visible=False)
        for spine in axes.spines.values():
            spine.set_visible(False)
    add_texts(
        figure,
        title="Found, missed and alerted",
        caption=(
            "Counts of test posts at the operating point, whose threshold was frozen on "
            "validation for the same specificity. Parts of a bar stand in the order of its words; "
            "the rest got no alert."
        ),
    )
    return figure


def _bar(axes: Axes, place: int, parts: Sequence[int], colors: Sequence[str]) -> None:
    start = 0
    for number, color in zip(parts, colors, strict=True):
        axes.barh(place, number, left=start, color=color, height=0.42, edgecolor="none")
        start += number


def _say(axes: Axes, place: int, words: str) -> None:
    """Above its bar, where it is read on every colour."""
    axes.text(0, place - 0.27, words, ha="left", va="bottom", fontsize=9, color=DARK)
