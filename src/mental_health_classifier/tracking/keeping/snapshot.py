"""Snapshots: source with uncommitted work, chosen runs, environment, manifest.

They are taken, found, checked and restored here.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from mental_health_classifier.contracts import InputError
from mental_health_classifier.contracts.folder_names import folder_name
from mental_health_classifier.storage.archives import unpack
from mental_health_classifier.storage.files import (
    SCHEMA_VERSION,
    TEMPORARY_PREFIX,
    force_to_disk,
    read_json,
    sha256_of,
    write_json,
)
from mental_health_classifier.storage.leftovers import lent_folder
from mental_health_classifier.tracking.provenance.environment import read_environment, read_hardware
from mental_health_classifier.tracking.provenance.git import git_entries, read_git_state
from mental_health_classifier.tracking.provenance.source_files import (
    PROJECT,
    UNTRACKED,
    combined_hash,
    read_source,
    source_hashes,
)
from mental_health_classifier.tracking.record.attempts import now
from mental_health_classifier.tracking.record.ensemble_members import members_to_carry
from mental_health_classifier.tracking.record.run_summary import RunSummary
from mental_health_classifier.tracking.run_index import find_runs

SNAPSHOTS = Path("model_snapshots")
"""Where snapshots lie."""

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
    with lent_folder(root) as prepared:
        source, left_out = read_source(read_git_state(project), project), []
        wanted = [(project, Path("source"), file) for file in _files_of(project, source.hashes)]
        for run in runs:
            for place, folder in {".": run.directory, **members_to_carry(run)}.items():
                copy = Path("runs", str(run.id), place)
                wanted += [(folder, copy, file) for file in _files_below(folder)]
        for folder, copy, file in wanted:
            if _leads_away(folder / file, folder) and not (
                folder == project and file in source.hashes
            ):
                left_out.append((copy / file).as_posix())
            else:
                _copy(folder / file, prepared / copy / file)
        write_json(
            prepared / "manifest.json",
            {
                "schema_version": SCHEMA_VERSION,
                "name": name,
                "description": description,
                "tags": list(tags),
                "created_at": now(),
                "git": asdict(source.git),
                "source_sha256": combined_hash(source_hashes(prepared / "source")),
                "environment": read_environment(),
                "hardware": read_hardware(),
                "runs": [run.id for run in runs],
                "left_out": left_out,
                "files": _hashes_below(prepared),
            },
        )
        prepared.rename(destination)
        force_to_disk(root)
    return destination


def read_manifests(root: Path) -> dict[Path, Mapping[str, Any]]:
    """The manifests of all snapshots below a folder, by the snapshot's folder, oldest first.

    One that is damaged is empty.
    """
    manifests = {}
    for path in sorted(root.glob("[!.]*/manifest.json")):
        try:
            manifests[path.parent] = read_json(path)
        except (FileNotFoundError, InputError):
            manifests[path.parent] = {}
    return manifests


def preserved_runs(root: Path) -> set[str]:
    """Ids of all runs that snapshots below a folder hold, damaged snapshots too."""
    named = [each.get("runs") for each in read_manifests(root).values()]
    listed = {str(run) for runs in named if isinstance(runs, list) for run in runs}
    return listed | {run.id for run in find_runs([root]) if run.id is not None}


def find_snapshot(reference: str, root: Path) -> Path:
    """The folder or archive that a person means: a path, a folder below `root`, or a name given to
    exactly one snapshot.

    Raises:
        InputError: there is none, or there are several.
    """
    for path in (Path(reference), root / reference):
        if path.is_file() or (path / "manifest.json").is_file():
            return path
    found = [p for p, manifest in read_manifests(root).items() if manifest.get("name") == reference]
    if len(found) == 1:
        return found[0]
    what = "No snapshot is" if not found else f"{len(found)} snapshots are"
    raise InputError(f"{what} called {reference}. `mhc snapshot list` shows their folders.")


def problems_of(snapshot: Path) -> list[str]:
    """What is wrong with a snapshot, its folder or an archive of it, in sentences; empty where it
    is whole.

    Raises:
        InputError: the archive is none, or is refused.
    """
    if snapshot.is_file():
        with _unpacked(snapshot, Path(tempfile.gettempdir())) as folder:
            return problems_of(folder)
    try:
        expected = read_json(snapshot / "manifest.json").get("files")
    except (OSError, InputError) as error:
        return [f"manifest.json is missing or damaged: {error}"]
    if not isinstance(expected, dict):
        return ["manifest.json does not say which files there are."]
    if not (snapshot / "source").is_dir():
        return ["source is missing."]
    if (snapshot / "source" / "outputs").is_file():
        return ["source has a file where its runs belong."]
    found = _hashes_below(snapshot)
    problems = [
        f"{path.relative_to(snapshot)} is a link, a pipe or a device."
        for path in sorted(snapshot.rglob("*"))
        if path.is_symlink() or not (path.is_file() or path.is_dir())
    ]
    problems += [f"{name} is missing." for name in sorted(expected.keys() - found.keys())]
    problems += [f"{name} was added." for name in sorted(found.keys() - expected.keys())]
    both = sorted(expected.keys() & found.keys())
    return problems + [f"{name} was changed." for name in both if expected[name] != found[name]]


def restore_snapshot(snapshot: Path, destination: Path) -> None:
    """Writes the source of a snapshot into a new folder, its runs into `outputs/` there.

    Args:
        snapshot: its folder, or an archive of it.

    Raises:
        InputError: the destination exists, or the snapshot is damaged or leads out of it.
    """
    if os.path.lexists(destination):
        raise InputError(f"{destination} exists and is not overwritten. Name another folder.")
    if snapshot.is_file():
        with _unpacked(snapshot, destination.parent) as folder:
            restore_snapshot(folder, destination)
        return
    problems = problems_of(snapshot)
    if problems:
        raise InputError(f"{snapshot} is damaged: {' '.join(problems[:10])}")
    with lent_folder(destination.parent) as prepared:
        shutil.copytree(snapshot / "source", prepared, dirs_exist_ok=True)
        if (snapshot / "runs").is_dir():
            shutil.copytree(snapshot / "runs", prepared / "outputs", dirs_exist_ok=True)
        prepared.rename(destination)


@contextmanager
def _unpacked(archive: Path, beside: Path) -> Iterator[Path]:
    with lent_folder(beside) as folder:
        unpack(archive, folder / "snapshot")
        yield folder / "snapshot"


def _hashes_below(folder: Path) -> dict[str, str]:
    """SHA-256 of every file of a snapshot but its manifest, by path; links are none of it."""
    files = sorted(p for p in folder.rglob("*") if p.is_file() and not p.is_symlink())
    names = [path.relative_to(folder).as_posix() for path in files]
    return {name: sha256_of(folder / name) for name in names if name != "manifest.json"}


def _files_of(project: Path, source: Iterable[str]) -> list[str]:
    """Every file or link under version control, and source that is not yet, relative to the
    project."""
    tracked = git_entries(project, "ls-files", "-z")
    ignored = set(git_entries(project, *UNTRACKED, "--ignored"))
    new = (name for name in source if name not in ignored)
    return [name for name in dict.fromkeys([*tracked, *new]) if _is_file_or_link(project / name)]


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
