"""Commands that say what a run's predictions are worth: `evaluate`, `certify`.

What needs pandas is imported for posts from elsewhere alone: a record is evaluated without.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from mental_health_classifier.analysis.pages.sections import print_section
from mental_health_classifier.analysis.sections.assessments import groups
from mental_health_classifier.analysis.sections.certificate import certificate
from mental_health_classifier.analysis.sections.performance import evaluation as numbers_of
from mental_health_classifier.assessment.recorded_runs import certify_run, evaluate_run
from mental_health_classifier.cli.arguments import (
    AsJson,
    Encoding,
    LookedUpIn,
    Pairs,
    Run,
    columns_of,
    existing,
    pairs,
    print_json,
    say,
)
from mental_health_classifier.console.wording import count
from mental_health_classifier.data.reading.account import reason_lines
from mental_health_classifier.tracking.record.assessments import write_assessment
from mental_health_classifier.tracking.run_index import resolve_run


def evaluate(
    run: Run,
    posts: Annotated[
        Path | None, typer.Argument(help="Labelled posts from elsewhere: external validation.")
    ] = None,
    root: LookedUpIn = None,
    column: Pairs = None,
    encoding: Encoding = None,
    label: Pairs = None,
    bootstrap_draws: Annotated[int | None, typer.Option(help="Instead of the run's own.")] = None,
    as_json: AsJson = False,
) -> None:
    """Works out a run's numbers again, or on posts from elsewhere.

    --column text=body says which column holds what, --label SI=suicide which class a spelling is.
    """
    found = resolve_run(run, existing(root))
    if posts is None:
        name = "evaluate"

        evaluation, of_groups = evaluate_run(found, bootstrap_draws=bootstrap_draws)
        about = {"groups": of_groups}
    else:
        from mental_health_classifier.assessment.external_validation import evaluate_elsewhere

        evaluation, about = evaluate_elsewhere(
            found,
            posts,
            columns=columns_of(found, posts, column, with_label=True, encoding=encoding),
            labels=pairs(label, option="--label") or None,
            bootstrap_draws=bootstrap_draws,
        )
        name = f"evaluate-{about['fingerprint'][:12]}"
        _say_what_became_of(about["account"])
    numbers = {"metrics": evaluation.metrics, "intervals": evaluation.intervals}
    write_assessment(found.directory, name, {**about, **numbers})
    if as_json:
        print_json([{**about, **numbers}])
    else:
        print_section(numbers_of(evaluation.metrics, evaluation.intervals))
        print_section(groups(about["groups"]))


def certify(
    run: Run,
    posts: Annotated[
        Path | None, typer.Argument(help="Labelled posts like those to be judged, from elsewhere.")
    ] = None,
    recall: Annotated[
        float | None, typer.Option(help="Required recall of the priority class.")
    ] = None,
    confidence: Annotated[
        float | None, typer.Option(help="In which share of samples the promise is kept.")
    ] = None,
    among: Annotated[
        int | None,
        typer.Option(min=1, help="Models on these posts that the run is chosen from."),
    ] = None,
    root: LookedUpIn = None,
    column: Pairs = None,
    encoding: Encoding = None,
    label: Pairs = None,
    as_json: AsJson = False,
) -> None:
    """Says which recall of the priority class can be promised.

    Where none can, it says why. --among 20 promises it for whichever of 20 models is taken. With
    posts, the promise is made for posts like those. --column text=body says which column holds
    what, --label SI=suicide which class a spelling is.
    """
    found = resolve_run(run, existing(root))
    asked = {"required_recall": recall, "confidence": confidence}
    if posts is None:
        promise = certify_run(found, **asked, looked_at=among)
    else:
        from mental_health_classifier.assessment.external_validation import certify_elsewhere

        promise, name = certify_elsewhere(
            found,
            posts,
            columns=columns_of(found, posts, column, with_label=True, encoding=encoding),
            labels=pairs(label, option="--label") or None,
            **asked,
        )
        _say_what_became_of(promise["posts"]["account"])
        if promise["is_certified"]:
            say(f"To decide by it: mhc predict --run {found.id} --certificate {name} ...")
    if as_json:
        print_json([promise])
    else:
        print_section(certificate(promise))
    if not promise["is_certified"]:
        raise typer.Exit(1)


def _say_what_became_of(account: Mapping[str, Any]) -> None:
    """Counts the rows of a file that were left out, or kept with something to be said of them."""
    say(f"{count(account['rows_read'], 'row')} read, {account['rows_kept']:,} kept")
    for line in reason_lines({"left out": account["dropped"], "noted": account["noted"]}):
        say(line)
