"""The command `ensemble`: several runs become one model."""

from __future__ import annotations

from typing import Annotated

import typer

from mental_health_classifier.analysis.model_card import write_model_card
from mental_health_classifier.analysis.pages.run_overview import run_overview
from mental_health_classifier.analysis.tables.run_filter import runs_like
from mental_health_classifier.assessment.ensemble import best_members, record_ensemble
from mental_health_classifier.cli.arguments import LookedUpIn, existing, judging
from mental_health_classifier.console.tables import new_console
from mental_health_classifier.contracts import InputError
from mental_health_classifier.contracts.folder_names import new_run_directory
from mental_health_classifier.tracking.record.run_summary import read_run
from mental_health_classifier.tracking.run_index import ROOTS, find_runs, resolve_run


def ensemble(
    runs: Annotated[
        list[str] | None, typer.Argument(help="Members: two runs or more on the same parts.")
    ] = None,
    best: Annotated[
        int | None, typer.Option(min=2, help="So many of the best runs by the headline on val.")
    ] = None,
    where: Annotated[
        str | None, typer.Option(help="With --best: only runs like 'final_accuracy > 0.85'.")
    ] = None,
    name: Annotated[
        str | None, typer.Option(help="What it is called in tables: its model if not given.")
    ] = None,
    combine: Annotated[
        str,
        typer.Option(
            help="mean, weighted (by weights that val fits), max, noisy_or or vote. Compare at "
            "equal specificity: mhc compare."
        ),
    ] = "mean",
    root: LookedUpIn = None,
) -> None:
    """Makes one model of several runs, certified as a whole.

    It is calibrated, and becomes a run of its own.
    """
    if (best is None) == (not runs):
        raise InputError("Give the members, or --best with their number.")
    if best is None:
        members, looked_at = [resolve_run(each, existing(root)) for each in runs or ()], None
    else:
        found = runs_like(list(judging(find_runs(existing(root)))), where)
        members, looked_at = best_members(found, number=best)
    directory = new_run_directory(ROOTS[0], "ensemble")
    record_ensemble(members, directory, name=name, way=combine, looked_at=looked_at)
    write_model_card(made := read_run(directory))
    new_console().print(run_overview(made))
