"""The command `compare`: many runs as one table, or models tested against each other."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import pandas as pd
import typer
from rich.console import Group, RenderableType

from mental_health_classifier.analysis.pages.leaderboard import (
    caption_of,
    chosen_columns,
    columns_for_paper,
    leaderboard,
)
from mental_health_classifier.analysis.pages.sections import print_section
from mental_health_classifier.analysis.pages.typeset import as_latex, as_markdown
from mental_health_classifier.analysis.sections.pieces import plain
from mental_health_classifier.analysis.tables.comparability import (
    corpora,
    warning_about_posts,
    warnings_about_shortcuts,
)
from mental_health_classifier.analysis.tables.model_comparison import (
    compare_models,
    comparison_section,
    models_called,
)
from mental_health_classifier.analysis.tables.recorded_table import JUDGES_POSTS, recorded_table
from mental_health_classifier.analysis.tables.run_filter import (
    known_columns,
    rows_tagged,
    runs_where,
)
from mental_health_classifier.analysis.tables.run_table import (
    each_record,
    headline_column,
    newest_first,
    ranked,
    write_csv,
)
from mental_health_classifier.cli.arguments import (
    AsJson,
    Margin,
    Roots,
    Tagged,
    WithArchived,
    answer,
    existing,
    print_json,
    say,
    say_left_out,
    say_no_runs,
)
from mental_health_classifier.console.tables import TextTable, names_that_fit, print_table, text
from mental_health_classifier.console.wording import count
from mental_health_classifier.contracts import InputError
from mental_health_classifier.contracts.headline import EQUIVALENCE_MARGIN
from mental_health_classifier.tracking.run_index import ROOTS, read_run

if TYPE_CHECKING:
    from mental_health_classifier.analysis.tables.across_corpora import AcrossCorpora

MOST_JUDGED = 100
"""Completed runs of which the table says too which configuration is better; of more, mhc best."""

MOST_LINES = 1000
"""Of a table that is printed to be read; files and JSON have every run."""


def compare(
    roots: Roots = None,
    sort: Annotated[
        str | None, typer.Option(help="Order by this column instead of the headline.")
    ] = None,
    ascending: Annotated[bool, typer.Option("--ascending", help="Smallest first.")] = False,
    where: Annotated[
        str | None, typer.Option(help="Only runs like 'final_accuracy > 0.85 and seed == 1'.")
    ] = None,
    tag: Tagged = None,
    archived: WithArchived = False,
    columns: Annotated[
        str | None, typer.Option(help="Only these columns: seed,final_accuracy.")
    ] = None,
    csv: Annotated[
        str | None, typer.Option(help="Write the table to this new file, or - for here.")
    ] = None,
    markdown: Annotated[
        bool, typer.Option("--markdown", help="Print the table as Markdown.")
    ] = False,
    latex: Annotated[bool, typer.Option("--latex", help="Print the table as LaTeX.")] = False,
    test: Annotated[
        bool,
        typer.Option("--test", help="Test which is really better: RUN RUN, or groups A,B C,D."),
    ] = False,
    by_corpus: Annotated[
        bool,
        typer.Option(
            "--by-corpus", help="A row a model, a column a corpus; mean ranks of five or more."
        ),
    ] = False,
    margin: Margin = EQUIVALENCE_MARGIN,
    as_json: AsJson = False,
) -> None:
    """Compares runs, best first, in a table for each corpus."""
    if sum((markdown, latex, as_json, csv is not None)) > 1:
        raise InputError("Give one of --markdown, --latex, --json and --csv.")
    if test:
        if markdown or latex:
            raise InputError("--test has no form in Markdown or LaTeX yet: give --json.")
        return _test_models(roots, margin=margin, as_json=as_json)
    folders = existing(roots)
    table = _to_compare(recorded_table(folders), with_archived=archived)
    num_runs = len(table)
    if not num_runs:
        say_no_runs(folders)
        return print_json([]) if as_json else None
    table = rows_tagged(table, tag or ())
    table = newest_first(table if where is None else runs_where(table, where))
    if not len(table):
        say(f"No run of {num_runs} is like that.")
    if by_corpus:
        if sort or columns:
            raise InputError("--by-corpus has an order of its own: leave out --sort and --columns.")
        # SciPy's tests take half a second to import: not for a plain table.
        from mental_health_classifier.analysis.tables.across_corpora import across_corpora

        form = as_latex if latex else as_markdown if markdown else None
        return _print_by_corpus(across_corpora(table), form=form, as_json=as_json, csv=csv)
    if sort:
        known_columns([sort], table, option="--sort")
    names = known_columns(columns.split(","), table, option="--columns") if columns else None
    is_whole = as_json or csv is not None or markdown or latex
    blocks, left_out = [], 0
    for title, block in corpora(table):
        by = sort or headline_column(block)
        most = len(block) if is_whole else MOST_LINES
        blocks.append((title, by, ranked(block, by=by, ascending=ascending, most=most)))
        left_out += max(0, len(block) - most)
    if as_json or csv is not None:
        if sort:  # one order for all rows, as was asked for
            table = ranked(table, by=sort, ascending=ascending)
        elif blocks:
            table = pd.concat([block for _, _, block in blocks])
        chosen = table.loc[:, names] if names else table
        print_json(each_record(chosen)) if as_json else write_csv(chosen, csv or "-")
    elif markdown or latex:
        # What did not complete has no number for a paper.
        whole = [(title, by, block[block["status"] == "completed"]) for title, by, block in blocks]
        for title, by, block in (each for each in whole if len(each[2])):
            shown = chosen_columns(block, names) if names else columns_for_paper(block, by=by)
            caption = f"{title}. " if len(blocks) > 1 else ""
            caption += caption_of(block, by=by)
            typer.echo((as_latex if latex else as_markdown)(shown, caption=caption))
    else:
        for title, by, block in blocks:
            print_table(_page(title if len(blocks) > 1 else None, block, by=by, names=names))
            _print_verdict(block)
        if left_out:
            say(f"{count(left_out, 'more run')}; all: --csv - or --json, some: --where.")
    if warning := warning_about_posts(table):
        say(f"Warning: {warning}")
    for warning in warnings_about_shortcuts(table):
        say(f"Warning: {warning}")


def _to_compare(table: pd.DataFrame, *, with_archived: bool) -> pd.DataFrame:
    """The runs that judge posts and that nobody archived; says which others were left out."""
    judges, is_archived = table[JUDGES_POSTS], table["is_archived"].fillna(False).astype(bool)
    is_left_out = judges & is_archived & (not with_archived)
    say_left_out(num_pretraining=int((~judges).sum()), num_archived=int(is_left_out.sum()))
    is_wanted = judges & ~is_left_out
    table = table if is_wanted.all() else table[is_wanted]
    return table.drop(columns=JUDGES_POSTS).reset_index(drop=True)


def _print_by_corpus(
    found: AcrossCorpora,
    *,
    form: Callable[..., str] | None,
    as_json: bool,
    csv: str | None,
) -> None:
    if as_json:
        print_json(each_record(found.cells))
    elif csv is not None:
        write_csv(found.cells, csv)
    elif form is not None:
        typer.echo(form(found.columns(), caption=" ".join(found.explanation())))
    elif len(found.cells):
        print_table(partial(_corpora_side_by_side, found))


def _corpora_side_by_side(found: AcrossCorpora, width: int | None) -> RenderableType:
    """As many corpora as the terminal has room for, without cutting a number."""
    columns = {column.header: column for column in found.columns()}
    shown = list(columns) if width is None else names_that_fit(columns, width=width)
    said = [*found.explanation()]
    if left_out := [header.split("\n")[0] for header in columns if header not in shown]:
        said.append(f"No room for: {', '.join(left_out)}. All columns: --csv - or --json.")
    return Group(TextTable([columns[each] for each in shown]), "", *map(text, said))


def _print_verdict(block: pd.DataFrame) -> None:
    """The verdict on the recommended configuration among the runs of one corpus."""
    # A run whose posts are not known, as where its file on them is gone, is compared with none.
    is_comparable = (block["status"] == "completed") & block["parts_fingerprint"].notna()
    completed = block[is_comparable]
    if completed["configuration_hash"].nunique() < 2:
        return
    if len(completed) > MOST_JUDGED:
        return answer("Which configuration is better, of so many runs: mhc best.")
    # Lines are trained models; what they say of configurations takes their predictions.
    from mental_health_classifier.analysis.tables.standing import standing_of_best

    runs = [read_run(Path(directory)) for directory in completed["directory"]]
    said = [text(plain(each)) for each in standing_of_best(runs)]
    print_table(lambda _width: Group(*said))


def _page(
    title: str | None, table: pd.DataFrame, *, by: str, names: list[str] | None
) -> Callable[[int | None], RenderableType]:
    """The runs of one corpus, by the width of the terminal."""

    def page(width: int | None) -> RenderableType:
        if names:
            shown = TextTable(chosen_columns(table, names))
        else:
            shown = leaderboard(table, by=by, width=width)
        return shown if title is None else Group(text(title, "bold"), shown, "")

    return page


def _test_models(references: list[Path] | None, *, margin: float, as_json: bool) -> None:
    """Tests every pair of configurations for whether one of the two is better."""
    models = models_called([str(each) for each in references or ()], ROOTS)
    rows = compare_models(models, margin=margin)
    if as_json:
        return print_json(rows)
    print_section(comparison_section(rows))
