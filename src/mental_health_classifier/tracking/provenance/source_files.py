"""Source files of a run, with a copy of each that its commit does not have.

Commit and copies together give the source back: whatever is not byte for byte what the commit has
is copied whole, so that neither settings nor filters of git have a say in it. Only code is ever
copied, and nothing that git ignores but the defaults of this machine; of everything else that was
changed the record holds how many files there are.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from importlib.machinery import BYTECODE_SUFFIXES, EXTENSION_SUFFIXES
from pathlib import Path, PurePosixPath

from mental_health_classifier.storage.files import SCHEMA_VERSION, write_json
from mental_health_classifier.storage.leftovers import lent_folder
from mental_health_classifier.tracking.provenance.git import GitState, git_entries, git_output

PROJECT = Path(__file__).resolve().parents[4]
"""The checkout that this code runs from; of an installed package the folder above its own."""

LEXICON = "src/mental_health_classifier/data/vocabulary/clinical_lexicon.tsv"
PLACES = ("src", "conf", "train.py", "pyproject.toml", "requirements.lock", LEXICON)
"""What makes a run, relative to the project."""

LOCAL = "conf/local/default.yaml"
"""Paths and defaults of one machine, which git ignores and a run is made of all the same."""

SUFFIXES = (".py", ".yaml", ".yml", ".toml", ".lock", ".typed", ".j2", ".html", ".css", ".js")
"""What counts as source in the folders of `PLACES`; a table of posts that lies between the code
does not."""

UNTRACKED = ("ls-files", "--others", "--exclude-standard", "-z")
"""Has git name the files that it does not keep, and with --ignored those that it is not to."""

MAX_NAMED = 10
"""How many paths a message names."""

_FOLDERS = tuple(place for place in PLACES if "." not in place)
_FILES = tuple(place for place in PLACES if "." in place)
_COMPILED = (*EXTENSION_SUFFIXES, *BYTECODE_SUFFIXES)
_PATHSPECS = (*(f"{folder}/*{suffix}" for folder in _FOLDERS for suffix in SUFFIXES), *_FILES)


@dataclass(frozen=True, slots=True)
class Source:
    """The source as it was when it was read."""

    git: GitState
    """The state of the repository, if it is that of the project; `is_dirty` also where a file is
    hidden from git's own look."""
    commit: str | None
    """None: no repository, no commit or none that holds the source, so that all files are
    copied."""
    hashes: dict[str, str]
    """SHA-256 of every source file, by its path within the project."""
    patch: bytes | None
    """The difference to the commit, for readers; what is run again comes from the copies."""
    copies: dict[str, bytes]
    """Files that the commit does not have, or not with this content."""
    obstacles: dict[str, str]
    """Why the source cannot be put together again, by the path that stands in the way."""
    num_other_changes: int
    """Files that were changed or added elsewhere. Their names are nobody's business."""

    @property
    def sha256(self) -> str:
        """One hash for all of it."""
        return combined_hash(self.hashes)

    def write(self, folder: Path) -> None:
        """Leaves in `folder`, which appears whole, what rebuilding the source needs beside the
        commit: files.json, and the copies below untracked/; for readers changes.patch."""
        with lent_folder(folder.parent) as prepared:
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
                    "obstacles": self.obstacles,
                    "other_changes": self.num_other_changes,
                },
            )
            prepared.rename(folder)


