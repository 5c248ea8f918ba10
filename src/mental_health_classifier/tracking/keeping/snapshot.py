"""Snapshots: source with uncommitted work, chosen runs, environment, manifest."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

from mental_health_classifier.contracts import InputError
from mental_health_classifier.storage.files import (
    SCHEMA_VERSION,
    TEMPORARY_PREFIX,
    force_to_disk,
    sha256_of,
    temporary_path,
    write_json,
)
from mental_health_classifier.storage.folder_names import folder_name
from mental_health_classifier.storage.leftovers import sweep
from mental_health_classifier.tracking.provenance.environment import read_environment, read_hardware
from mental_health_classifier.tracking.provenance.git_command import git_output
from mental_health_classifier.tracking.provenance.git_state import read_git_state
from mental_health_classifier.tracking.provenance.source_files import (
    PROJECT,
    combined_hash,
    read_source,
    source_hashes,
)
from mental_health_classifier.tracking.record.attempts import now
from mental_health_classifier.tracking.record.ensemble_members import members_to_carry
from mental_health_classifier.tracking.record.run_summary import RunSummary

LEFT_OUT = ("tensorboard", "logs")
"""Folders of a run that repeat what its other files say."""


def take_snapshot(
    root: Path,
    *,
    name: str,
    description: str,
    tags: Sequence[str],
    runs: Iterable[RunSummary],
    project: Path = PROJECT,
) -> Path:
    """Writes a snapshot below `root` and returns its folder, which appears whole or not at all.

    It holds `source/` (every file that git has, as it is now, and new source files), `runs/ID/`
    with the record and checkpoints of every run given, and manifest.json with git, environment
    and the SHA-256 of every file. An ensemble brings its members along in its own folder. Data is
    never part of it unless it was committed. Links are left out, but for those to source: nobody
    asked for what they lead to. The manifest names them.

    Raises:
        InputError: a run is not completed, or a member of an ensemble is gone or was changed.
    """
    runs = list(runs)
    for run in runs:
        if run.status != "completed":
            raise InputError(f"Run {run.id} is {run.status}; only completed runs are preserved.")
    moment = datetime.now().astimezone().strftime("%Y-%m-%d-%H-%M-%S-%f")
    destination = root / f"{moment}-{folder_name(name)}"
    root.mkdir(parents=True, exist_ok=True)
    sweep(root)
    prepared = temporary_path(root)
    try:
        source, left_out = source_hashes(project), []
        wanted = [(project, Path("source"), file) for file in _files_of(project)]
        for run in runs:
            for place, folder in {".": run.directory, **members_to_carry(run)}.items():
                copy = Path("runs", str(run.id), place)
                wanted += [(folder, copy, file) for file in _files_below(folder)]
        for folder, copy, file in wanted:
            if _leads_away(folder / file, folder) and not (folder == project and file in source):
                left_out.append((copy / file).as_posix())
            else:
                _copy(folder / file, prepared / copy / file)
        git = read_source(read_git_state(project), project).git
        write_json(
            prepared / "manifest.json",
            {
                "schema_version": SCHEMA_VERSION,
                "name": name,
                "description": description,
                "tags": list(tags),
                "created_at": now(),
                "git": asdict(git),
                "source_sha256": combined_hash(source_hashes(prepared / "source")),
                "environment": read_environment(),
                "hardware": read_hardware(),
                "runs": [run.id for run in runs],
                "left_out": left_out,
                "files": hashes_below(prepared),
            },
        )
        prepared.rename(destination)
        force_to_disk(root)
    finally:
        shutil.rmtree(prepared, ignore_errors=True)
    return destination


def hashes_below(folder: Path) -> dict[str, str]:
    """SHA-256 of every file of a snapshot but its manifest, by path; links are none of it."""
    files = sorted(p for p in folder.rglob("*") if p.is_file() and not p.is_symlink())
    names = [path.relative_to(folder).as_posix() for path in files]
    return {name: sha256_of(folder / name) for name in names if name != "manifest.json"}


def _files_of(project: Path) -> list[str]:
    """Every file or link under version control, and source that is not yet, relative to the
    project."""
    tracked = git_output(project, "ls-files", "-z")
    names = [os.fsdecode(name) for name in (tracked or b"").split(b"\0") if name]
    new = _source_that_git_does_not_ignore(project)
    return [name for name in dict.fromkeys([*names, *new]) if _is_file_or_link(project / name)]


def _source_that_git_does_not_ignore(project: Path) -> Iterator[str]:
    ignored = git_output(project, "ls-files", "--others", "--ignored", "--exclude-standard", "-z")
    left_out = {os.fsdecode(name) for name in (ignored or b"").split(b"\0")}
    return (name for name in source_hashes(project) if name not in left_out)


def _files_below(directory: Path) -> Iterator[str]:
    for path in sorted(directory.rglob("*")):
        file = path.relative_to(directory)
        is_left_out = file.parts[0] in LEFT_OUT or path.name.startswith(TEMPORARY_PREFIX)
        if _is_file_or_link(path) and not is_left_out:
            yield file.as_posix()


def _is_file_or_link(path: Path) -> bool:
    return path.is_symlink() or path.is_file()


def _leads_away(path: Path, folder: Path) -> bool:
    """Whether a path below a folder is a link, or lies behind one."""
    return path.resolve() != folder.resolve() / path.relative_to(folder)


def _copy(file: Path, destination: Path) -> None:
    destination.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(file, destination)
    force_to_disk(destination)
