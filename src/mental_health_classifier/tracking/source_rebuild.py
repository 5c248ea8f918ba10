"""The source of a recorded run, put together again in a folder of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from mental_health_classifier.contracts import InputError
from mental_health_classifier.tracking.files import read_json
from mental_health_classifier.tracking.git_command import git_output
from mental_health_classifier.tracking.snapshot_check import SNAPSHOTS, read_manifests
from mental_health_classifier.tracking.source_files import (
    PLACES,
    PROJECT,
    combined_hash,
    source_hashes,
)


def rebuild_source(
    run_directory: Path,
    destination: Path,
    *,
    project: Path = PROJECT,
    snapshots: Path = SNAPSHOTS,
) -> None:
    """Writes the source as it was when the run began: commit, then patch, then untracked files.

    Where the repository does not have the commit, a snapshot of the same source takes their place.
    Nothing of it runs, and the checkout stays as it is.

    Args:
        destination: a folder that does not exist.
        project: a checkout whose repository has the commit.
        snapshots: where snapshots lie.

    Raises:
        InputError: the record is incomplete, neither the repository has the commit nor a snapshot
            the source, or what comes out is not what ran; the message names the files.
    """
    folder = run_directory / "source"
    try:
        account = read_json(folder / "files.json")
    except FileNotFoundError:
        raise InputError(f"{folder / 'files.json'} is missing: the source is not known.") from None
    commit, snapshot = account["commit"], None
    if commit is not None and not _has_commit(project, commit):
        snapshot = _snapshot_with(account["files"], snapshots)
        if snapshot is None:
            raise InputError(
                f"Commit {commit[:12]} is not in the repository of {project}, and no snapshot in "
                f"{snapshots} has this source. Fetch the commit, or bring such a snapshot."
            )
    if snapshot is not None:
        shutil.copytree(snapshot / "source", destination, symlinks=True)
    else:
        destination.mkdir(parents=True)
        if commit is not None:
            _check_out(commit, destination, project)
        if (folder / "changes.patch").exists():
            _apply(folder / "changes.patch", destination)
        if (folder / "untracked").is_dir():
            shutil.copytree(folder / "untracked", destination, dirs_exist_ok=True, symlinks=True)
    found, recorded = source_hashes(destination), account["files"]
    origin = folder if snapshot is None else snapshot
    differing = sorted(
        name for name in found.keys() | recorded.keys() if found.get(name) != recorded.get(name)
    )
    if differing:
        raise InputError(
            f"The source in {origin} is not the one that ran: {', '.join(differing[:10])} "
            f"{'differ' if len(differing) > 1 else 'differs'} from files.json."
        )


def comes_from_here(run_directory: Path, *, project: Path = PROJECT) -> bool:
    """Whether all code of a run is that of this checkout, or of a commit that it is built on.

    Anything else is code that came with the record, from whoever made it.
    """
    account = read_json(run_directory / "source" / "files.json")
    if account["files"] == source_hashes(project):
        return True
    names = os.listdir(run_directory / "source")
    is_ancestor = ("merge-base", "--is-ancestor", str(account["commit"]), "HEAD")
    return names == ["files.json"] and git_output(project, *is_ancestor) is not None


def _has_commit(project: Path, commit: str) -> bool:
    return git_output(project, "cat-file", "-e", f"{commit}^{{commit}}") is not None


def _snapshot_with(files: Mapping[str, str], snapshots: Path) -> Path | None:
    """The latest snapshot of a source with these files. None: there is none."""
    wanted = combined_hash(files)
    for folder, manifest in reversed(read_manifests(snapshots).items()):
        if manifest.get("source_sha256") == wanted and (folder / "source").is_dir():
            return folder
    return None


def _check_out(commit: str, destination: Path, project: Path) -> None:
    top, prefix = (
        git_output(project, "rev-parse", option) or b""
        for option in ("--show-toplevel", "--show-prefix")
    )
    # An index of its own, with the project's part of the commit at its top: the checkout and what
    # is staged there are not touched.
    variables = {"GIT_INDEX_FILE": str(destination.resolve() / ".index")}
    top_folder, folder = (os.fsdecode(line.removesuffix(b"\n")) for line in (top, prefix))
    repository = Path(top_folder)
    git_output(repository, "read-tree", f"{commit}:{folder}", variables=variables)
    listed = git_output(repository, "ls-files", "-z", "--", *PLACES, variables=variables) or b""
    names = [os.fsdecode(name) for name in listed.split(b"\0") if name]
    for start in range(0, len(names), 200):
        git_output(
            repository,
            *("checkout-index", f"--prefix={destination.resolve()}/", "--"),
            *names[start : start + 200],
            variables=variables,
        )
    (destination / ".index").unlink(missing_ok=True)


def _apply(patch: Path, destination: Path) -> None:
    # Without the ceiling git would look for a repository above, and skip what lies outside of it.
    environment = {**os.environ, "GIT_CEILING_DIRECTORIES": str(destination.resolve().parent)}
    finished = subprocess.run(
        ["git", "apply", "--whitespace=nowarn", str(patch.resolve())],
        cwd=destination,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )
    if finished.returncode:
        raise InputError(f"{patch} does not fit the commit of its run: it was changed.")
