"""Source of a recorded run, rebuilt in a folder of its own."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import tempfile
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from pathlib import Path

import yaml

from mental_health_classifier.contracts import InputError
from mental_health_classifier.storage.files import read_json
from mental_health_classifier.tracking.keeping.snapshot import SNAPSHOTS
from mental_health_classifier.tracking.provenance.configuration_hash import flattened
from mental_health_classifier.tracking.provenance.git import git_output
from mental_health_classifier.tracking.provenance.overrides import is_of_a_run, is_plain
from mental_health_classifier.tracking.provenance.source_files import (
    LEXICON,
    LOCAL,
    MAX_NAMED,
    PROJECT,
    blobs_of,
    is_source,
    is_within_project,
    read_regular_file,
    sentence_about,
)
from mental_health_classifier.tracking.record.run_summary import RunSummary

_HEADER, _GLOBAL = re.compile(rb"@package.*"), b"@package _global_"


@dataclass(frozen=True, slots=True)
class FoundSource:
    """What a run was made of, found again by its hashes."""

    files: Mapping[str, bytes]
    """Every file that belongs there, by its path, and nothing else."""
    is_ours: bool
    """Whether all of it is in this checkout, or in one commit that the checkout is built on.
    Anything else is code that came with the record, from whoever made it."""

    def write(self, destination: Path) -> None:
        """Writes the files into a folder that does not exist. Nothing of them runs.

        Raises:
            InputError: one file would have to lie within another.
        """
        destination.mkdir(parents=True)
        for name, content in self.files.items():
            path = destination / name
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                with path.open("xb") as handle:
                    handle.write(content)
            except (FileExistsError, NotADirectoryError):
                raise InputError(f"{name} is named beside a file that lies in its way.") from None


def find_source(
    run_directory: Path, *, project: Path = PROJECT, snapshots: Path = SNAPSHOTS
) -> FoundSource:
    """Finds every file of a run's source, wherever one with the recorded SHA-256 lies: in the
    run's commit, in this checkout, in the record, or in a snapshot of the same source.

    Args:
        project: a checkout whose repository may have the commit.
        snapshots: where snapshots lie.

    Raises:
        InputError: the record is incomplete or damaged, or a file is nowhere as it was; the message
            names the files.
    """
    folder = run_directory / "source"
    commit, hashes, obstacles = _read_account(folder / "files.json")
    _refuse_other_copies(folder / "untracked", hashes)
    blobs = None if commit is None else blobs_of(commit, project)
    committed = _contents(blobs or {}, project)
    # Names in a record are followed nowhere else than below these folders, and what is found there
    # counts only with the recorded hash.
    places = (
        lambda names: committed,
        lambda names: _files_in(project, names),
        lambda names: _files_in(folder / "untracked", names),
        *(partial(_files_in, each) for each in sorted(snapshots.glob("[!.]*/source"))),
        lambda names: _patched(folder / "changes.patch", committed, names),
    )
    files: dict[str, bytes] = {}
    for place in places:
        if missing := hashes.keys() - files.keys():
            files |= {
                name: content
                for name, content in place(missing).items()
                if name in missing and hashlib.sha256(content).hexdigest() == hashes[name]
            }
    if missing := sorted(hashes.keys() - files.keys()):
        lines = [
            f"The source that {folder} tells of cannot be put together: "
            f"{', '.join(missing[:MAX_NAMED])} {'differ' if len(missing) > 1 else 'differs'} from "
            "files.json, or is nowhere to be found."
        ]
        if commit is not None and blobs is None:
            lines.append(
                f"Commit {commit[:12]} is not in the repository of {project}, and no snapshot in "
                f"{snapshots} has this source. Fetch the commit, or bring such a snapshot."
            )
        if obstacles:
            lines.append(sentence_about(obstacles))
        raise InputError(" ".join(lines))
    # Tables of the package have no hash in older records, and other kinds of files in none.
    files |= {
        name: content
        for name, content in committed.items()
        if name not in files and (name == LEXICON or not is_source(name))
    }
    shared = {name: content for name, content in files.items() if name != LOCAL}
    is_ours = _files_in(project, shared) == shared or (
        _is_below_head(commit, project) and all(committed.get(n) == c for n, c in shared.items())
    )
    return FoundSource(files, is_ours and _is_plain(files.get(LOCAL), project))


def _is_plain(defaults: bytes | None, project: Path) -> bool:
    """Whether the defaults of the machine of a run, which no commit has, only set values, or are
    those of this one."""
    if defaults is None or _files_in(project, [LOCAL]).get(LOCAL) == defaults:
        return True
    try:
        # Where nothing has a second name, a small file holds few settings.
        settings = None if b"&" in defaults else yaml.safe_load(defaults)
    except (yaml.YAMLError, ValueError, RecursionError):
        return False
    if not isinstance(settings, dict) or _HEADER.findall(defaults) != [_GLOBAL]:
        return False
    given = [f"{key}={value}" for key, value in flattened(settings).items()]
    return all(is_of_a_run(each) and is_plain(each) for each in given)


def why_not_rebuilt(run: RunSummary) -> str | None:
    """Why the source of a run cannot be put together again, as one sentence; None where nothing is
    known to stand in the way."""
    obstacles = run.run.get("source", {}).get("cannot_be_rebuilt")
    return sentence_about(obstacles) if obstacles else None


def _read_account(path: Path) -> tuple[str | None, dict[str, str], dict[str, str]]:
    """Commit, hashes by path, and obstacles that a record tells of, all checked."""
    try:
        account = read_json(path)
    except FileNotFoundError:
        raise InputError(f"{path} is missing: the source is not known.") from None
    commit, hashes = account.get("commit"), account.get("files")
    is_commit = commit is None or (
        isinstance(commit, str) and re.fullmatch(r"[0-9a-f]{40}|[0-9a-f]{64}", commit)
    )
    if not is_commit or not isinstance(hashes, dict):
        raise InputError(f"{path} is damaged: it does not say which commit and files there were.")
    strange = [name for name in hashes if not is_source(name)]
    if strange:
        raise InputError(
            f"{path} names {len(strange)} paths where no source can lie, so no run wrote it."
        )
    obstacles = account.get("obstacles", {})
    return commit, hashes, obstacles if isinstance(obstacles, dict) else {}


def _refuse_other_copies(folder: Path, hashes: Mapping[str, str]) -> None:
    """Refuses a record that holds anything but the files it names, as they were."""
    names = {
        Path(each, name).relative_to(folder).as_posix()
        for each, subfolders, files in os.walk(folder)
        for name in (*files, *(sub for sub in subfolders if Path(each, sub).is_symlink()))
    }
    contents = _files_in(folder, names)
    changed = sorted(
        name
        for name in names
        if name not in contents or hashlib.sha256(contents[name]).hexdigest() != hashes.get(name)
    )
    if changed:
        raise InputError(
            f"The source in {folder} is not the one that ran: {', '.join(changed[:MAX_NAMED])} "
            f"{'differ' if len(changed) > 1 else 'differs'} from files.json."
        )


def _contents(blobs: Mapping[str, str], project: Path) -> dict[str, bytes]:
    """Content of files that a commit has, by path, as it is in the commit."""
    asked = "".join(f"{blob}\n" for blob in blobs.values()).encode()
    contents, stream = {}, BytesIO(git_output(project, "cat-file", "--batch", given=asked) or b"")
    for name in blobs:
        _, kind, *size = stream.readline().split() or (b"", b"missing")
        if kind == b"blob":
            content = stream.read(int(size[0]))
            stream.read(1)
            if is_within_project(name):
                contents[name] = content
    return contents


def _files_in(folder: Path, names: Iterable[str]) -> dict[str, bytes]:
    """Those of the named files that a folder has and that can be read."""
    contents = {}
    for name in names:
        with suppress(OSError):
            content = read_regular_file(folder / name)
            if content is not None:
                contents[name] = content
    return contents


def _is_below_head(commit: str | None, project: Path) -> bool:
    if commit is None:
        return False
    return git_output(project, "merge-base", "--is-ancestor", commit, "HEAD") is not None


def _patched(patch: Path, committed: Mapping[str, bytes], names: Iterable[str]) -> dict[str, bytes]:
    """What a commit's files are after a patch: older records hold changes in no other form."""
    if not patch.is_file() or _LINK_IN_A_PATCH.search(patch.read_bytes()):
        return {}
    with tempfile.TemporaryDirectory() as scratch:
        sources = {name: each for name, each in committed.items() if is_source(name)}
        FoundSource(sources, is_ours=False).write(Path(scratch, "source"))
        # Without the ceiling git would look for a repository above, and skip what lies outside.
        environment = {**os.environ, "GIT_CEILING_DIRECTORIES": str(Path(scratch).resolve())}
        subprocess.run(
            ["git", "apply", "--whitespace=nowarn", str(patch.resolve())],
            cwd=Path(scratch, "source"),
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )
        return _files_in(Path(scratch, "source"), names)


_LINK_IN_A_PATCH = re.compile(
    rb"^(?:new |old |new file |deleted file )mode 1[26]0000", re.MULTILINE
)
