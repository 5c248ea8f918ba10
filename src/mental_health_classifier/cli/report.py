"""The command `report`: many runs as one page."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mental_health_classifier.cli.arguments import (
    Roots,
    WithArchived,
    existing,
    in_sight,
    judging,
    nothing_found,
    say,
)
from mental_health_classifier.console.progress import showing
from mental_health_classifier.console.wording import count
from mental_health_classifier.contracts import InputError
from mental_health_classifier.storage.outputs import check_output, write_output
from mental_health_classifier.tracking.run_index import find_runs

MOST_RUNS = 10_000
"""Of one page: docs/scaling.md has what it takes."""


def report(
    roots: Roots = None,
    output: Annotated[Path, typer.Option(help="The page: a new HTML file.")] = Path("report.html"),
    where: Annotated[
        str | None, typer.Option(help="Only runs like 'final_accuracy > 0.85 and seed == 1'.")
    ] = None,
    archived: WithArchived = False,
    force: Annotated[bool, typer.Option("--force", help="Replace a file that exists.")] = False,
) -> None:
    """Writes one offline HTML page about many runs.

    It says who is best, why, and what is not known.
    """
    # Matplotlib takes a second to import: not for the help.
    from mental_health_classifier.analysis.report.contents import gather_report
    from mental_health_classifier.analysis.report.page import report_page
    from mental_health_classifier.analysis.tables.run_filter import runs_like

    check_output(output, is_replaced=force)
    folders = existing(roots)
    with showing("Reading runs"):
        found = list(judging(find_runs(folders)))
    if not found:
        raise InputError(
            f"{nothing_found(folders)}, so that there is nothing to report. `python train.py` "
            "makes one."
        )
    wanted = list(in_sight(found, with_archived=archived))
    if not wanted:
        raise InputError(f"{nothing_found(folders)}, and --archived was not given.")
    chosen = runs_like(wanted, where)
    if not chosen:
        raise InputError(f"--where: none of the {count(len(wanted), 'run')} is like that.")
    if len(chosen) > MOST_RUNS:
        raise InputError(
            f"A page about {count(len(chosen), 'run')} is more than a browser opens; at most "
            f"{MOST_RUNS:,} go into one. Choose some with --where, or give a folder that holds "
            "fewer; mhc compare takes all of them."
        )
    left_out = [] if archived else [run for run in found if run.is_archived]
    with showing(f"Writing about {count(len(chosen), 'run')}"):
        write_output(output, report_page(gather_report(chosen, archived=left_out)))
    say(f"{count(len(chosen), 'run')}, see {output}.")
