"""Commands of `mhc` that act on records: resume, reproduce, preserve, clean, carry elsewhere."""

from __future__ import annotations

import os
from contextlib import chdir
from pathlib import Path
from typing import Annotated

import typer

from mental_health_classifier.cli.arguments import (
    ROOTS,
    AsJson,
    LookedUpIn,
    Roots,
    Run,
    existing,
    found_runs,
    print_json,
    say,
)
from mental_health_classifier.contracts import InputError

commands = typer.Typer()


@commands.command()
def resume(
    run: Annotated[
        str, typer.Argument(help="A run: its id, its beginning or folder; or a sweep's folder.")
    ],
    root: LookedUpIn = None,
) -> None:
    """Goes on with a killed, interrupted or failed run, or with a sweep.

    A run goes on from its last checkpoint and ends with the weights of a run that was never cut
    off, bit for bit. Of a sweep the missing jobs run, and those that failed, were killed or
    interrupted are resumed. Paths of data and caches begin in the folder where the run or the sweep
    began, wherever this command is given; if that folder is gone, in the present one.
    """
    from mental_health_classifier.console.wording import printable
    from mental_health_classifier.sweeps.ledger import sweep_called
    from mental_health_classifier.tracking.provenance.environment import (
        ensure_deterministic_environment,
    )
    from mental_health_classifier.tracking.record.attempts import started_in
    from mental_health_classifier.tracking.run_index import is_run, resolve_run

    ensure_deterministic_environment()
    if not is_run(os.path.expanduser(run)) and (sweep := sweep_called(run)):
        from mental_health_classifier.sweeps.resume import resume_sweep

        account = resume_sweep(sweep, say=say)
        typer.echo(printable(f"{run}: {account}"))
        if account.stopped_by is not None:
            raise typer.Exit(128 + account.stopped_by)
        if account.done < account.wanted:
            raise typer.Exit(1)
        return
    directory = resolve_run(run, existing(root)).directory.resolve()
    from mental_health_classifier.console.logs import log_into
    from mental_health_classifier.experiment import resume_experiment

    log_into(directory)
    with chdir(started_in(directory) or "."):
        resume_experiment(directory)


@commands.command()
def gone(
    run: Annotated[
        str, typer.Argument(help="A run: its id, its beginning or folder; or a sweep's folder.")
    ],
    root: LookedUpIn = None,
) -> None:
    """Says that the process of an unknown run is gone: the run counts as killed from then on.

    A run is unknown where its process was on another machine and did not say how it ended. Only
    who has looked there can tell. Afterwards `mhc resume` and `mhc clean` take it.
    """
    from mental_health_classifier.sweeps.ledger import sweep_called
    from mental_health_classifier.tracking.record.gone_processes import declare_all_gone
    from mental_health_classifier.tracking.run_index import is_run, resolve_run

    sweep = None if is_run(os.path.expanduser(run)) else sweep_called(run)
    directory = sweep or resolve_run(run, existing(root)).directory
    for each in declare_all_gone(directory):
        typer.echo(f"{each} counts as killed.")


@commands.command()
def reproduce(
    run: Run,
    root: LookedUpIn = None,
    trust: Annotated[
        bool, typer.Option("--trust", help="Run code that came with the record.")
    ] = False,
    strict: Annotated[
        bool, typer.Option("--strict", help="Refuse where the environment is another one.")
    ] = False,
) -> None:
    """Runs a run again with its own source and says whether the same came out, bit for bit."""
    from mental_health_classifier.console.progress import showing
    from mental_health_classifier.tracking.provenance.replay import TOLERANCE, replay
    from mental_health_classifier.tracking.run_index import resolve_run

    found = resolve_run(run, existing(root))
    with showing(f"Replaying run {found.id}"):
        verdict = replay(found, is_trusted=trust, is_strict=strict)
    for difference in verdict.environment:
        say(f"Environment: {difference}.")
    if verdict.is_identical:
        typer.echo(f"Run {found.id}: identical, bit for bit.")
        return
    first, *others = verdict.differences
    typer.echo(
        f"Run {found.id}: equal within {TOLERANCE} on other hardware."
        if verdict.is_equal
        else f"Run {found.id}: different. First, {first}."
    )
    for other in others[:20]:
        say(f"{other}.")
    say(f"{len(verdict.differences)} differences; the replayed run is in {verdict.directory}.")
    if not verdict.is_equal:
        raise typer.Exit(1)


snapshots = typer.Typer(
    help="Preserves the current state, and gives it back.", invoke_without_command=True
)
commands.add_typer(snapshots, name="snapshot")


