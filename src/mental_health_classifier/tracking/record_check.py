"""Whether a record still is what its run left behind."""

from __future__ import annotations

import os

from mental_health_classifier.contracts import InputError
from mental_health_classifier.tracking.files import sha256_of
from mental_health_classifier.tracking.run_summary import RunSummary
from mental_health_classifier.tracking.shapes import mapping, optional, record, relative_path, text

_ARTEFACTS = mapping(record(needed={"sha256": optional(text)}), keys=relative_path)


def changed_files(run: RunSummary) -> list[str]:
    """Files of a run that are gone or no longer have the SHA-256 that its end recorded.

    Raises:
        InputError: what the end recorded are no checksums of files of the run.
    """
    artefacts = run.end.get("artefacts", {})
    if _ARTEFACTS(artefacts) is not None:
        raise InputError(
            f"{run.directory} is damaged: the artefacts of its end.json are no checksums of files "
            "below it. Restore it from a copy."
        )
    changed = []
    for name, facts in artefacts.items():
        path = run.directory / name
        try:
            # A path that no file can have (too long, for one) is that of no file.
            is_whole = os.path.isfile(path) and sha256_of(path) == facts["sha256"]
        except OSError:
            is_whole = False
        if not is_whole:
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
