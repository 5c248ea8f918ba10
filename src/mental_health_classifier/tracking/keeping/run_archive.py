"""Export and import of a run as one archive."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from mental_health_classifier.contracts import InputError
from mental_health_classifier.contracts.folder_names import folder_name
from mental_health_classifier.storage.archives import DEFAULT_LIMITS, Limits, pack, unpack
from mental_health_classifier.storage.leftovers import lent_folder, take_place
from mental_health_classifier.tracking.keeping.research_object import METADATA, research_object
from mental_health_classifier.tracking.record.attempts import (
    declare_gone,
    latest_attempt,
    why_unknown,
)
from mental_health_classifier.tracking.record.ensemble_members import (
    check_carried_members,
    members_to_carry,
)
from mental_health_classifier.tracking.record.record_check import refuse_changes
from mental_health_classifier.tracking.record.run_summary import RunSummary, read_run


def export_run(run: RunSummary, archive: Path) -> None:
    """Packs a run's directory with RO-Crate metadata; an ensemble brings its members along in it.

    Raises:
        InputError: the run may still be written, its record or that of a member was changed, or the
            archive exists.
    """
    if run.status == "running":
        raise InputError(f"Run {run.id} is running; wait for its end.")
    if run.status == "unknown":
        raise InputError(f"Run {run.id} {why_unknown(run.directory)}")
    refuse_changes(run)
    with tempfile.TemporaryDirectory() as folder:
        metadata = Path(folder, METADATA)
        metadata.write_text(research_object(run), encoding="utf-8")
        is_free = not os.path.lexists(run.directory / METADATA)
        described = {METADATA: metadata} if is_free else {}
        pack(run.directory, archive, inside={**described, **members_to_carry(run)})


def import_run(archive: Path, root: Path, limits: Limits = DEFAULT_LIMITS) -> RunSummary:
    """Unpacks a run below `root`, after checking it against its own checksums. Nothing of it runs.

    Raises:
        InputError: the archive is refused (see `unpack`), holds no run or one that was changed, or
            the run was imported before.
    """
    with lent_folder(root) as lent:
        prepared = lent / "run"
        unpack(archive, prepared, limits)
        run = read_run(prepared)
        if run.id is None or run.problems:
            problems = " ".join(run.problems).replace(str(prepared), "its folder")
            raise InputError(f"{archive} holds no run that is whole: {problems}")
        refuse_changes(run)
        if (prepared / METADATA).is_file():
            # Derived from the record, which is checked; whoever packs the run writes it anew.
            (prepared / METADATA).unlink()
        check_carried_members(run)
        attempt = latest_attempt(prepared)
        if attempt is not None and not (attempt / "end.json").exists():
            # Whatever it says of its process: nobody writes into this copy.
            declare_gone(attempt)
        # The id apart, so that no name is so long that it takes the place of it.
        destination = root / "imported" / f"{folder_name(run.recorded_name)}-{run.id}"
        if not take_place(prepared, destination):
            raise InputError(f"Run {run.id} was imported before, into {destination}.")
    return read_run(destination)
