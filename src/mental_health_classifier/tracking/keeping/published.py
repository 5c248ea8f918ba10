"""A run as a folder for others: what decides and what is known of it, and nothing that recognises a
post."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from mental_health_classifier.contracts import InputError
from mental_health_classifier.storage.files import force_to_disk, read_content
from mental_health_classifier.storage.leftovers import lent_folder
from mental_health_classifier.tracking.record.attempts import latest_attempt
from mental_health_classifier.tracking.record.external_runs import require_model
from mental_health_classifier.tracking.record.record_check import read_recorded
from mental_health_classifier.tracking.record.run_summary import RunSummary
from mental_health_classifier.tracking.record.weight_files import ENSEMBLE

_ALWAYS = ("run.json", "data.json")
_FOLDERS = ("checkpoints/", "assessments/")
_NEVER = ("checkpoints/last.",)


def publish_run(run: RunSummary, folder: Path, pages: Mapping[str, str]) -> None:
    """Writes a new folder that `mhc predict --run` takes, which appears whole or not at all.

    Predictions, hashes that recognise posts, logs, source, notes of people, and what names the
    process stay behind. Every file is what the run left.

    Args:
        pages: further files by their path in the folder.

    Raises:
        InputError: the run did not complete, is an ensemble or has no model, a file was changed, or
            the folder exists.
    """
    if run.status != "completed":
        raise InputError(f"Run {run.id} is {run.status}: only a completed run is published.")
    require_model(run)
    if ENSEMBLE in run.configuration:
        raise InputError(
            f"Run {run.id} is an ensemble, whose members hold its weights: mhc export packs all of "
            "them into one file."
        )
    if os.path.lexists(folder):
        raise InputError(f"{folder} exists and is not overwritten. Name another folder.")
    with lent_folder(folder.absolute().parent) as prepared:
        for name, content in _files_of(run):
            _write(prepared / name, content)
        for name, page in pages.items():
            _write(prepared / name, page.encode())
        prepared.rename(folder.absolute())
    force_to_disk(folder.absolute().parent)


def _files_of(run: RunSummary) -> Iterator[tuple[str, bytes]]:
    for name in run.end.get("artefacts", {}):
        is_wanted = name in _ALWAYS or name.startswith(_FOLDERS)
        if is_wanted and not name.startswith(_NEVER):
            yield name, read_recorded(run, name)
    attempt = latest_attempt(run.directory)
    assert attempt is not None  # a completed run has an end
    yield f"attempts/{attempt.name}/end.json", read_content(attempt / "end.json")


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    force_to_disk(path)