def read_source(git: GitState, project: Path = PROJECT) -> Source:
    """Reads which files the source consists of, and what git does not have of them.

    Args:
        git: state of the repository that holds the project.
    """
    contents, obstacles = _read_files(project)
    commit, blobs = git.commit, {}
    if commit is not None:
        found = blobs_of(commit, project)
        if found:
            blobs = found
        else:
            # Of a repository that holds none of the source, the commit says nothing about it.
            commit, git = None, git if found is None else GitState()
    changed = [name for name, content in contents.items() if not _is_blob(content, blobs.get(name))]
    if commit is not None and git.is_dirty is False and _hidden(changed, project):
        git = replace(git, is_dirty=True)
    if commit is not None or _is_top(project):
        unknown = [name for name in changed if name != LOCAL]
        obstacles |= dict.fromkeys(_ignored(unknown, project), "is ignored by git")
    copied = [name for name in changed if name not in obstacles]
    obstacles |= _other_obstacles(project, blobs)
    return Source(
        git=git,
        commit=commit,
        hashes={name: hashlib.sha256(content).hexdigest() for name, content in contents.items()},
        patch=git_output(project, *_DIFF, commit, "--", *_PATHSPECS) if commit and copied else None,
        copies={name: contents[name] for name in copied},
        obstacles=dict(sorted(obstacles.items())),
        num_other_changes=_num_other_changes(project) if commit and git.is_dirty else 0,
    )


def source_hashes(project: Path) -> dict[str, str]:
    """SHA-256 of every source file of a project, by its path, in the order of the paths."""
    contents, _ = _read_files(project)
    return {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()}


def combined_hash(hashes: Mapping[str, str]) -> str:
    lines = "".join(f"{sha256}  {name}\n" for name, sha256 in sorted(hashes.items()))
    return hashlib.sha256(lines.encode("utf-8", errors="surrogateescape")).hexdigest()


def is_source(name: str) -> bool:
    """Whether a path within the project is one that a source file can have."""
    parts = PurePosixPath(name).parts
    return name in _FILES or (
        is_within_project(name)
        and len(parts) > 1
        and parts[0] in _FOLDERS
        and not any(part.startswith(".") for part in parts)
        and "__pycache__" not in parts
        and name.endswith(SUFFIXES)
    )


def is_within_project(name: str) -> bool:
    """Whether a path that stands in a record is a plain one, and leads nowhere else."""
    try:
        os.fsencode(name)
    except UnicodeEncodeError:
        return False
    parts = name.split("/")
    return "\0" not in name and not {"", ".", ".."} & {*parts} and ".git" not in parts


def read_regular_file(path: Path) -> bytes | None:
    """A file's content. None: it is a folder, a pipe, a link to nothing, or gone.

    Raises:
        OSError: it is there and cannot be read.
    """
    try:
        # A pipe would be waited for.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    except (FileNotFoundError, NotADirectoryError):
        return None
    with open(descriptor, "rb") as handle:
        return handle.read() if stat.S_ISREG(os.fstat(descriptor).st_mode) else None


def blobs_of(commit: str, project: Path) -> dict[str, str] | None:
    """Git's name for the content of every file that a commit has in `PLACES`, by its path.

    None: the commit cannot be read.
    """
    listed = git_output(project, "ls-tree", "-r", "-z", commit, "--", *PLACES)
    if listed is None:
        return None
    blobs = {}
    for line in filter(None, listed.split(b"\0")):
        facts, _, name = line.partition(b"\t")
        mode, _, blob = facts.split()
        # A link is followed by whoever opens it, so its target's content counts, which git has not.
        if mode.startswith(b"100"):
            blobs[os.fsdecode(name)] = blob.decode()
    return blobs


def sentence_about(obstacles: Mapping[str, object]) -> str:
    """Says that a source cannot be put together again, and why."""
    named = [f"{name} {reason}" for name, reason in list(obstacles.items())[:MAX_NAMED]]
    more = len(obstacles) - len(named)
    return (
        f"This run cannot be rebuilt: {'; '.join(named)}{f'; and {more} more' if more else ''}. "
        "Commit what it needs, and start it again."
    )


def _is_blob(content: bytes, blob: str | None) -> bool:
    """Whether git's name for a content is this one."""
    if blob is None:
        return False
    # The length tells which of its two hashes a repository uses.
    digest = hashlib.new("sha1" if len(blob) == 40 else "sha256", usedforsecurity=False)
    digest.update(b"blob %d\0" % len(content))
    digest.update(content)
    return digest.hexdigest() == blob


