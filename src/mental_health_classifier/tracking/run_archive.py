"""A run as one file that can be handed over."""

from __future__ import annotations

import secrets
import shutil
from pathlib import Path

from mental_health_classifier.contracts import InputError
from mental_health_classifier.tracking.archives import pack, unpack
from mental_health_classifier.tracking.attempts import (
    declare_gone,
    latest_attempt,
    why_unknown,
)
from mental_health_classifier.tracking.ensemble_members import (
    check_carried_members,
    members_to_carry,
)
from mental_health_classifier.tracking.files import TEMPORARY_PREFIX
from mental_health_classifier.tracking.record_check import refuse_changes
from mental_health_classifier.tracking.run_directories import folder_name
from mental_health_classifier.tracking.run_summary import RunSummary, read_run


def export_run(run: RunSummary, archive: Path) -> None:
    """Packs a run's directory; an ensemble brings its members along in it.

    Raises:
        InputError: the run may still be written, its record or that of a member was changed, or the
            archive exists.
    """
    if run.status == "running":
        raise InputError(f"Run {run.id} is running; wait for its end.")
    if run.status == "unknown":
        raise InputError(f"Run {run.id} {why_unknown(run.directory)}")
    refuse_changes(run)
    pack(run.directory, archive, inside=members_to_carry(run))


def import_run(archive: Path, root: Path) -> RunSummary:
    """Unpacks a run below `root`, after checking it against its own checksums. Nothing of it runs.

    Raises:
        InputError: the archive holds no run, was changed, or the run is there already.
    """
    prepared = root / f"{TEMPORARY_PREFIX}{secrets.token_hex(8)}"
    try:
        unpack(archive, prepared)
        run = read_run(prepared)
        if run.id is None:
            raise InputError(f"{archive} holds no run: {' '.join(run.problems)}")
        refuse_changes(run)
        check_carried_members(run)
        attempt = latest_attempt(prepared)
        if attempt is not None and not (attempt / "end.json").exists():
            # Whatever it says of its process: nobody writes into this copy.
            declare_gone(attempt)
        destination = root / "imported" / folder_name(f"{run.name}-{run.id}")
        if destination.exists():
            raise InputError(f"Run {run.id} was imported before, into {destination}.")
        destination.parent.mkdir(parents=True, exist_ok=True)
        prepared.rename(destination)
    finally:
        shutil.rmtree(prepared, ignore_errors=True)
    return read_run(destination)
