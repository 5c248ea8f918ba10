"""The command `snapshot` and those below it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mental_health_classifier.cli.arguments import (
    AsJson,
    LookedUpIn,
    answer,
    existing,
    print_json,
    say,
)
from mental_health_classifier.cli.values import Command
from mental_health_classifier.console.wording import count
from mental_health_classifier.storage.archives import pack
from mental_health_classifier.storage.files import read_json
from mental_health_classifier.tracking.keeping.snapshot import (
    SNAPSHOTS,
    find_snapshot,
    problems_of,
    read_manifests,
    restore_snapshot,
    take_snapshot,
)
from mental_health_classifier.tracking.run_index import find_runs, resolve_run
from mental_health_classifier.tracking.selection.best_models import best_by_corpus

snapshot = typer.Typer(
    help="Preserves source, environment and runs, and gives them back.",
    invoke_without_command=True,
)


@snapshot.callback()
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

    if run:
        chosen = [resolve_run(reference, existing(root)) for reference in run]
    else:
        found = find_runs(existing(root))
        best_ids = {entry["run"] for best in best_by_corpus(found) for entry in best.values()}
        chosen = [each for each in found if each.id in best_ids and each.status == "completed"]
    folder = take_snapshot(
        SNAPSHOTS, name=name, description=description, tags=tag or [], runs=chosen
    )
    if left_out := read_json(folder / "manifest.json")["left_out"]:
        say(f"Left out, because they are links: {', '.join(left_out)}.")
    if archive:
        pack(folder, folder.with_name(f"{folder.name}.tar.gz"))
    answer(f"{folder}: source and {count(len(chosen), 'run')}.")


@snapshot.command("list", cls=Command)
def list_snapshots(as_json: AsJson = False) -> None:
    """Lists the snapshots, oldest first."""
    keys = ("name", "description", "tags", "created_at", "git", "runs")
    manifests = read_manifests(SNAPSHOTS)
    if as_json:
        print_json(
            [{"folder": str(f), **{key: m.get(key) for key in keys}} for f, m in manifests.items()]
        )
        return
    for folder, manifest in manifests.items():
        about = (
            f"{count(len(manifest.get('runs', [])), 'run')}. {manifest.get('description') or ''}"
        )
        answer(f"{folder}  {about if manifest else 'damaged'}".rstrip())


@snapshot.command(cls=Command)
def verify(snapshot: Annotated[str, typer.Argument(help="Its folder, or its name.")]) -> None:
    """Checks every file of a snapshot against its manifest."""
    folder = find_snapshot(snapshot, SNAPSHOTS)
    problems = problems_of(folder)
    for problem in problems:
        say(problem)
    answer(f"{folder}: {'damaged' if problems else 'whole'}")
    if problems:
        raise typer.Exit(1)


@snapshot.command(cls=Command)
def restore(
    snapshot: Annotated[str, typer.Argument(help="Its folder, its name, or an archive.")],
    destination: Annotated[Path, typer.Argument(help="A folder that does not exist yet.")],
) -> None:
    """Writes the source of a snapshot into a new folder, its runs into outputs/ there."""
    restore_snapshot(find_snapshot(snapshot, SNAPSHOTS), destination)
    answer(f"Restored into {destination}.")
