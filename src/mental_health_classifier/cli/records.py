"""Commands that act on records: `gone`, `clean`, `export`, `import`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from mental_health_classifier.cli.arguments import (
    LookedUpIn,
    Roots,
    Run,
    RunOrSweep,
    answer,
    existing,
    say,
    say_no_runs,
)
from mental_health_classifier.contracts import InputError
from mental_health_classifier.storage.leftovers import leftovers_below, remove
from mental_health_classifier.sweeps.ledger import sweep_called
from mental_health_classifier.tracking.keeping.housekeeping import (
    delete_run,
    projects_around,
    refuse_unseen,
    runs_to_delete,
)
from mental_health_classifier.tracking.keeping.run_archive import export_run, import_run
from mental_health_classifier.tracking.keeping.snapshot import SNAPSHOTS, preserved_runs
from mental_health_classifier.tracking.record.gone_processes import declare_all_gone
from mental_health_classifier.tracking.run_index import ROOTS, find_runs, is_run, resolve_run


def gone(run: RunOrSweep, root: LookedUpIn = None) -> None:
    """Says that the process of an unknown run is gone.

    The run counts as killed from then on. A run is unknown where its process was on another machine
    and did not say how it ended. Only who has looked there can tell. Afterwards `mhc resume`
    and `mhc clean` take it.
    """
    sweep = None if is_run(os.path.expanduser(run)) else sweep_called(run)
    directory = sweep or resolve_run(run, existing(root)).directory
    for each in declare_all_gone(directory):
        answer(f"{each} counts as killed.")


def clean(
    roots: Roots = None,
    status: Annotated[
        list[str] | None, typer.Option(help="Only runs that are failed, killed, ...")
    ] = None,
    older_than: Annotated[
        float | None, typer.Option(help="Only runs that began more than so many days ago.")
    ] = None,
    keep_last: Annotated[int, typer.Option(min=0, help="Keep so many of the latest runs.")] = 0,
    is_wanted: Annotated[
        bool, typer.Option("--delete", help="Delete them; otherwise they are only listed.")
    ] = False,
) -> None:
    """Lists or deletes runs; never a best, running or snapshotted one.

    Runs that `mhc best` names stay, and what others rest on: those below the folders given, and
    below outputs, multirun and model_snapshots here and in every folder that those given lie in.
    """
    folders = existing(roots)
    runs = find_runs(folders, unseen=refuse_unseen)
    if not runs:
        say_no_runs(folders)
    around = projects_around(folders)
    places = [[each / root for root in ROOTS] for each in around]
    places.append([each / SNAPSHOTS for each in around])
    doomed = runs_to_delete(
        runs,
        statuses=status or (),
        older_than_days=older_than,
        keep_last=keep_last,
        preserved=set().union(*map(preserved_runs, places[-1])),
        elsewhere=[find_runs(each, unseen=refuse_unseen) for each in places],
    )
    leftovers = list(leftovers_below(folders))
    if not is_wanted:
        for run in doomed:
            answer(f"would delete {run.directory} ({run.status})")
        for path in leftovers:
            answer(f"would delete {path} (left by a command that was stopped)")
        if doomed or leftovers:
            say(
                f"Nothing was deleted. Give --delete to delete these "
                f"{len(doomed) + len(leftovers)}."
            )
        return
    for run in doomed:
        try:
            was_there = delete_run(run)
        except InputError as error:
            say(str(error))
            continue
        what = "deleted" if was_there else "was gone already:"
        answer(f"{what} {run.directory} ({run.status})")
    for path in leftovers:
        remove(path)
        answer(f"deleted {path} (left by a command that was stopped)")


def export(run: Run, archive: Path, root: LookedUpIn = None) -> None:
    """Packs a run into one .tar.gz file, after checking it."""
    export_run(resolve_run(run, existing(root)), archive)


def import_(archive: Path) -> None:
    """Unpacks a run that was exported elsewhere, after checking it.

    It goes into outputs/imported. Refused: archives of more than 100,000 files or 16 GiB, or that
    unpack to more than 64 MiB and to 100 times their size. Whoever trusts such a one unpacks
    it with tar: a run is its folder.
    """
    answer(str(import_run(archive, ROOTS[0]).directory))
