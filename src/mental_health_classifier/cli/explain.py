"""The command `explain`: why a model says what it says."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mental_health_classifier.analysis.pages.explained_text import explained_page
from mental_health_classifier.analysis.pages.sections import print_section
from mental_health_classifier.analysis.sections.assessments import explanations
from mental_health_classifier.cli.arguments import (
    AsJson,
    Encoding,
    LookedUpIn,
    Pairs,
    Run,
    columns_of,
    existing,
    print_json,
    say,
)
from mental_health_classifier.console.tables import new_console
from mental_health_classifier.console.wording import number
from mental_health_classifier.contracts import InputError
from mental_health_classifier.storage.outputs import check_output, write_output
from mental_health_classifier.tracking.record.assessments import read_assessment
from mental_health_classifier.tracking.run_index import resolve_run


def explain(
    run: Run,
    text: Annotated[str | None, typer.Option(help="Explain this post.")] = None,
    file: Annotated[
        Path | None, typer.Option(help="Explain a post of this file, with --row.")
    ] = None,
    row: Annotated[
        int | None, typer.Option(min=2, help="Its row; the header is the first.")
    ] = None,
    column: Pairs = None,
    encoding: Encoding = None,
    class_name: Annotated[
        str | None, typer.Option("--class", help="The class to explain: else the priority class.")
    ] = None,
    html: Annotated[
        Path | None, typer.Option(help="Write that post, in colour, to this new file.")
    ] = None,
    posts: Annotated[
        int, typer.Option(min=2, help="Without a post: so many of the test part.")
    ] = 500,
    seed: Annotated[int, typer.Option(min=0, help="Of that draw.")] = 0,
    cues: Annotated[
        str | None, typer.Option(help="Column of the run's corpus that marks reasons, START:END.")
    ] = None,
    root: LookedUpIn = None,
    as_json: AsJson = False,
) -> None:
    """Explains one post, or measures how faithful explanations are.

    Of a post: whether it is alerted and by what, and what each of its words adds. The measured
    numbers are stored with the run and appear in tables; a post is only shown.
    """
    if (file is None) != (row is None) or (text is not None and file is not None):
        raise InputError("Give --text, or --file with --row, or none of them.")
    if text is None and file is None:
        if html is not None or class_name is not None:
            raise InputError("--html and --class are about one post: give --text, or --file.")
        return _measure(run, existing(root), posts=posts, seed=seed, cues=cues, as_json=as_json)
    if html is not None:
        check_output(html, option="--html")
    # Torch takes seconds to import: not before it is known what to explain.
    from mental_health_classifier.explanation.post_explanation import explain_texts, post_in_row

    found = resolve_run(run, existing(root))
    if file is not None and row is not None:
        columns = columns_of(found, file, column, with_label=False, encoding=encoding)
        text = post_in_row(file, row, columns=columns)
    assert text is not None
    (explained,) = explain_texts(found, [text], class_name=class_name)
    if html is not None:
        worth = read_assessment(found.directory, "explain")
        page = explained_page(
            explained, run_id=found.id, worth=None if worth is None else explanations(worth)
        )
        write_output(html, page, option="--html")
        return say(f"See {html}. It holds the text of the post: keep it as you keep the posts.")
    if as_json:
        return print_json(
            [
                {
                    "decided": None if explained.decided is None else explained.decided._asdict(),
                    "class": explained.class_name,
                    "probabilities": dict(explained.probabilities),
                    "places": explained.places.tolist(),
                    "attributions": explained.attributions.round(4).tolist(),
                }
            ]
        )
    new_console().print(explained)
    name = explained.class_name
    say(
        f"Probability of {name}: {number(explained.probabilities[name])}. A model's reasons are no "
        "evidence of why a person is unwell."
    )


def _measure(
    run: str, roots: list[Path], *, posts: int, seed: int, cues: str | None, as_json: bool
) -> None:
    from mental_health_classifier.explanation.run_explanation import explain_run

    assessment = explain_run(resolve_run(run, roots), num_posts=posts, seed=seed, cues=cues)
    if as_json:
        return print_json([assessment])
    print_section(explanations(assessment))
