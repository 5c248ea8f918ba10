"""The source of a run: which files it is made of, and what git does not have of them.

Commit, patch and untracked files together give the source back. Only code is ever copied: of
everything else that was changed the record holds name and hash, and nothing of what git ignores.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mental_health_classifier.tracking.files import (
    SCHEMA_VERSION,
    TEMPORARY_PREFIX,
    sha256_of,
    write_json,
)
from mental_health_classifier.tracking.git_command import git_output
from mental_health_classifier.tracking.git_state import GitState

PROJECT = Path(__file__).resolve().parents[3]
"""The checkout that this code runs from; of an installed package the folder above its own."""

PLACES = ("src", "conf", "train.py", "pyproject.toml", "requirements.lock")
"""What makes a run, relative to the project."""

SUFFIXES = (".py", ".yaml", ".yml", ".toml", ".lock", ".typed", ".j2", ".html", ".css", ".js")
"""What counts as source there; a table of posts that lies between the code does not."""

MAX_HASHED_BYTES = 64 * 2**20
MAX_OTHER_CHANGES = 1000

_PATHSPECS = (
    *(f"{place}/*{suffix}" for place in ("src", "conf") for suffix in SUFFIXES),
    *(place for place in PLACES if "." in place),
)


@dataclass(frozen=True, slots=True)
class Source:
    """The source as it was when it was read."""

    commit: str | None
    """None: no repository or no commit, so that all files are copied."""
    hashes: dict[str, str]
    """SHA-256 of every source file, by its path within the project."""
    patch: bytes | None
    """The difference to the commit."""
    copies: dict[str, bytes]
    """Files that git does not have."""
    other_changes: list[dict[str, Any]]
    """Files that were changed or added elsewhere, by name and hash."""

    @property
    def sha256(self) -> str:
        """One hash for all of it."""
        return combined_hash(self.hashes)

    def write(self, folder: Path) -> None:
        """Leaves in `folder`, which appears whole, what rebuilding the source needs beside the
        commit: files.json, changes.patch where there is one, and the copies below untracked/."""
        prepared = folder.parent / f"{TEMPORARY_PREFIX}{secrets.token_hex(8)}"
        prepared.mkdir(parents=True)
        try:
            if self.patch:
                (prepared / "changes.patch").write_bytes(self.patch)
            for name, content in self.copies.items():
                copy = prepared / "untracked" / name
                copy.parent.mkdir(parents=True, exist_ok=True)
                copy.write_bytes(content)
            write_json(
                prepared / "files.json",
                {
                    "schema_version": SCHEMA_VERSION,
                    "commit": self.commit,
                    "sha256": self.sha256,
                    "files": self.hashes,
                    "other_changes": self.other_changes,
                },
            )
            prepared.rename(folder)
        finally:
            shutil.rmtree(prepared, ignore_errors=True)


def read_source(git: GitState, project: Path = PROJECT) -> Source:
    """Reads which files the source consists of, and what git does not have of them.

    Args:
        git: state of the project's repository.
    """
    hashes = source_hashes(project)
    patch, copied, other_changes = None, list(hashes), []
    if git.commit is not None:
        copied = []
        if git.is_dirty:
            patch = git_output(project, *_DIFF, "HEAD", "--", *_PATHSPECS)
            # Those that git ignores are not among them.
            copied = _names(git_output(project, *_UNTRACKED, "--", *_PATHSPECS))
            other_changes = _other_changes(project)
    copies = {name: (project / name).read_bytes() for name in copied if name in hashes}
    return Source(git.commit, hashes, patch, copies, other_changes)


def source_hashes(project: Path) -> dict[str, str]:
    """SHA-256 of every source file of a project, by its path, in the order of the paths."""
    return {
        path.relative_to(project).as_posix(): sha256_of(path)
        for path in sorted(_source_files(project))
    }


def combined_hash(hashes: Mapping[str, str]) -> str:
    lines = "".join(f"{sha256}  {name}\n" for name, sha256 in sorted(hashes.items()))
    return hashlib.sha256(lines.encode("utf-8", errors="surrogateescape")).hexdigest()


def _source_files(project: Path) -> Iterator[Path]:
    for place in PLACES:
        if (project / place).is_file():
            yield project / place
        for folder, subfolders, files in os.walk(project / place):
            subfolders[:] = [name for name in subfolders if not name.startswith((".", "__"))]
            yield from (
                Path(folder, name)
                for name in files
                if name.endswith(SUFFIXES) and not name.startswith(".")
            )


# Whatever the user's configuration says, the patch is one that `git apply` takes.
_DIFF = (
    *("-c", "diff.noprefix=false", "-c", "diff.mnemonicPrefix=false", "diff", "--relative"),
    *("--binary", "--full-index", "--no-ext-diff", "--no-textconv", "--no-color", "--no-renames"),
)
_UNTRACKED = ("ls-files", "--others", "--exclude-standard", "-z")


def _other_changes(project: Path) -> list[dict[str, Any]]:
    """Files that were changed or added elsewhere, by name and hash."""
    changed = _names(git_output(project, "diff", "--relative", "--name-only", "-z", "HEAD"))
    names = dict.fromkeys([*changed, *_names(git_output(project, *_UNTRACKED))])
    others = [name for name in names if not _is_source(name)]
    return [_fingerprint(project, name) for name in others[:MAX_OTHER_CHANGES]]


def _is_source(name: str) -> bool:
    place, _, rest = name.partition("/")
    return place in PLACES and (not rest or name.endswith(SUFFIXES))


def _fingerprint(project: Path, name: str) -> dict[str, Any]:
    path = project / name
    try:
        size = path.stat().st_size if path.is_file() else None
        sha256 = sha256_of(path) if size is not None and size <= MAX_HASHED_BYTES else None
    except OSError:
        size = sha256 = None
    return {"path": name, "bytes": size, "sha256": sha256}


def _names(output: bytes | None) -> list[str]:
    """Paths that git printed with -z."""
    return [os.fsdecode(name) for name in (output or b"").split(b"\0") if name]
