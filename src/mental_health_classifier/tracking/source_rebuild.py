"""The source of a recorded run, put together again in a folder of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from mental_health_classifier.contracts import InputError
from mental_health_classifier.tracking.files import read_json
from mental_health_classifier.tracking.git_command import git_output
from mental_health_classifier.tracking.source_files import PLACES, PROJECT, source_hashes


def rebuild_source(run_directory: Path, destination: Path, *, project: Path = PROJECT) -> None:
    """Writes the source as it was when the run began: commit, then patch, then untracked files.

    Nothing of it runs, and the checkout stays as it is.

    Args:
        destination: a folder that does not exist.
        project: a checkout whose repository has the commit.

    Raises:
        InputError: the record is incomplete, the repository does not have the commit, or what comes
            out is not what ran; the message names the files.
    """
    folder = run_directory / "source"
    try:
        account = read_json(folder / "files.json")
    except FileNotFoundError:
        raise InputError(f"{folder / 'files.json'} is missing: the source is not known.") from None
    destination.mkdir(parents=True)
    if account["commit"] is not None:
        _check_out(account["commit"], destination, project)
    if (folder / "changes.patch").exists():
        _apply(folder / "changes.patch", destination)
    if (folder / "untracked").is_dir():
        shutil.copytree(folder / "untracked", destination, dirs_exist_ok=True, symlinks=True)
    found, recorded = source_hashes(destination), account["files"]
    differing = sorted(
        name for name in found.keys() | recorded.keys() if found.get(name) != recorded.get(name)
    )
    if differing:
        raise InputError(
            f"The source in {folder} is not the one that ran: {', '.join(differing[:10])} "
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


def _check_out(commit: str, destination: Path, project: Path) -> None:
    top, prefix = (
        git_output(project, "rev-parse", option) for option in ("--show-toplevel", "--show-prefix")
    )
    has_commit = git_output(project, "cat-file", "-e", f"{commit}^{{commit}}") is not None
    if top is None or prefix is None or not has_commit:
        raise InputError(
            f"Commit {commit[:12]} is not in the repository of {project}. Fetch it, or restore a "
            "snapshot that holds the source."
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
