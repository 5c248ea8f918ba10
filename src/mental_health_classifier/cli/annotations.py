"""Commands that say something of a run later: `note`, `tag`, `rename`, `archive`.

They write beside the record, which stays as the run left it.
"""

from __future__ import annotations

from typing import Annotated

import typer

from mental_health_classifier.cli.arguments import LookedUpIn, Run, answer, existing, say
from mental_health_classifier.console.wording import count
from mental_health_classifier.contracts import InputError
from mental_health_classifier.tracking.record.annotations import Kind, annotate
from mental_health_classifier.tracking.record.run_summary import read_run
from mental_health_classifier.tracking.run_index import resolve_run

Writer = Annotated[
    str | None, typer.Option("--by", help="Who says it; the user of this machine if not given.")
]


def note(
    run: Run,
    text: Annotated[str, typer.Argument(help="At most 2,000 characters; no texts of posts.")],
    by: Writer = None,
    root: LookedUpIn = None,
) -> None:
    """Adds a note to a run, beside its record.

    Notes are never changed or taken back: write another. They travel with the run.
    """
    found = resolve_run(run, existing(root))
    annotate(found.directory, [("note", text)], by=by)
    notes = read_run(found.directory).annotations.notes
    answer(f"Run {found.id} has {count(len(notes), 'note')}.")


def tag(
    run: Run,
    tags: Annotated[list[str] | None, typer.Argument(help="Tags to add.")] = None,
    remove: Annotated[list[str] | None, typer.Option("--remove", help="A tag to take off.")] = None,
    by: Writer = None,
    root: LookedUpIn = None,
) -> None:
    """Adds tags to a run, or takes tags off.

    Tags that the run was started with can be taken off too; its record keeps them.
    """
    if not tags and not remove:
        raise InputError("Give a tag to add, or --remove with one to take off.")
    found = resolve_run(run, existing(root))
    for each in remove or ():
        if each not in found.tags:
            raise InputError(
                f"Run {found.id} has no tag {each}. It has: {', '.join(found.tags) or 'none'}."
            )
    new = [each for each in tags or () if each not in found.tags]
    said: list[tuple[Kind, str]] = [
        *(("untag", each) for each in remove or ()),
        *(("tag", each) for each in new),
    ]
    if said:
        annotate(found.directory, said, by=by)
    answer(f"Run {found.id} has tags: {', '.join(read_run(found.directory).tags) or 'none'}.")


def rename(run: Run, name: str, by: Writer = None, root: LookedUpIn = None) -> None:
    """Gives a run another name in tables, lists and reports.

    Its id, its folder and the name in its record stay.
    """
    found = resolve_run(run, existing(root))
    annotate(found.directory, [("name", name)], by=by)
    answer(f"Run {found.id} is called {read_run(found.directory).name}.")


def archive(
    runs: Annotated[list[str], typer.Argument(help="Runs: ids, their beginnings, or folders.")],
    undo: Annotated[bool, typer.Option("--undo", help="Lists them again.")] = False,
    by: Writer = None,
    root: LookedUpIn = None,
) -> None:
    """Hides runs from lists without deleting them.

    Lists, tables, figures and reports say how many they leave out; with --archived they show them.
    An archived run is never a best one and never cleaned away, but counts among the models that
    were looked at.
    """
    folders = existing(root)
    for found in [resolve_run(each, folders) for each in runs]:
        if found.is_archived == (not undo):
            say(f"Run {found.id} {'is archived already' if found.is_archived else 'is listed'}.")
            continue
        annotate(found.directory, [("unarchive" if undo else "archive", "")], by=by)
        answer(f"Run {found.id} is {'listed again' if undo else 'archived'}.")
