"""Figure of processor and memory while runs trained."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
from matplotlib.figure import Figure

from mental_health_classifier.analysis.figures.curves import thinned
from mental_health_classifier.analysis.figures.style import (
    LOOKS,
    add_legend,
    add_texts,
    new_figure,
    styled,
    tell,
)
from mental_health_classifier.contracts import InputError
from mental_health_classifier.storage.json_lines import read_records
from mental_health_classifier.tracking.run_index import RunSummary

PANELS = {
    "processor_percent": "processor (100: one core)",
    "memory_megabytes": "memory, MB",
    "gpu_memory_megabytes": "memory of the GPU, MB",
}


def resource_use(run: RunSummary) -> pd.DataFrame:
    """What a run took while it trained: a column for each of PANELS, by seconds of its attempt.

    Raises:
        InputError: it recorded fewer than two samples.
    """
    path = run.directory / "resources.jsonl"
    try:
        records = read_records(path).records
    except OSError:
        records = []
    table = pd.DataFrame([each for each in records if "time" in each])
    if len(table) < 2:
        raise InputError(f"Run {run.id or run.directory} recorded no course of what it took.")
    # An attempt that went on after another one begins to count anew.
    seconds = table["time"].diff().clip(lower=0).fillna(table["time"]).cumsum()
    known = table.reindex(columns=list(PANELS)).apply(pd.to_numeric, errors="coerce")
    return known.set_index(seconds)


@styled
def resources_figure(used: Mapping[str, pd.DataFrame]) -> Figure:
    """Processor, memory and GPU memory over time, a panel each, a line a run.

    Args:
        used: by name of the run its `resource_use`; the first ones are drawn.

    Raises:
        InputError: there is no run, or none that recorded any of it.
    """
    panels = [key for key in PANELS if any(each[key].count() > 1 for each in used.values())]
    if not panels:
        raise InputError("No run recorded what it took of its machine.")
    figure, drawn = new_figure(columns=len(panels), width=2.6 + 3.4 * len(panels), height=3.4)
    shown = dict(zip(used, LOOKS, strict=False))
    for axes, key in zip(drawn, panels, strict=True):
        for name, look in shown.items():
            values = thinned(used[name][key].dropna())
            (line,) = axes.plot(values.index, values, color=look.color, linestyle=look.line)
            tell(line, f"{name}: at most {values.max():,.0f}, at last {values.iloc[-1]:,.0f}")
        axes.set(xlabel="seconds", ylabel=PANELS[key])
        axes.set_ylim(bottom=0)
    handles = [
        drawn[0].plot([], [], color=look.color, linestyle=look.line, label=name)[0]
        for name, look in shown.items()
    ]
    add_legend(figure, handles)
    add_texts(
        figure,
        title="Processor and memory",
        caption="Of the machine that each run trained on, with all else that it did.",
    )
    return figure
