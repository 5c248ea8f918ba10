"""Checksums of what a run leaves behind, and checks of its record against them."""

from __future__ import annotations

import hashlib
import os
import resource
import stat
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

from mental_health_classifier.contracts import InputError
from mental_health_classifier.storage.files import (
    MOST_BYTES,
    TEMPORARY_PREFIX,
    parse_json,
    read_content,
    sha256_of,
)
from mental_health_classifier.tracking.record.annotations import FILE as ANNOTATIONS
from mental_health_classifier.tracking.record.record_shape import ARTEFACTS
from mental_health_classifier.tracking.record.run_summary import RunSummary

OPEN_FOLDERS = frozenset({"attempts", "logs", "tensorboard"})
"""Folders of a run that are still being written when its end is, and so have no checksum."""


def artefacts_of(directory: Path) -> dict[str, dict[str, Any]]:
    """Size and SHA-256 of every file a run leaves behind, by path within its directory; what people
    say of it is none of them.

    A file that cannot be read has a SHA-256 of None: it must not keep the end from being written.
    """
    artefacts = {}
    for folder, subfolders, files in os.walk(directory):
        if Path(folder) == directory:
            subfolders[:] = [name for name in subfolders if name not in OPEN_FOLDERS]
            files = [name for name in files if name != ANNOTATIONS]
        for file in files:
            path = Path(folder, file)
            try:
                status = path.lstat()
            except FileNotFoundError:
                continue
            # A link's target is not the run's own.
            if stat.S_ISREG(status.st_mode) and not file.startswith(TEMPORARY_PREFIX):
                facts = {"bytes": status.st_size, "sha256": None}
                with suppress(OSError):
                    facts["sha256"] = sha256_of(path)
                artefacts[path.relative_to(directory).as_posix()] = facts
    return dict(sorted(artefacts.items()))


def changed_files(run: RunSummary) -> list[str]:
    """Files of a run that are gone or no longer have the SHA-256 that its end recorded.

    Raises:
        InputError: what the end recorded are no checksums of files of the run.
    """
    artefacts = run.end.get("artefacts", {})
    if ARTEFACTS.wrong_in(artefacts) is not None:
        raise InputError(
            f"{run.directory} is damaged: the artefacts of its end.json are no checksums of files "
            "below it. Restore it from a copy."
        )
    changed = []
    for name, facts in artefacts.items():
        path = run.directory / name
        is_whole = False
        with suppress(OSError):  # a path that no file can have (too long, for one)
            is_whole = os.path.isfile(path) and sha256_of(path) == facts["sha256"]
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


def recorded_hash(run: RunSummary, name: str) -> str | None:
    """The SHA-256 that the run's end recorded of a file, 64 hex digits. None: of no such file.

    Args:
        name: path of the file within the run's directory, with slashes.
    """
    facts = run.end.get("artefacts", {}).get(name)
    return facts["sha256"] if isinstance(facts, dict) else None


def read_recorded(run: RunSummary, name: str) -> bytes:
    """The content of a file that decides, if it is what the run left behind.

    The file is read once, and what is returned is what was hashed: it cannot be exchanged between
    the check and the use. The record itself is believed: whoever can rewrite all of it can rewrite
    the checksums too.

    Args:
        name: path of the file within the run's directory, with slashes.

    Raises:
        InputError: the file is gone or cannot be read, was changed, or was added later.
    """
    path = run.directory / name
    expected = recorded_hash(run, name)
    what_to_do = "Restore the record from a copy, or repeat the run."
    if expected is None:
        what = "was added after the run ended" if path.exists() else "was never there"
        raise InputError(
            f"{path} does not belong to the record of run {run.id}: it {what}. {what_to_do}"
        )
    try:
        content = read_content(path, most_bytes=MOST_BYTES)
    except FileNotFoundError:
        raise InputError(
            f"{path}, which run {run.id} decides with, is gone. {what_to_do}"
        ) from None
    except InputError as error:
        raise InputError(f"{error} Run {run.id} decides with it. {what_to_do}") from None
    if hashlib.sha256(content).hexdigest() != expected:
        raise InputError(
            f"{path} was changed after run {run.id} ended: it does not have the SHA-256 that the "
            f"end of the run recorded, so what decides would be another model. {what_to_do}"
        )
    return content


def read_recorded_json(run: RunSummary, name: str) -> dict[str, Any]:
    """The same for a JSON file of this package."""
    return parse_json(read_recorded(run, name), run.directory / name)


def check_facts(run: RunSummary) -> None:
    """Refuses a run whose own account was changed: it says what is built, and which classes mean
    what.

    Raises:
        InputError: as `read_recorded`.
    """
    for name, facts in (("run.json", run.run), ("data.json", run.data)):
        if read_recorded_json(run, name) != facts:
            raise InputError(f"{run.directory / name} changed while it was read. Try again.")


def peak_memory_bytes() -> int:
    """The most memory this process has held at once."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # Kibibytes everywhere but on macOS.
    return peak if sys.platform == "darwin" else peak * 1024