@snapshots.callback()
def take(
    context: typer.Context,
    name: Annotated[str, typer.Option(help="What to call it.")] = "snapshot",
    description: Annotated[str, typer.Option(help="Why it is taken.")] = "",
    tag: Annotated[list[str] | None, typer.Option(help="A label; can be given often.")] = None,
    run: Annotated[
        list[str] | None,
        typer.Option(help="A run to preserve with it: the best ones if not given."),
    ] = None,
    root: LookedUpIn = None,
    archive: Annotated[bool, typer.Option("--archive", help="Also as one .tar.gz file.")] = False,
) -> None:
    """Preserves source with uncommitted work, environment and runs below model_snapshots/."""
    if context.invoked_subcommand is not None:
        return
    from mental_health_classifier.storage.archives import pack
    from mental_health_classifier.tracking.keeping.snapshot import take_snapshot
    from mental_health_classifier.tracking.keeping.snapshot_check import SNAPSHOTS
    from mental_health_classifier.tracking.run_index import find_runs, resolve_run
    from mental_health_classifier.tracking.selection.best_models import best_models

    if run:
        chosen = [resolve_run(reference, existing(root)) for reference in run]
    else:
        found = find_runs(existing(root))
        best_ids = {entry["run"] for entry in best_models(found).values()}
        chosen = [each for each in found if each.id in best_ids and each.status == "completed"]
    folder = take_snapshot(
        SNAPSHOTS, name=name, description=description, tags=tag or [], runs=chosen
    )
    if archive:
        pack(folder, folder.with_name(f"{folder.name}.tar.gz"))
    typer.echo(f"{folder}: source and {len(chosen)} runs.")


@snapshots.command("list")
def list_snapshots(as_json: AsJson = False) -> None:
    """Lists the snapshots, oldest first."""
    from mental_health_classifier.console.wording import printable
    from mental_health_classifier.tracking.keeping.snapshot_check import SNAPSHOTS, read_manifests

    keys = ("name", "description", "tags", "created_at", "git", "runs")
    manifests = read_manifests(SNAPSHOTS)
    if as_json:
        print_json(
            [{"folder": str(f), **{key: m.get(key) for key in keys}} for f, m in manifests.items()]
        )
        return
    for folder, manifest in manifests.items():
        about = f"{len(manifest.get('runs', []))} runs. {manifest.get('description') or ''}"
        typer.echo(printable(f"{folder}  {about if manifest else 'damaged'}".rstrip()))


@snapshots.command()
def verify(snapshot: Annotated[str, typer.Argument(help="Its folder, or its name.")]) -> None:
    """Checks every file of a snapshot against its manifest."""
    from mental_health_classifier.tracking.keeping.snapshot_check import (
        SNAPSHOTS,
        find_snapshot,
        problems_of,
    )

    folder = find_snapshot(snapshot, SNAPSHOTS)
    problems = problems_of(folder)
    for problem in problems:
        say(problem)
    typer.echo(f"{folder}: {'damaged' if problems else 'whole'}")
    if problems:
        raise typer.Exit(1)


@snapshots.command()
def restore(
    snapshot: Annotated[str, typer.Argument(help="Its folder, its name, or an archive.")],
    destination: Annotated[Path, typer.Argument(help="A folder that does not exist yet.")],
) -> None:
    """Writes the source of a snapshot into a new folder, its runs into outputs/ there."""
    from mental_health_classifier.tracking.keeping.snapshot_check import (
        SNAPSHOTS,
        find_snapshot,
        restore_snapshot,
    )

    restore_snapshot(find_snapshot(snapshot, SNAPSHOTS), destination)
    typer.echo(f"Restored into {destination}.")


@commands.command()
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
    """Lists or deletes runs; never a best, running or snapshotted one."""
    from mental_health_classifier.storage.leftovers import leftovers_below, remove
    from mental_health_classifier.tracking.keeping.housekeeping import delete_run, runs_to_delete
    from mental_health_classifier.tracking.keeping.snapshot_check import SNAPSHOTS, preserved_runs
    from mental_health_classifier.tracking.run_index import find_runs

    doomed = runs_to_delete(
        found_runs(roots),
        statuses=status or (),
        older_than_days=older_than,
        keep_last=keep_last,
        preserved=preserved_runs(SNAPSHOTS),
        elsewhere=find_runs([*ROOTS, SNAPSHOTS]),
    )
    leftovers = list(leftovers_below(existing(roots)))
    if not is_wanted:
        for run in doomed:
            typer.echo(f"would delete {run.directory} ({run.status})")
        for path in leftovers:
            typer.echo(f"would delete {path} (left by a command that was stopped)")
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
        typer.echo(f"{what} {run.directory} ({run.status})")
    for path in leftovers:
        remove(path)
        typer.echo(f"deleted {path} (left by a command that was stopped)")


@commands.command("export")
def export_(run: Run, archive: Path, root: LookedUpIn = None) -> None:
    """Packs a run into one .tar.gz file, after checking it."""
    from mental_health_classifier.tracking.keeping.run_archive import export_run
    from mental_health_classifier.tracking.run_index import resolve_run

    export_run(resolve_run(run, existing(root)), archive)


@commands.command("import")
def import_(archive: Path) -> None:
    """Unpacks a run that was exported elsewhere into outputs/imported, after checking it.

    Refused: archives of more than 100,000 files or 16 GiB, or that unpack to more than 64 MiB and
    to 100 times their size. Whoever trusts such a one unpacks it with tar: a run is its folder.
    """
    from mental_health_classifier.tracking.keeping.run_archive import import_run

    typer.echo(str(import_run(archive, ROOTS[0]).directory))
