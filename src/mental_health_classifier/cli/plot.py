"""The command `plot`: runs as a figure."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from mental_health_classifier.cli.arguments import WithArchived, answer, in_sight, judging, say
from mental_health_classifier.contracts import InputError
from mental_health_classifier.storage.outputs import check_output, write_output
from mental_health_classifier.tracking.run_index import ROOTS, runs_called


def plot(
    kind: Annotated[
        str,
        typer.Argument(
            help="architecture, efficiency, seeds, curves, confusion, clinical or decision."
        ),
    ],
    runs: Annotated[
        list[str] | None,
        typer.Argument(
            help="Runs, by id, its beginning or folder, or folders that hold runs: outputs and "
            "multirun if not given."
        ),
    ] = None,
    where: Annotated[
        str | None, typer.Option(help="Only runs like 'final_accuracy > 0.85 and seed == 1'.")
    ] = None,
    metric: Annotated[
        str | None,
        typer.Option(help="A column of mhc compare, as final_accuracy; curves: as val/accuracy."),
    ] = None,
    output: Annotated[
        Path | None, typer.Option(help="A new .png, .svg or .pdf file: KIND.png if not given.")
    ] = None,
    size: Annotated[
        str | None,
        typer.Option(help="For print: single (89 mm), double (183 mm), or millimetres."),
    ] = None,
    archived: WithArchived = False,
    force: Annotated[bool, typer.Option("--force", help="Replace the file.")] = False,
) -> None:
    """Draws runs as one figure.

    With --size it is laid out for a journal: no type below 6 points, 300 dots per inch in a PNG,
    and the caption on the terminal, for the manuscript.
    """
    # Matplotlib takes a second to import: not for the help.
    from mental_health_classifier.analysis.figures.files import figure_bytes, format_of
    from mental_health_classifier.analysis.figures.kinds import KINDS, draw
    from mental_health_classifier.analysis.figures.print_size import (
        DOTS_PER_INCH,
        printed,
        width_of,
    )
    from mental_health_classifier.analysis.tables.run_filter import runs_like

    if kind not in KINDS:
        raise InputError(f"mhc plot {kind}: expected one of {', '.join(KINDS)}.")
    path = output or Path(f"{kind}.png")
    file_format = format_of(path)
    width = None if size is None else width_of(size)
    check_output(path, is_replaced=force)
    sift = partial(in_sight, with_archived=archived)
    found = list(judging(runs_called(runs or [], ROOTS, sift=sift)))
    chosen = runs_like(found, where)
    if width is None:
        figure, notes = draw(kind, chosen, metric=metric)
        content = figure_bytes(figure, file_format)
    else:
        with printed(width):
            figure, notes = draw(kind, chosen, metric=metric)
        content = figure_bytes(figure, file_format, dots_per_inch=DOTS_PER_INCH)
        notes = [f"Caption: {figure.get_label()}", *notes]
    write_output(path, content)
    for note in notes:
        say(note)
    answer(str(path))
