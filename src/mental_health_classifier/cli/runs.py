"""Commands that list and compare records: `runs`, `best`, `diff`. They import no NumPy."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, get_args

import typer

from mental_health_classifier.analysis.pages.best_list import best_list
from mental_health_classifier.analysis.pages.run_list import run_list
from mental_health_classifier.analysis.tables.run_difference import difference_page, run_difference
from mental_health_classifier.analysis.tables.run_facts import facts_of
from mental_health_classifier.cli.arguments import (
    AsJson,
    LookedUpIn,
    Roots,
    Run,
    existing,
    found_runs,
    print_json,
)
from mental_health_classifier.console.tables import new_console, print_table
from mental_health_classifier.contracts import InputError
from mental_health_classifier.tracking.record.run_summary import Status, read_run
from mental_health_classifier.tracking.run_index import resolve_run
from mental_health_classifier.tracking.selection.best_models import best_models


def runs(
    roots: Roots = None,
    status: Annotated[
        str | None, typer.Option(help="Only those that are completed, failed, killed, ...")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Lists runs, newest first, whatever became of them."""
    if status is not None and status not in get_args(Status):
        raise InputError(f"--status={status}: expected one of {', '.join(get_args(Status))}.")
    rows = [
        facts_of(run) for run in found_runs(roots, as_list=True) if status in (None, run.status)
    ]
    if as_json:
        print_json(rows)
    elif rows:
        print_table(lambda width: run_list(rows, width=width))


def diff(a: Run, b: Run, root: LookedUpIn = None, as_json: AsJson = False) -> None:
    """Shows how two runs differ, in what they did and in their numbers."""
    run_a, run_b = (resolve_run(reference, existing(root)) for reference in (a, b))
    if as_json:
        print_json(run_difference(run_a, run_b))
    else:
        new_console().print(difference_page(run_a, run_b))


def best(roots: Roots = None, as_json: AsJson = False) -> None:
    """Names the best models, chosen on val and reported on test.

    Where there is none, it says why.
    """
    found = best_models(found_runs(roots))
    # With NumPy, which only a certificate needs.
    from mental_health_classifier.assessment.recorded_runs import certificate_if_chosen

    for entry in found.values():
        entry["certificate"] = None
        if entry["run"] is None:
            continue
        try:
            entry["certificate"] = certificate_if_chosen(
                read_run(Path(entry["directory"])), looked_at=entry["looked_at"]
            )
        except (InputError, OSError) as error:
            entry["warnings"].append(f"No certificate: {error}".rstrip("."))
    if as_json:
        print_json([{"best": heading, **entry} for heading, entry in found.items()])
    else:
        print_table(lambda width: best_list(found, width=width))
