"""Commands that show one run: `show`, `card`."""

from __future__ import annotations

import csv
from dataclasses import asdict
from io import StringIO
from typing import Annotated

import typer

from mental_health_classifier.analysis.model_card import FILE, write_model_card
from mental_health_classifier.analysis.pages.run_overview import run_overview
from mental_health_classifier.cli.arguments import (
    AsJson,
    LookedUpIn,
    Run,
    answer,
    existing,
    print_json,
)
from mental_health_classifier.console.tables import new_console
from mental_health_classifier.console.wording import printable_lines
from mental_health_classifier.contracts import InputError
from mental_health_classifier.tracking.record.run_summary import RunSummary
from mental_health_classifier.tracking.run_index import find_runs, resolve_run


def show(run: Run, root: LookedUpIn = None, as_json: AsJson = False) -> None:
    """Shows one run in full: its numbers, its yardstick, its posts."""
    folders = existing(root)
    found = resolve_run(run, folders)
    if as_json:
        record = {"run": found.run, "data": found.data, "end": found.end}
        facts = {"directory": str(found.directory), "status": found.status}
        said = [asdict(each) for each in found.annotations.entries]
        print_json([{**facts, "problems": found.problems, "annotations": said, **record}])
    else:
        new_console().print(run_overview(found, find_runs(folders)))


def card(
    run: Run,
    root: LookedUpIn = None,
    format_: Annotated[
        str,
        typer.Option(
            "--format",
            help="markdown; or only printed: huggingface, with front matter; tripod or tripod-csv, "
            "the TRIPOD+AI list to fill in.",
        ),
    ] = "markdown",
) -> None:
    """Writes a run's model card with all that was assessed since.

    It is printed too. The verdict on its configuration counts all seeds that are found.
    """
    folders = existing(root)
    found = resolve_run(run, folders)
    if format_ == "huggingface":
        from mental_health_classifier.analysis.hub_card import hub_card

        content = hub_card(found, find_runs(folders))
    elif format_ in ("tripod", "tripod-csv"):
        content = _tripod(found, as_csv=format_ == "tripod-csv")
    elif format_ == "markdown":
        write_model_card(found, find_runs(folders))
        content = (found.directory / FILE).read_text(encoding="utf-8")
    else:
        raise InputError(
            f"--format={format_}: expected markdown, huggingface, tripod or tripod-csv."
        )
    for line in content.splitlines():
        answer(line)


def _tripod(run: RunSummary, *, as_csv: bool) -> str:
    from mental_health_classifier.analysis.pages.tripod import CAPTION, tripod
    from mental_health_classifier.analysis.pages.typeset import as_markdown

    columns = tripod(run)
    if not as_csv:
        return as_markdown(columns, caption=CAPTION)
    text = StringIO()
    rows = zip(*(map(str, column.cells) for column in columns), strict=True)
    csv.writer(text).writerows([[column.header for column in columns], *rows])
    return printable_lines(text.getvalue())
