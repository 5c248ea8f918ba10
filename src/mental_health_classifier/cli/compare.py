"""The command `compare`: many runs as one table, or models tested against each other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import pandas as pd
import typer
from rich.console import Group, RenderableType

from mental_health_classifier.analysis.pages.configuration_list import (
    configuration_list,
    configurations_for_paper,
)
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
from mental_health_classifier.analysis.tables.recorded_table import (
    JUDGES_POSTS,
    recorded_table,
    rows_of,
)
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
from mental_health_classifier.analysis.tables.seed_groups import group_table
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
from mental_health_classifier.console.wording import amount
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
    single: Annotated[
        bool, typer.Option("--runs", help="A row a run, not a configuration with all its seeds.")
    ] = False,
    columns: Annotated[
        str | None, typer.Option(help="Only these columns: configuration,final_accuracy_mean.")
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
    """Compares configurations, or single runs (--runs), best first."""
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
    is_whole = as_json or csv is not None or markdown or latex
    most = len(table) if is_whole else MOST_LINES
    blocks = [
        _Block.of(runs, title, sort=sort, ascending=ascending, single=single, most=most)
        for title, runs in corpora(table)
    ]
    if blocks:
        rows = pd.concat([block.rows for block in blocks])
    else:
        rows = table.iloc[:0] if single else group_table(table.iloc[:0])
    names = None
    if columns:
        names = [_known(name, rows, table, option="--columns") for name in columns.split(",")]
    if as_json or csv is not None:
        if sort and blocks:  # one order for all rows, as was asked for
            rows = rows.sort_values(blocks[0].by, ascending=ascending, kind="stable")
        chosen = rows.loc[:, names] if names else rows
        print_json(each_record(chosen)) if as_json else write_csv(chosen, csv or "-")
    else:
        form = as_latex if latex else as_markdown if markdown else None
        for block in blocks:
            title = block.title if len(blocks) > 1 else None
            if form is None:
                print_table(partial(block.page, title, names))
                if block.num_more:
                    say(f"{amount(block.num_more)} more; all: --csv - or --json, some: --where.")
                _print_verdict(block.runs)
            elif len(block.runs) and block.has_completed:
                typer.echo(block.typeset(form, title, names))
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
    return rows_of(table, is_wanted)


@dataclass(frozen=True, slots=True)
class _Block:
    """The runs of one corpus, and the rows that are shown of them: themselves or their
    configurations."""

    title: str
    runs: pd.DataFrame
    rows: pd.DataFrame
    by: str
    single: bool
    num_more: int
    """Rows beyond those."""

    @classmethod
    def of(
        cls,
        runs: pd.DataFrame,
        title: str,
        *,
        sort: str | None,
        ascending: bool,
        single: bool,
        most: int,
    ) -> _Block:
        by = sort or headline_column(runs)
        if single:
            by = _known(by, runs, runs, option="--sort")
            rows = ranked(runs, by=by, ascending=ascending, most=most)
            return cls(title, runs, rows, by, single, num_more=max(0, len(runs) - most))
        groups = group_table(runs)
        by = _known(f"{by}_mean" if f"{by}_mean" in groups else by, groups, runs, option="--sort")
        ordered = groups[by].sort_values(ascending=ascending, kind="stable")
        rows = groups.loc[ordered.index[:most]].reset_index(drop=True)
        return cls(title, runs, rows, by, single, num_more=len(groups) - len(rows))

    @property
    def has_completed(self) -> bool:
        return bool((self.runs["status"] == "completed").any())

    def page(self, title: str | None, names: list[str] | None, width: int | None) -> RenderableType:
        """By the width of the terminal."""
        if names:
            shown = TextTable(chosen_columns(self.rows, names))
        elif self.single:
            shown = leaderboard(self.rows, by=self.by, width=width)
        elif not len(self.rows):
            # Where nothing has completed there is no configuration with a number.
            runs = self.runs.head(MOST_LINES)
            shown = leaderboard(runs, by=headline_column(runs), width=width)
        else:
            shown = configuration_list(self.rows, self.runs, by=self.by, width=width)
        return shown if title is None else Group(text(title, "bold"), shown, "")

    def typeset(self, form: Callable[..., str], title: str | None, names: list[str] | None) -> str:
        """For a paper, where what did not complete has no number."""
        if self.single:
            rows = self.rows[self.rows["status"] == "completed"]
            shown, caption = columns_for_paper(rows, by=self.by), caption_of(rows, by=self.by)
        else:
            rows = self.rows
            shown, caption = configurations_for_paper(rows, self.runs, by=self.by)
        if names:
            shown = chosen_columns(rows, names)
        return form(shown, caption=caption if title is None else f"{title}. {caption}")


def _known(name: str, rows: pd.DataFrame, runs: pd.DataFrame, *, option: str) -> str:
    """The name of a column of the rows that are shown."""
    if name not in rows and name in runs:
        mean = f", or {name}_mean" if f"{name}_mean" in rows else ""
        raise InputError(
            f"{option} names {name}, of which each run has its own: give --runs, too{mean}."
        )
    return known_columns([name], rows, option=option)[0]


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


def _test_models(references: list[Path] | None, *, margin: float, as_json: bool) -> None:
    """Tests every pair of configurations for whether one of the two is better."""
    models = models_called([str(each) for each in references or ()], ROOTS)
    rows = compare_models(models, margin=margin)
    if as_json:
        return print_json(rows)
    print_section(comparison_section(rows))
