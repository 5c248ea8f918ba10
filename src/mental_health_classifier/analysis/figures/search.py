"""Figures of a search: what each trial reached, and which settings mattered."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from mental_health_classifier.analysis.figures.names import metric_name, plain_name
from mental_health_classifier.analysis.figures.style import (
    DARK,
    GREY,
    LOOKS,
    add_legend,
    add_texts,
    keep_to_shares,
    new_figure,
    styled,
    tell,
)
from mental_health_classifier.console.wording import count, number
from mental_health_classifier.contracts import InputError
from mental_health_classifier.tracking.search.result import SearchResult

FEWEST = 3
"""Completed trials, with fewer of which there is no history to draw."""


@styled
def history_figure(result: SearchResult) -> Figure:
    """Every trial a mark in the order in which they were asked for, and the best so far as a line;
    beside them what the best configuration reached with fresh seeds.

    Raises:
        InputError: fewer than FEWEST trials were completed.
    """
    completed = [each for each in result.trials if each.state == "completed"]
    if len(completed) < FEWEST:
        raise InputError(f"A history needs {FEWEST} completed trials; there are {len(completed)}.")
    figure, (axes,) = new_figure(columns=1, width=8.5, height=3.6)
    handles = []
    for state, look in zip(("completed", "pruned"), LOOKS, strict=False):
        shown = [each for each in result.trials if each.state == state and each.value is not None]
        if shown:
            (marks,) = axes.plot(
                [each.number for each in shown],
                [each.value or 0.0 for each in shown],
                linestyle="none",
                color=look.color if state == "completed" else GREY,
                marker="o" if state == "completed" else "x",
                label=state if state == "completed" else "pruned, when it ended",
            )
            tell(marks, *(f"trial {each.number}: {number(each.value)}" for each in shown))
            handles.append(marks)
    numbers = [each.number for each in completed]
    best = np.maximum.accumulate([each.value or 0.0 for each in completed])
    handles += axes.plot(numbers, best, color=DARK, drawstyle="steps-post", label="best so far")
    if (fresh := result.fresh.get(result.metric)) is not None:
        place = result.wanted + 1.5
        low, high = fresh.low, fresh.high
        bar = None if low is None or high is None else [[fresh.mean - low], [high - fresh.mean]]
        axes.errorbar([place], [fresh.mean], yerr=bar, fmt="none", color=LOOKS[1].color, capsize=3)
        handles += axes.plot(
            [place],
            [fresh.mean],
            color=LOOKS[1].color,
            marker="D",
            linestyle="none",
            label=f"mean of {count(len(result.seeds), 'fresh seed')}",
        )
    axes.set_xlabel("trial")
    axes.set_ylabel(metric_name(result.metric))
    ticks = MaxNLocator(integer=True).tick_values(0, result.wanted - 1)
    axes.set_xticks([tick for tick in ticks if 0 <= tick < result.wanted])
    keep_to_shares([axes], "y")
    add_legend(figure, handles)
    add_texts(
        figure,
        title=f"Search {plain_name(result.name)}: what its trials reached on validation",
        caption="The best so far is the highest of many and therefore optimistic; the mean over "
        "fresh seeds of the same configuration, with its 95 % interval over authors and seeds, is "
        "what to expect on validation.",
    )
    return figure


@styled
def importances_figure(result: SearchResult) -> Figure:
    """A bar for each setting that was searched, the most important first.

    Raises:
        InputError: there are too few trials to tell.
    """
    if not result.importances:
        raise InputError("Too few trials were completed to tell which settings matter.")
    names = [plain_name(name) for name in result.importances]
    figure, (axes,) = new_figure(columns=1, width=8.5, height=1.6 + 0.3 * len(names))
    places = np.arange(len(names))
    axes.barh(places, list(result.importances.values()), color=LOOKS[0].color, height=0.6)
    axes.set_yticks(places, names)
    axes.invert_yaxis()
    axes.set_xlim(0, 1)
    axes.set_xlabel("share of importance (PED-ANOVA)")
    completed = result.counts().get("completed", 0)
    add_texts(
        figure,
        title=f"Search {plain_name(result.name)}: which settings tell good trials from others",
        caption=f"Of {count(completed, 'completed trial')}; shares add up to 1. From few trials, "
        "chosen by a sampler that looks where it is good already, this is a hint and no test.",
    )
    return figure
