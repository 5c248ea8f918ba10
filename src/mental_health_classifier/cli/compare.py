"""The command `compare`: many runs as one table, or models tested against each other."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mental_health_classifier.analysis.pages.leaderboard import chosen_columns, leaderboard
from mental_health_classifier.analysis.pages.sections import print_section
from mental_health_classifier.analysis.tables.comparability import (
    warning_about_posts,
    warnings_about_shortcuts,
)
from mental_health_classifier.analysis.tables.model_comparison import (
    compare_models,
    comparison_section,
    models_called,
)
from mental_health_classifier.analysis.tables.run_filter import known_columns, select_runs
from mental_health_classifier.analysis.tables.run_table import (
    each_record,
    headline_column,
    newest_first,
    ranked,
    write_csv,
)
from mental_health_classifier.cli.arguments import (
    AsJson,
    Roots,
    existing,
    print_json,
    say,
    say_no_runs,
)
from mental_health_classifier.console.tables import print_table
from mental_health_classifier.tracking.run_index import ROOTS, each_run


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
        return _test_models(roots, as_json=as_json)
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


def _test_models(references: list[Path] | None, *, as_json: bool) -> None:
    """Tests every pair of models for whether one of the two is better."""
    rows = compare_models(models_called([str(each) for each in references or ()], ROOTS))
    if as_json:
        return print_json(rows)
    print_section(comparison_section(rows))
