"""Commands of `mhc` about what a model is worth."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mental_health_classifier.cli.arguments import (
    ROOTS,
    AsJson,
    LookedUpIn,
    Pairs,
    Run,
    chosen_columns,
    existing,
    pairs,
    print_json,
    say,
)
from mental_health_classifier.contracts import InputError

if TYPE_CHECKING:
    pass

commands = typer.Typer()


@commands.command("evaluate")
def show_evaluation(
    run: Run,
    posts: Annotated[
        Path | None, typer.Argument(help="Labelled posts from elsewhere: external validation.")
    ] = None,
    root: LookedUpIn = None,
    column: Pairs = None,
    label: Pairs = None,
    bootstrap_draws: Annotated[int | None, typer.Option(help="Instead of the run's own.")] = None,
    as_json: AsJson = False,
) -> None:
    """Works out a run's numbers again, or judges labelled posts from elsewhere with its model.

    --column text=body says which column holds what, --label SI=suicide which class a spelling is.
    """
    from mental_health_classifier.analysis.pages.evaluation_page import evaluation_table
    from mental_health_classifier.analysis.pages.groups import group_notes, groups_table
    from mental_health_classifier.console.tables import print_table
    from mental_health_classifier.tracking.record.assessments import write_assessment
    from mental_health_classifier.tracking.run_index import resolve_run

    found = resolve_run(run, existing(root))
    if posts is None:
        name = "evaluate"
        from mental_health_classifier.assessment.recorded_runs import evaluate_run

        evaluation, groups = evaluate_run(found, bootstrap_draws=bootstrap_draws)
        about = {"groups": groups}
    else:
        from mental_health_classifier.assessment.external_validation import evaluate_elsewhere
        from mental_health_classifier.data.reading.posts_to_judge import ROLES_WITH_LABEL

        evaluation, about = evaluate_elsewhere(
            found,
            posts,
            columns=chosen_columns(found, posts, column, roles=ROLES_WITH_LABEL),
            labels=pairs(label, option="--label") or None,
            bootstrap_draws=bootstrap_draws,
        )
        name = f"evaluate-{about['fingerprint'][:12]}"
        for reason, dropped in about["account"]["dropped"].items():
            say(f"Left out: {dropped['rows']:,}, {reason} ({', '.join(dropped['first'])})")
    numbers = {"metrics": evaluation.metrics, "intervals": evaluation.intervals}
    write_assessment(found.directory, name, {**about, **numbers})
    if as_json:
        print_json([{**about, **numbers}])
    else:
        print_table(lambda _width: evaluation_table(evaluation.metrics, evaluation.intervals))
        if about["groups"]["groups"]:
            print_table(lambda _width: groups_table(about["groups"]))
            for note in group_notes(about["groups"]):
                say(note)


@commands.command()
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
    root: LookedUpIn = None,
    column: Pairs = None,
    label: Pairs = None,
    as_json: AsJson = False,
) -> None:
    """Says which recall of the priority class can be promised, at which threshold, or why none.

    With posts, the promise is made for posts like those. --column text=body says which column holds
    what, --label SI=suicide which class a spelling is.
    """
    from mental_health_classifier.analysis.pages.certificate import certificate_sentences
    from mental_health_classifier.tracking.run_index import resolve_run

    found = resolve_run(run, existing(root))
    asked = {"required_recall": recall, "confidence": confidence}
    if posts is None:
        from mental_health_classifier.assessment.recorded_runs import certify_run

        certificate = certify_run(found, **asked)
    else:
        from mental_health_classifier.assessment.external_validation import certify_elsewhere
        from mental_health_classifier.data.reading.posts_to_judge import ROLES_WITH_LABEL

        certificate, name = certify_elsewhere(
            found,
            posts,
            columns=chosen_columns(found, posts, column, roles=ROLES_WITH_LABEL),
            labels=pairs(label, option="--label") or None,
            **asked,
        )
        if certificate["is_certified"]:
            say(f"To decide by it: mhc predict --run {found.id} --certificate {name} ...")
    if as_json:
        print_json([certificate])
    else:
        for sentence in certificate_sentences(certificate):
            typer.echo(sentence)
    if not certificate["is_certified"]:
        raise typer.Exit(1)


def test_models(references: list[Path] | None, *, as_json: bool) -> None:
    """`mhc compare --test`: every pair of models, and whether one of the two is better."""
    from mental_health_classifier.analysis.tables.model_comparison import (
        compare_models,
        comparison_table,
        models_called,
    )
    from mental_health_classifier.console.tables import print_table

    rows = compare_models(models_called([str(each) for each in references or ()], ROOTS))
    if as_json:
        return print_json(rows)
    print_table(lambda _width: comparison_table(rows))
    say(
        f"Difference in {rows[0]['metric']} on {rows[0]['n']} test posts, with intervals for "
        f"{len(rows)} comparisons. A tie: no difference that other authors, or other seeds, could "
        "not have made."
    )


@commands.command("behaviour")
def show_behaviour(run: Run, root: LookedUpIn = None, as_json: AsJson = False) -> None:
    """Tries a run's model on sentences that any model should get right: negation, idiom, typos."""
    from mental_health_classifier.analysis.pages.behaviour import behaviour_table, seen_texts
    from mental_health_classifier.assessment.recorded_runs import behaviour_of_run
    from mental_health_classifier.console.tables import print_table
    from mental_health_classifier.tracking.run_index import resolve_run

    behaviour = behaviour_of_run(resolve_run(run, existing(root)))
    if as_json:
        print_json([behaviour])
    else:
        print_table(lambda _width: behaviour_table(behaviour))
        if behaviour["texts_seen"]:
            say(f"Warning: {seen_texts(behaviour)}")
        kind = "certified" if behaviour["is_certified"] else "uncertified, operating point's"
        say(f"Alerts begin at the {kind} threshold {behaviour['threshold']:g}.")


