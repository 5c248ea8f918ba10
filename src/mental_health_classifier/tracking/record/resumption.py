"""Resuming a run that did not come to its end."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from mental_health_classifier.contracts import InputError
from mental_health_classifier.storage.files import refuse_special_files
from mental_health_classifier.tracking.provenance.git import read_git_state
from mental_health_classifier.tracking.provenance.source_files import PROJECT, read_source
from mental_health_classifier.tracking.record.attempts import Attempt, latest_attempt, why_unknown
from mental_health_classifier.tracking.record.interruption import StopSignals
from mental_health_classifier.tracking.record.run_record import RunRecord
from mental_health_classifier.tracking.record.run_summary import RunSummary, read_run

RESUMABLE = ("killed", "interrupted", "failed")
"""States of a run after which another attempt makes sense."""


def resumable_run(directory: Path) -> RunSummary:
    """A run that was killed, interrupted or failed.

    Raises:
        InputError: the run is completed, still running or damaged, or holds a link.
    """
    run = read_run(directory)
    if run.imported_from and run.status in RESUMABLE:
        raise InputError(
            f"Run {run.id} in {directory} was imported from {run.imported_from}. Go on with it "
            "where it began, and import it again."
        )
    if run.is_external and run.status in RESUMABLE:
        raise InputError(
            f"Run {run.id} in {directory} takes predictions that another program made, and trains "
            "nothing that could go on. Give mhc assess again, and delete this folder."
        )
    if run.status not in RESUMABLE:
        reasons = {
            "completed": "is completed, so there is nothing left to do.",
            "running": "is running. Stop its process first.",
            "pruned": "was ended by its search, so that there is nothing to go on with. The same "
            "overrides given to train.py train it to the end.",
            "damaged": f"is damaged: {' '.join(run.problems)}",
        }
        reason = reasons.get(run.status) or why_unknown(directory)
        raise InputError(f"Run {run.id} in {directory} {reason}")
    refuse_special_files(sorted(directory.rglob("*")))
    return run


def resumed_run(directory: Path) -> RunRecord:
    """Begins another attempt at a run.

    Raises:
        InputError: as `resumable_run`.
    """
    directory = directory.resolve()
    # Before the status is read: whoever begins another attempt meanwhile takes its number.
    latest = latest_attempt(directory)
    run = resumable_run(directory)
    source = read_source(read_git_state(PROJECT))
    signals = StopSignals(ending=RunRecord.__exit__)
    signals.install()
    signals.is_deferred = True
    assert latest is not None and run.id is not None
    try:
        attempt = Attempt.begin(
            directory,
            number=int(latest.name) + 1,
            facts={"git": asdict(source.git), "source": {"sha256": source.sha256}},
        )
    except FileExistsError:
        signals.restore()
        raise InputError(f"Run {run.id} was just resumed by another process.") from None
    except BaseException:  # a request to stop too: the handlers of before come back
        signals.restore()
        raise
    record = RunRecord(
        directory, run_id=run.id, git=source.git, attempt=attempt, signals=signals, is_resumed=True
    )
    try:
        signals.resume()
    except BaseException:  # stopped meanwhile: that is the end of this attempt
        with record:
            raise
    return record
