"""The command `mhc`: what runs have recorded, looked at from a terminal.

Each command imports what it needs inside itself, so that all of them start at once.
"""

from __future__ import annotations

import io
import os
import signal
import sys
from typing import Annotated, Any, NoReturn, get_args

import typer
from typer.core import TyperGroup

from mental_health_classifier.cli.arguments import (
    AsJson,
    LookedUpIn,
    Roots,
    Run,
    existing,
    found_runs,
    print_json,
    say,
    say_no_runs,
)
from mental_health_classifier.cli.assess import commands as worth_commands
from mental_health_classifier.cli.assess import test_models
from mental_health_classifier.cli.explain import commands as explain_commands
from mental_health_classifier.cli.plot import commands as plot_commands
from mental_health_classifier.cli.predict import commands as predict_commands
from mental_health_classifier.cli.records import commands as record_commands
from mental_health_classifier.cli.report import commands as report_commands
from mental_health_classifier.cli.variants import commands as variant_commands
from mental_health_classifier.console.errors import message_about
from mental_health_classifier.contracts import InputError


class Commands(TyperGroup):
    """Commands that say in one message what the user can put right."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except Exception as error:
            if "HYDRA_FULL_ERROR" in os.environ or (message := message_about(error)) is None:
                raise
            say(message)
            raise typer.Exit(1) from None


app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.add_typer(plot_commands)
app.add_typer(record_commands)
app.add_typer(worth_commands)
app.add_typer(predict_commands)
app.add_typer(variant_commands)
app.add_typer(report_commands)
app.add_typer(explain_commands)


def main() -> None:
    """Runs the command; what `python -m mental_health_classifier` does too."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # Names hold whatever people and file systems put into them.
            stream.reconfigure(errors="backslashreplace")
    for number in (signal.SIGTERM, signal.SIGHUP):
        # nohup ignores the one, and that stays so.
        if signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, _leave)
    app()


def _leave(number: int, _frame: object) -> NoReturn:
    """Ends the command so that what it has not finished writing is taken away, with the exit code
    by which shells report the signal."""
    raise SystemExit(128 + number)


def print_version(is_wanted: bool) -> None:
    if is_wanted:
        from importlib.metadata import version

        typer.echo(version("mental-health-classifier"))
        raise typer.Exit


@app.callback()
def describe(
    version: Annotated[
        bool,
        typer.Option("--version", callback=print_version, is_eager=True, help="Print the version."),
    ] = False,
) -> None:
    """Looks at what runs have recorded. A run is a folder: who deletes that deletes the run."""


