"""Whether a record still is what its run left behind."""

from __future__ import annotations

import os
from collections.abc import Mapping

from mental_health_classifier.contracts import InputError
from mental_health_classifier.tracking.files import sha256_of
from mental_health_classifier.tracking.run_summary import RunSummary


def changed_files(run: RunSummary) -> list[str]:
    """Files of a run that are gone or no longer have the SHA-256 that its end recorded."""
    artefacts = run.end.get("artefacts", {})
    if not isinstance(artefacts, Mapping):
        return ["the list of its files"]
    changed = []
    for name, facts in artefacts.items():
        path = run.directory / name
        sha256 = facts.get("sha256") if isinstance(facts, Mapping) else None
        # A path that no file can have (too long, with a null byte) is that of no file.
        if sha256 is None or not os.path.isfile(path) or sha256_of(path) != sha256:
            changed.append(name)
    return changed


def refuse_changes(run: RunSummary) -> None:
    """Makes sure that a record is as its run left it.

    Raises:
        InputError: files are gone or were changed.
    """
    changed = changed_files(run)
    if changed:
        raise InputError(
            f"The record of run {run.id} was changed after its end: {', '.join(changed[:10])}."
        )
