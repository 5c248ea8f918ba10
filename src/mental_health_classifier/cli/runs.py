"""Commands that list and compare records: `runs`, `best`, `diff`. They import no NumPy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Annotated, Any, get_args

import typer
from rich.console import Group, RenderableType

from mental_health_classifier.analysis.pages.best_list import best_list
from mental_health_classifier.analysis.pages.run_list import row_of, run_list
from mental_health_classifier.analysis.sections.pieces import plain
from mental_health_classifier.analysis.tables.run_difference import difference_page, run_difference
from mental_health_classifier.analysis.tables.run_facts import facts_of
from mental_health_classifier.analysis.tables.run_names import names_by_hash
from mental_health_classifier.cli.arguments import (
    AsJson,
    LookedUpIn,
    Roots,
    Run,
    Tagged,
    WithArchived,
    existing,
    found_runs,
    print_json,
    say,
)
from mental_health_classifier.console.tables import new_console, print_table, text
from mental_health_classifier.console.wording import count, printable
from mental_health_classifier.contracts import InputError
from mental_health_classifier.tracking.record.run_summary import RunSummary, Status, read_run
from mental_health_classifier.tracking.run_index import resolve_run
from mental_health_classifier.tracking.selection.best_models import best_by_corpus


def runs(
    roots: Roots = None,
    status: Annotated[
        str | None, typer.Option(help="Only those that are completed, failed, killed, ...")
    ] = None,
    tag: Tagged = None,
    archived: WithArchived = False,
    as_json: AsJson = False,
) -> None:
    """Lists runs, newest first, whatever became of them."""
    if status is not None and status not in get_args(Status):
        raise InputError(f"--status={status}: expected one of {', '.join(get_args(Status))}.")
    rows = [
        row_of(run)
        for run in found_runs(roots, as_list=True, with_archived=archived)
        if status in (None, run.status) and all(each in run.tags for each in tag or ())
    ]
    if as_json:
        print_json(rows)
    elif rows:
        print_table(lambda width: run_list(rows, width=width))


def diff(a: Run, b: Run, root: LookedUpIn = None, as_json: AsJson = False) -> None:
    """Shows how two runs differ, in settings and in numbers."""
    run_a, run_b = (resolve_run(reference, existing(root)) for reference in (a, b))
    if as_json:
        print_json(run_difference(run_a, run_b))
    else:
        new_console().print(difference_page(run_a, run_b))


def best(
    roots: Roots = None,
    where: Annotated[
        str | None, typer.Option(help="Only runs like 'final_accuracy > 0.85 and seed == 1'.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Names the best models, chosen on val and reported on test.

    Of each corpus its own; where there is none, it says why.
    """
    found = found_runs(roots, with_archived=True)
    if where is not None:
        # With pandas, which takes a second to import.
        from mental_health_classifier.analysis.tables.run_filter import runs_like

        found = runs_like(found, where)
    by_corpus = best_by_corpus(found)
    visible = [run for run in found if not run.is_archived]
    if archived := len(found) - len(visible):
        say(
            f"{count(archived, 'archived run')}: none is chosen, though each counts among those "
            "that were looked at. mhc archive RUN --undo lets one be chosen again."
        )
    for best in by_corpus:
        known: dict[str, dict[str, Any]] = {}
        for entry in best.values():
            # Headings often name one run.
            if entry["run"] not in known:
                known[entry["run"]] = _worth(entry, visible)
            worth = known[entry["run"]]
            # Warnings are of a heading: each has its own number and its own runner-up.
            entry |= {**worth, "warnings": [*entry["warnings"], *worth["warnings"]]}
    if as_json:
        rows = (each for best in by_corpus for each in best.items())
        return print_json([{"best": heading, **entry} for heading, entry in rows])
    if any(run.fold is not None for run in found):
        say("A fold has a best of its own, which says little. All folds together: mhc folds")
    names = names_by_hash([facts_of(run) for run in found], shown=str)
    for best in by_corpus:
        print_table(partial(_best_page, best, names, has_title=len(by_corpus) > 1))


def _worth(entry: Mapping[str, Any], runs: Sequence[RunSummary]) -> dict[str, Any]:
    """What can be promised of the best run, chosen among so many, or why not, and the verdict on
    its configuration."""
    # With NumPy, which only these need.
    from mental_health_classifier.analysis.tables.standing import standing_of_run
    from mental_health_classifier.assessment.recorded_runs import certificate_if_chosen

    if entry["run"] is None:
        return {"certificate": None, "warnings": [], "verdicts": []}
    run, certificate = read_run(Path(entry["directory"])), None
    warnings: list[str] = []
    try:
        certificate = certificate_if_chosen(run, looked_at=entry["looked_at"])
    except (InputError, OSError) as error:
        warnings.append(f"No certificate: {str(error).rstrip('.')}.")
    verdicts = map(plain, standing_of_run(run, runs).sentences)
    return {"certificate": certificate, "warnings": warnings, "verdicts": list(verdicts)}


def _best_page(
    best: Mapping[str, Mapping[str, Any]],
    names: Mapping[str, str],
    width: int | None,
    *,
    has_title: bool,
) -> RenderableType:
    entry = next(iter(best.values()))
    if not has_title:
        return best_list(best, names, width=width)
    title = (
        f"{printable(entry['posts_called'])}, parts {entry['parts_fingerprint']}, priority class: "
        f"{printable(entry['priority_class'] or 'none')}"
    )
    return Group(text(title, "bold"), best_list(best, names, width=width), "")
