"""Arguments that commands share, runs found by them, and output as JSON or to a person."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from mental_health_classifier.console.wording import count, printable, printable_lines
from mental_health_classifier.contracts import InputError
from mental_health_classifier.tracking.run_index import (
    ROOTS,
    RunSummary,
    each_run,
    find_runs,
    list_runs,
)

Roots = Annotated[
    list[Path] | None,
    typer.Argument(help="Folders that hold runs, at any depth: outputs and multirun if not given."),
]
LookedUpIn = Annotated[
    list[Path] | None,
    typer.Option("--root", help="A folder that holds runs: outputs and multirun if not given."),
]
Run = Annotated[str, typer.Argument(help="A run: its id, the beginning of it, or its folder.")]
RunOrSweep = Annotated[
    str, typer.Argument(help="A run: its id, its beginning or folder; or a sweep's folder.")
]
Pairs = Annotated[list[str] | None, typer.Option(help="NAME=VALUE; can be given several times.")]
Encoding = Annotated[
    str | None, typer.Option(help="Of the file, such as latin-1; UTF-8 and UTF-16 are seen by it.")
]
Margin = Annotated[
    float, typer.Option(min=0, help="Differences up to here make a tie, if it is that sure.")
]
Tagged = Annotated[
    list[str] | None, typer.Option(help="Only runs with this tag; several: with all of them.")
]
WithArchived = Annotated[bool, typer.Option("--archived", help="Archived runs too.")]
AsJson = Annotated[bool, typer.Option("--json", help="Strict JSON: one list of objects.")]


def existing(roots: list[Path] | None) -> list[Path]:
    """The folders given, or those where Hydra writes.

    Raises:
        InputError: a folder that was given is not there.
    """
    if not roots:
        return list(ROOTS)
    folders = [Path(os.path.expanduser(root)) for root in roots]
    for folder in folders:
        if not folder.is_dir():
            raise InputError(f"Expected a folder with runs, but {folder} is none.")
    # A run is known by the name of its folder, and `.` has none.
    return [folder if folder.name not in ("", "..") else folder.resolve() for folder in folders]


def found_runs(
    roots: list[Path] | None, *, as_list: bool = False, with_archived: bool = False
) -> list[RunSummary]:
    """All runs there that judge posts, newest first; says so if there are none, which is no error.

    Args:
        as_list: whether they judge posts or not, without their numbers, which is faster.
        with_archived: see `in_sight`.
    """
    folders = existing(roots)
    runs = list_runs(folders) if as_list else judging(find_runs(folders))
    found = list(in_sight(runs, with_archived=with_archived))
    if not found:
        say_no_runs(folders)
    return found


def judging(runs: Iterable[RunSummary]) -> Iterator[RunSummary]:
    """The runs that judge posts; says at the end how many others were left out."""
    left_out = 0
    for run in runs:
        if run.judges_posts:
            yield run
        else:
            left_out += 1
    say_left_out(num_pretraining=left_out)


def in_sight(runs: Iterable[RunSummary], *, with_archived: bool) -> Iterator[RunSummary]:
    """The runs that nobody archived; says at the end how many were, and how they are shown.

    Args:
        with_archived: whether those are wanted too.
    """
    archived = 0
    for run in runs:
        if with_archived or not run.is_archived:
            yield run
        else:
            archived += 1
    say_left_out(num_archived=archived)


def say_left_out(*, num_pretraining: int = 0, num_archived: int = 0) -> None:
    """Says which runs are not shown, and how they are."""
    if num_pretraining:
        say(
            f"Left out: {count(num_pretraining, 'run')} of objective=masked_tokens, without a "
            "model that judges posts; mhc show has the numbers."
        )
    if num_archived:
        say(f"Left out: {count(num_archived, 'archived run')}; --archived shows them.")


def say_no_runs(folders: Sequence[Path]) -> None:
    say(f"{nothing_found(folders)}. `python train.py` makes one.")


def nothing_found(folders: Sequence[Path]) -> str:
    """That there is no run, or why those that are there do not count; without a full stop."""
    where = ", ".join(map(str, folders))
    runs = list(each_run(folders))
    if not runs:
        return f"No runs in {where} yet"
    if all(run.is_archived for run in runs):
        return f"All runs in {where} are archived"
    return f"No run in {where} has a model that judges posts"


def print_json(rows: Iterable[Mapping[str, Any]]) -> None:
    # ASCII, because names could otherwise steer the terminal; one object a line, for grep.
    before = "["
    for row in rows:
        typer.echo(before + json.dumps(row, allow_nan=False), nl=False)
        before = ",\n "
    typer.echo("[]" if before == "[" else "]")


def answer(line: str) -> None:
    """Prints a line of what was asked for, which names people and folders."""
    typer.echo(printable(line))


def say(message: str) -> None:
    """Prints a message for the person, apart from the output that programs read."""
    typer.echo(printable_lines(message), err=True)


def columns_of(
    run: RunSummary,
    posts: Path,
    given: list[str] | None,
    *,
    with_label: bool,
    encoding: str | None = None,
) -> dict[str, Any]:
    """Which columns of a file of posts hold what, see `columns_in`."""
    # With pandas, which takes longer to import than most commands to run.
    from mental_health_classifier.data.reading.posts_to_judge import (
        ROLES_WITH_LABEL,
        ROLES_WITHOUT_LABEL,
        columns_in,
    )

    return columns_in(
        posts,
        given=pairs(given, option="--column"),
        recorded=run.setting("data", "columns") or {},
        roles=ROLES_WITH_LABEL if with_label else ROLES_WITHOUT_LABEL,
        encoding=encoding,
    )


def pairs(given: list[str] | None, *, option: str) -> dict[str, str]:
    """`NAME=VALUE` as a mapping."""
    found: dict[str, str] = {}
    for each in given or ():
        name, _, value = each.partition("=")
        if not name or not value:
            raise InputError(f"{option} {each}: expected NAME=VALUE.")
        found[name] = value
    return found
