"""The command `folds`: what a configuration reaches over all folds of its posts."""

from __future__ import annotations

from mental_health_classifier.analysis.pages.sections import print_section
from mental_health_classifier.analysis.tables.fold_pools import fold_pools, fold_section
from mental_health_classifier.cli.arguments import (
    AsJson,
    Roots,
    WithArchived,
    found_runs,
    print_json,
)
from mental_health_classifier.contracts import InputError


def folds(roots: Roots = None, archived: WithArchived = False, as_json: AsJson = False) -> None:
    """Pools the runs of a cross-validation: each post counts once.

    Runs of different folds are tested on different posts, so no other command compares them.
    """
    entries = fold_pools(found_runs(roots, with_archived=archived))
    if not entries:
        raise InputError(
            "No completed run was tested on a fold. python train.py -m sweep=folds "
            "model=baseline_micro trains on each."
        )
    if as_json:
        return print_json(entries)
    for entry in entries:
        print_section(fold_section(entry))