@app.command()
def runs(
    roots: Roots = None,
    status: Annotated[
        str | None, typer.Option(help="Only those that are completed, failed, killed, ...")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Lists runs, newest first, whatever became of them."""
    from mental_health_classifier.analysis.pages.run_list import run_list
    from mental_health_classifier.analysis.tables.run_facts import facts_of
    from mental_health_classifier.console.tables import print_table
    from mental_health_classifier.tracking.record.run_summary import Status

    if status is not None and status not in get_args(Status):
        raise InputError(f"--status={status}: expected one of {', '.join(get_args(Status))}.")
    rows = [
        facts_of(run) for run in found_runs(roots, as_list=True) if status in (None, run.status)
    ]
    if as_json:
        print_json(rows)
    elif rows:
        print_table(lambda width: run_list(rows, width=width))


@app.command("show")
def show_run(run: Run, root: LookedUpIn = None, as_json: AsJson = False) -> None:
    """Shows one run in full: its numbers beside yardstick and ceilings, and its posts."""
    from mental_health_classifier.analysis.pages.run_overview import run_overview
    from mental_health_classifier.console.tables import new_console
    from mental_health_classifier.tracking.run_index import resolve_run

    found = resolve_run(run, existing(root))
    if as_json:
        record = {"run": found.run, "data": found.data, "end": found.end}
        facts = {"directory": str(found.directory), "status": found.status}
        print_json([{**facts, "problems": found.problems, **record}])
    else:
        new_console().print(run_overview(found))


@app.command()
def diff(a: Run, b: Run, root: LookedUpIn = None, as_json: AsJson = False) -> None:
    """Shows what two runs did differently, and how their numbers differ."""
    from mental_health_classifier.analysis.tables.run_difference import (
        difference_page,
        run_difference,
    )
    from mental_health_classifier.console.tables import new_console
    from mental_health_classifier.tracking.run_index import resolve_run

    run_a, run_b = (resolve_run(reference, existing(root)) for reference in (a, b))
    if as_json:
        print_json(run_difference(run_a, run_b))
    else:
        new_console().print(difference_page(run_a, run_b))


@app.command()
def compare(
    roots: Roots = None,
    sort: Annotated[
        str | None, typer.Option(help="Order by this column instead of the headline.")
    ] = None,
    ascending: Annotated[bool, typer.Option("--ascending", help="Smallest first.")] = False,
    where: Annotated[
        str | None, typer.Option(help="Only runs like 'final_accuracy > 0.85 and seed == 1'.")
    ] = None,
    tag: Annotated[
        list[str] | None, typer.Option(help="Only runs with this tag; several: with all of them.")
    ] = None,
    columns: Annotated[
        str | None, typer.Option(help="Only these columns: seed,final_accuracy.")
    ] = None,
    csv: Annotated[
        str | None, typer.Option(help="Write the table to this new file, or - for here.")
    ] = None,
    test: Annotated[
        bool,
        typer.Option("--test", help="Test which is really better: RUN RUN, or groups A,B C,D."),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Compares runs in one table, best first."""
    if test:
        return test_models(roots, as_json=as_json)
    from mental_health_classifier.analysis.pages.leaderboard import chosen_columns, leaderboard
    from mental_health_classifier.analysis.pages.shortcuts import warnings_about_shortcuts
    from mental_health_classifier.analysis.tables.comparability import warning_about_posts
    from mental_health_classifier.analysis.tables.run_filter import known_columns, select_runs
    from mental_health_classifier.analysis.tables.run_table import (
        each_record,
        headline_column,
        newest_first,
        ranked,
        write_csv,
    )
    from mental_health_classifier.console.tables import print_table
    from mental_health_classifier.tracking.run_index import each_run

    folders = existing(roots)
    selected = select_runs(each_run(folders), tags=tag or (), where=where)
    if not selected.of:
        say_no_runs(folders)
        return print_json([]) if as_json else None
    table = newest_first(selected.table)
    if not len(table):
        say(f"None of the {selected.of} runs is like that.")
    (by,) = known_columns([sort or headline_column(table)], table, option="--sort")
    names = known_columns(columns.split(","), table, option="--columns") if columns else None
    table = ranked(table, by=by, ascending=ascending)
    chosen = table.loc[:, names] if names else table
    if as_json:
        print_json(each_record(chosen))
    elif csv is not None:
        write_csv(chosen, csv)
    elif len(table):
        print_table(
            lambda width: (
                chosen_columns(table, names) if names else leaderboard(table, by=by, width=width)
            )
        )
    if warning := warning_about_posts(table):
        say(f"Warning: {warning}")
    for warning in warnings_about_shortcuts(table):
        say(f"Warning: {warning}")


@app.command()
def best(roots: Roots = None, as_json: AsJson = False) -> None:
    """Names the best models, chosen on val and reported on test, or says why there is none."""
    from mental_health_classifier.analysis.pages.best_list import best_list
    from mental_health_classifier.console.tables import print_table
    from mental_health_classifier.tracking.selection.best_models import best_models

    found = best_models(found_runs(roots))
    if as_json:
        print_json([{"best": heading, **entry} for heading, entry in found.items()])
    else:
        print_table(lambda width: best_list(found, width=width))
