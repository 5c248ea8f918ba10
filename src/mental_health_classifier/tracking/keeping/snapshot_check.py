"""Listing, checking and restoring of snapshots."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mental_health_classifier.contracts import InputError
from mental_health_classifier.storage.archives import unpack
from mental_health_classifier.storage.files import read_json, temporary_path
from mental_health_classifier.storage.leftovers import lent_folder, sweep
from mental_health_classifier.tracking.keeping.snapshot import hashes_below
from mental_health_classifier.tracking.run_index import find_runs

SNAPSHOTS = Path("model_snapshots")
"""Where snapshots lie."""


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
    found = hashes_below(snapshot)
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
    destination.parent.mkdir(parents=True, exist_ok=True)
    sweep(destination.parent)
    prepared = temporary_path(destination.parent)
    try:
        shutil.copytree(snapshot / "source", prepared)
        if (snapshot / "runs").is_dir():
            shutil.copytree(snapshot / "runs", prepared / "outputs", dirs_exist_ok=True)
        prepared.rename(destination)
    finally:
        shutil.rmtree(prepared, ignore_errors=True)


@contextmanager
def _unpacked(archive: Path, beside: Path) -> Iterator[Path]:
    with lent_folder(beside) as folder:
        unpack(archive, folder / "snapshot")
        yield folder / "snapshot"
