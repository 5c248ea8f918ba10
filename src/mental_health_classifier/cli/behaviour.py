"""Commands that ask a run's model about other texts: `behaviour`, `shortcuts`."""

from __future__ import annotations

from typing import Annotated

import typer

from mental_health_classifier.analysis.pages.sections import print_section
from mental_health_classifier.analysis.sections import assessments as sections
from mental_health_classifier.assessment.behaviour import behaviour_of_run
from mental_health_classifier.cli.arguments import (
    AsJson,
    LookedUpIn,
    Run,
    existing,
    print_json,
    say,
)
from mental_health_classifier.console.progress import showing
from mental_health_classifier.contracts.decimals import exact_decimals
from mental_health_classifier.tracking.run_index import resolve_run


def behaviour(run: Run, root: LookedUpIn = None, as_json: AsJson = False) -> None:
    """Tries a model on sentences that any model should get right.

    Negation, idiom, typos, identities swapped: misses and false alarms of each.
    """
    found = behaviour_of_run(resolve_run(run, existing(root)))
    if as_json:
        print_json([found])
    else:
        print_section(sections.behaviour(found))
        kind = "certified" if found["is_certified"] else "uncertified, operating point's"
        say(f"Alerts begin at the {kind} threshold {exact_decimals(found['threshold'])}.")


def shortcuts(
    run: Run,
    root: LookedUpIn = None,
    random_split: Annotated[
        bool,
        typer.Option("--random-split", help="Also fit the yardstick on a split at random."),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Says how much of a run's score is single words.

    And how much is the name of the label itself; and how well words tell the community of a post,
    where data.columns.source names it.
    """
    # Scikit-learn takes a second to import: not for the help.
    from mental_health_classifier.assessment.shortcuts import shortcuts_of_run

    with showing("Looking for shortcuts"):
        found = shortcuts_of_run(resolve_run(run, existing(root)), with_random_split=random_split)
    if as_json:
        return print_json([found])
    print_section(sections.shortcuts(found))