@commands.command("ensemble")
def make_ensemble(
    runs: Annotated[
        list[str] | None, typer.Argument(help="Members: two runs or more on the same parts.")
    ] = None,
    best: Annotated[
        int | None, typer.Option(min=2, help="So many of the best runs by the headline on val.")
    ] = None,
    name: Annotated[str, typer.Option(help="What it is called in tables.")] = "ensemble",
    combine: Annotated[
        str,
        typer.Option(
            help="mean, max, noisy_or or vote. Compare at equal specificity: mhc compare."
        ),
    ] = "mean",
    root: LookedUpIn = None,
) -> None:
    """Makes one model of several runs, calibrated and certified as a whole: a run of its own."""
    from mental_health_classifier.analysis.pages.run_overview import run_overview
    from mental_health_classifier.assessment.ensemble import best_members, record_ensemble
    from mental_health_classifier.console.tables import new_console
    from mental_health_classifier.storage.folder_names import new_run_directory
    from mental_health_classifier.tracking.record.run_summary import read_run
    from mental_health_classifier.tracking.run_index import find_runs, resolve_run

    if (best is None) == (not runs):
        raise InputError("Give the members, or --best with their number.")
    if best is None:
        members = [resolve_run(each, existing(root)) for each in runs or ()]
    else:
        members = best_members(find_runs(existing(root)), number=best)
    directory = new_run_directory(ROOTS[0], "ensemble")
    record_ensemble(members, directory, name=name, way=combine)
    new_console().print(run_overview(read_run(directory)))


@commands.command("shortcuts")
def show_shortcuts(
    run: Run,
    root: LookedUpIn = None,
    random_split: Annotated[
        bool,
        typer.Option("--random-split", help="Also fit the yardstick on a split at random."),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Says how much of a run's score is single words, or the name of the label itself.

    And how well words tell the community of a post, where data.columns.source names it.
    """
    from mental_health_classifier.analysis.pages.shortcuts import warnings_of
    from mental_health_classifier.assessment.recorded_runs import shortcuts_of_run
    from mental_health_classifier.console.progress import showing
    from mental_health_classifier.tracking.run_index import resolve_run

    with showing("Looking for shortcuts"):
        found = shortcuts_of_run(resolve_run(run, existing(root)), with_random_split=random_split)
    if as_json:
        return print_json([found])
    for key, value in found.items():
        typer.echo(f"{key}: {value}")
    for warning in warnings_of(found):
        say(f"Warning: {warning}")


@commands.command()
def card(run: Run, root: LookedUpIn = None) -> None:
    """Writes a run's model card anew, with everything that was assessed since, and prints it."""
    from mental_health_classifier.analysis.model_card import FILE, write_model_card
    from mental_health_classifier.tracking.run_index import resolve_run

    found = resolve_run(run, existing(root))
    write_model_card(found)
    typer.echo((found.directory / FILE).read_text(encoding="utf-8"), nl=False)
