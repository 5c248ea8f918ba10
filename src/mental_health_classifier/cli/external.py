"""Commands for predictions of other programs: `assess` takes them in, `predictions` hands ours
out."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mental_health_classifier.analysis.model_card import write_model_card
from mental_health_classifier.analysis.pages.run_overview import run_overview
from mental_health_classifier.cli.arguments import (
    Encoding,
    LookedUpIn,
    Pairs,
    Run,
    existing,
    pairs,
    say,
)
from mental_health_classifier.console.tables import new_console
from mental_health_classifier.console.wording import count
from mental_health_classifier.contracts import InputError
from mental_health_classifier.contracts.folder_names import new_run_directory
from mental_health_classifier.storage.outputs import check_output, write_output
from mental_health_classifier.tracking.record.annotations import name_of_run
from mental_health_classifier.tracking.record.assessments import task_of
from mental_health_classifier.tracking.record.prediction_files import predictions_table
from mental_health_classifier.tracking.record.run_summary import read_run
from mental_health_classifier.tracking.run_index import ROOTS, resolve_run

NOBODY = "none"
"""For a priority class: that no class matters more than the others."""
_USUAL_PRIORITY = "suicide"


def assess(
    predictions: Annotated[
        Path, typer.Argument(help="A table with a row a post, or a language model's answers.")
    ],
    run: Annotated[
        str | None, typer.Option("--run", help="Of whose posts they are, and whose parts count.")
    ] = None,
    posts: Annotated[
        Path | None, typer.Option("--posts", help="Or a file of labelled posts that they are of.")
    ] = None,
    name: Annotated[
        str | None, typer.Option(help="What the model is called in tables: the file if not given.")
    ] = None,
    seed: Annotated[
        int | None, typer.Option(min=0, help="Where the same model has several: a run for each.")
    ] = None,
    prompt: Annotated[
        str, typer.Option(help="Of a language model: other questions are another configuration.")
    ] = "",
    tag: Annotated[list[str] | None, typer.Option(help="Can be given several times.")] = None,
    column: Pairs = None,
    label: Pairs = None,
    posts_column: Pairs = None,
    priority: Annotated[
        str | None, typer.Option(help="With --posts: the class whose misses cost most, or none.")
    ] = None,
    refer_missing: Annotated[
        bool,
        typer.Option("--refer-missing", help="Posts without a row are for a person to read."),
    ] = False,
    encoding: Encoding = None,
    root: LookedUpIn = None,
) -> None:
    """Judges predictions of another program, as a run of its own.

    Which post a row is of is said by a column post (the keyed hash of mhc predictions), id or text,
    never by the order. Columns p_suicide, p_anxiety, ... hold probabilities, score_suicide, ...
    scores, and a column prediction bare classes. --column p_suicide=NAME and --column id=NAME say
    which columns are meant, --label SPELLING=CLASS which class a spelling is. A column part says
    val, calibration or test, where neither the run nor the posts do.
    """
    # With pandas, which takes half a second to import: not for the help.
    from mental_health_classifier.assessment.external_run import (
        record_beside_run,
        record_on_posts,
    )
    from mental_health_classifier.data.foreign.model_answers import are_answers, read_answers
    from mental_health_classifier.data.foreign.prediction_tables import read_foreign_predictions
    from mental_health_classifier.data.preparing.labelled_posts import read_labelled_posts
    from mental_health_classifier.data.reading.column_guess import survey_columns
    from mental_health_classifier.data.reading.tables import NO_COLUMN

    if (run is None) == (posts is None):
        both = "" if run is None else " Both were given: they are of one or the other."
        raise InputError(
            f"Give --run, whose posts they are of, or --posts with a file of them.{both}"
        )
    if not predictions.is_file():
        raise InputError(f"{predictions} is not a file. Give a table of predictions.")
    spellings = pairs(label, option="--label")
    called = name_of_run(name or predictions.name.partition(".")[0])
    directory = new_run_directory(ROOTS[0], called)
    asked = {"name": called, "seed": seed, "tags": tag or ()}
    asked["prompt"] = prompt and name_of_run(prompt)
    columns = pairs(column, option="--column")
    if run is not None:
        if posts_column or priority:
            raise InputError("--posts-column and --priority go with --posts: a run says both.")
        beside = resolve_run(run, existing(root))
        if are_answers(predictions):
            if columns:
                raise InputError("--column is for tables: answers of language models have none.")
            found, model = read_answers(
                predictions, task_of(beside), labels=spellings, refers_missing=refer_missing
            )
            asked["name"] = called if name or not model else name_of_run(model)
        else:
            found = read_foreign_predictions(
                predictions, task_of(beside), columns=columns, labels=spellings, encoding=encoding
            )
        record_beside_run(found, beside, directory, refers_missing=refer_missing, **asked)
    else:
        assert posts is not None
        if are_answers(predictions):
            raise InputError(
                f"{predictions.name} holds answers to questions about the posts of a run: say of "
                "which, --run RUN."
            )
        given = pairs(posts_column, option="--posts-column")
        guessed = survey_columns(str(posts), given)
        others = {
            role: [] if column_name == NO_COLUMN else column_name
            for role, column_name in given.items()
            if role not in guessed.found
        }
        read = read_labelled_posts(
            posts,
            columns={role: each.column for role, each in guessed.found.items()} | others,
            labels=spellings or None,
            priority_class=None if priority == NOBODY else priority or _USUAL_PRIORITY,
        )
        found = read_foreign_predictions(
            predictions, read.corpus.task, columns=columns, labels=spellings, encoding=encoding
        )
        record_on_posts(found, read, directory, refers_missing=refer_missing, **asked)
    write_model_card(made := read_run(directory))
    new_console().print(run_overview(made))


def predictions(
    run: Run,
    output: Annotated[Path, typer.Option("--output", help="A new CSV file.")],
    part: Annotated[
        list[str] | None, typer.Option(help="val, calibration, test: all of them if not given.")
    ] = None,
    yardstick: Annotated[
        bool, typer.Option("--yardstick", help="What the run's yardstick said instead.")
    ] = False,
    ids: Annotated[
        bool, typer.Option("--ids", help="Add the posts' own ids; reads the posts again.")
    ] = False,
    root: LookedUpIn = None,
) -> None:
    """Writes what a run's model said of its posts into a CSV file.

    Each row has the keyed hash of its post, its part, its label and p_CLASS of each class. mhc
    assess reads the file back, and so does any other program.
    """
    # With NumPy, which the help does without.
    from mental_health_classifier.assessment.external_run import said_by_run

    check_output(output)
    found = resolve_run(run, existing(root))
    said, names = said_by_run(found, part or (), of_yardstick=yardstick, with_ids=ids)
    write_output(output, predictions_table(said, names))
    say(f"{count(sum(map(len, said)), 'row')} in {output}, which holds no text.")