def _read_files(project: Path) -> tuple[dict[str, bytes], dict[str, str]]:
    """Content of every source file by its path, and what is there and cannot be read."""
    contents, obstacles = {}, {}
    for name in sorted(set(_files_below(project))):
        if (project / name).is_dir():
            obstacles[name] = "is a link to a folder, which is not followed"
        elif is_source(name):
            try:
                content = read_regular_file(project / name)
            except OSError as error:
                obstacles[name] = f"cannot be read ({error.strerror})"
                continue
            if content is not None:
                contents[name] = content
    return contents, obstacles


def _files_below(project: Path) -> Iterator[str]:
    """Paths within the project of what lies where source lies, whatever it is; folders are none,
    but for links to them."""
    yield from _FILES
    for folder, subfolders, files in _walk(project):
        links = [name for name in subfolders if (folder / name).is_symlink()]
        yield from ((folder / name).relative_to(project).as_posix() for name in (*files, *links))


def _walk(project: Path) -> Iterator[tuple[Path, list[str], list[str]]]:
    """As `os.walk`, through the folders that Python or Hydra would look into."""
    for place in _FOLDERS:
        for folder, subfolders, files in os.walk(project / place):
            subfolders[:] = [
                name for name in subfolders if not name.startswith(".") and name != "__pycache__"
            ]
            yield Path(folder), subfolders, files


def _other_obstacles(project: Path, blobs: Mapping[str, str]) -> dict[str, str]:
    """What a run can use and is no source: compiled code, and tracked files of other kinds that
    were changed."""
    obstacles = {}
    for name in _files_below(project):
        is_compiled = name.endswith(_COMPILED)
        if is_source(name) or not (is_compiled or name in blobs):
            continue
        with suppress(OSError):
            content = read_regular_file(project / name)
            if content is not None and not _is_blob(content, blobs.get(name)):
                what = "is compiled" if is_compiled else "was changed and is no code"
                obstacles[name] = f"{what}, so it is not kept"
    return obstacles


def _hidden(names: Collection[str], project: Path) -> bool:
    """Whether git was told not to look at one of these files (skip-worktree, assume-unchanged)."""
    listed = git_entries(project, "ls-files", "-v", "-z", "--", *PLACES)
    entries = (line.partition(" ") for line in listed)
    return any(name in names for tag, _, name in entries if tag == "S" or tag.islower())


def _is_top(project: Path) -> bool:
    """Whether a repository begins with the project, rather than somewhere above it."""
    return git_output(project, "rev-parse", "--show-prefix") == b"\n"


def _ignored(names: Iterable[str], project: Path) -> list[str]:
    """Those that git ignores, by the project's repository or by one that lies within it."""
    ignored = set(git_entries(project, *UNTRACKED, "--ignored", "--", *PLACES))
    for root in (folder for folder, _, _ in _walk(project) if (folder / ".git").exists()):
        below = root.relative_to(project)
        listed = git_entries(root, *UNTRACKED, "--ignored")
        ignored |= {(below / name).as_posix() for name in listed}
    # A repository that is ignored as a whole stands there as its folder.
    ignored = {name.rstrip("/") for name in ignored}
    return [
        name
        for name in names
        if name in ignored or any(str(parent) in ignored for parent in PurePosixPath(name).parents)
    ]


# For readers, so it looks the same whatever the user's configuration says.
_DIFF = (
    *("-c", "diff.noprefix=false", "-c", "diff.mnemonicPrefix=false", "diff", "--relative"),
    *("--binary", "--full-index", "--no-ext-diff", "--no-textconv", "--no-color", "--no-renames"),
    *("--unified=3", "--ignore-submodules"),
)


def _num_other_changes(project: Path) -> int:
    what = ("--relative", "--name-only", "--no-ext-diff", "--ignore-submodules=dirty", "-z")
    changed = git_entries(project, "diff", *what, "HEAD")
    names = {*changed, *git_entries(project, *UNTRACKED)}
    return sum(not is_source(name) for name in names)
