"""Notes, tags and names that people give a run later, in annotations.jsonl beside its record.

Lines are only added, each with who wrote it and when. The record itself stays as the run left it:
the file has no checksum there, and a run is the same whatever is said of it.
"""

from __future__ import annotations

import fcntl
import getpass
import os
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast

from mental_health_classifier.contracts import InputError
from mental_health_classifier.storage.files import place_in
from mental_health_classifier.storage.json_lines import append_record, open_records, read_records
from mental_health_classifier.storage.locks import take_lock
from mental_health_classifier.tracking.record.attempts import now

FILE = "annotations.jsonl"
MOST_BYTES = 2**20
"""Of the file of one run."""

Kind = Literal["note", "tag", "untag", "name", "archive", "unarchive"]

LONGEST: dict[str, int] = {"note": 2000, "tag": 60, "untag": 200, "name": 120}
"""Characters by kind. A run can have been started with longer tags than are added here."""

_WITHOUT_TEXT: tuple[Kind, ...] = ("archive", "unarchive")
_LONGEST_WRITER = 60
_LONGEST_MOMENT = 40
_JOINER = "\u200d"
"""Joins emoji; not seen itself, but harmless."""


@dataclass(frozen=True, slots=True)
class Annotation:
    """One thing that somebody said of a run."""

    at: str
    """ISO 8601 in UTC."""
    by: str
    kind: Kind
    text: str
    """Empty for an archive and the way back."""


@dataclass(frozen=True, slots=True)
class Annotations:
    """What people said of a run, in the order in which they did."""

    entries: Sequence[Annotation] = ()
    problem: str | None = None
    """Why some of it or all cannot be read, in a sentence."""

    @property
    def notes(self) -> list[Annotation]:
        return [each for each in self.entries if each.kind == "note"]

    @property
    def name(self) -> Annotation | None:
        """The latest name. None: it is still called as it was recorded."""
        return self._latest("name")

    @property
    def archive(self) -> Annotation | None:
        """Who put the run away. None: it is in sight."""
        latest = self._latest("archive", "unarchive")
        return None if latest is None or latest.kind == "unarchive" else latest

    def tags(self, recorded: Iterable[str]) -> tuple[str, ...]:
        """The tags of now, given those that the run was started with."""
        tags = dict.fromkeys(recorded)
        for each in self.entries:
            if each.kind == "tag":
                tags[each.text] = None
            elif each.kind == "untag":
                tags.pop(each.text, None)
        return tuple(tags)

    def _latest(self, *kinds: Kind) -> Annotation | None:
        return next((each for each in reversed(self.entries) if each.kind in kinds), None)


NOTHING_SAID = Annotations()


def read_annotations(directory: Path | str) -> Annotations:
    """What people said of the run in a directory; never fails, see `Annotations.problem`."""
    path = f"{directory}/{FILE}"
    try:
        records, num_damaged = read_records(path, most_bytes=MOST_BYTES)
    except FileNotFoundError:
        return NOTHING_SAID
    except InputError as error:
        return Annotations(problem=str(error))
    entries = [entry for record in records if (entry := _entry_of(record)) is not None]
    left_out = num_damaged + len(records) - len(entries)
    problem = f"Lines of {path} that were cut or changed and are left out: {left_out}."
    return Annotations(entries, problem if left_out else None)


def annotate(directory: Path, said: Sequence[tuple[Kind, str]], *, by: str | None = None) -> None:
    """Adds what is said to the annotations of the run in a directory, all of it or nothing.

    Several processes can do so at once.

    Args:
        said: kinds and texts.
        by: who says it. None: the user that the process belongs to.

    Raises:
        InputError: a text is empty, too long, or holds what cannot be seen; the run lies in a
            snapshot, which does not change; or so much has been said that no more fits.
    """
    writer = _text("name of a writer", by or _user(), longest=_LONGEST_WRITER)
    lines = [
        {"at": now(), "by": writer, "kind": kind, "text": _text_of(kind, text)}
        for kind, text in said
    ]
    if directory.resolve().parent.name == "runs" and _is_snapshot(directory.resolve().parents[1]):
        raise InputError(
            f"{directory} lies in a snapshot, which stays as it was taken. Annotate the run that "
            "it was taken of."
        )
    with open_records(place_in(directory, FILE)) as handle:
        take_lock(handle.fileno(), fcntl.LOCK_EX)
        before = os.fstat(handle.fileno()).st_size
        try:
            for line in lines:
                append_record(handle, line)
            is_too_much = os.fstat(handle.fileno()).st_size > MOST_BYTES
        except BaseException:  # a full disk, or stopped halfway
            os.ftruncate(handle.fileno(), before)
            raise
        if is_too_much:
            os.ftruncate(handle.fileno(), before)
            raise InputError(
                f"{directory / FILE} holds the {MOST_BYTES // 2**20} MiB that are read of it: "
                "nothing was added. Write more into a file of your own."
            )
        os.fsync(handle.fileno())


def name_of_run(text: str) -> str:
    """A name as runs are renamed to: on one line.

    Raises:
        InputError: it is empty, too long, or holds what cannot be seen.
    """
    return _text_of("name", text)


def _text_of(kind: Kind, text: str) -> str:
    if kind in _WITHOUT_TEXT:
        return ""
    found = _text("tag" if kind == "untag" else kind, text, longest=LONGEST[kind])
    if kind == "tag" and "," in found:
        raise InputError(f"The tag {found!r} holds a comma, which separates tags. Give it as two.")
    return found


def _text(what: str, text: str, *, longest: int) -> str:
    """The text on one line.

    Raises:
        InputError: it is empty, too long, or holds what cannot be seen.
    """
    found = " ".join(text.split())
    if not found:
        raise InputError(f"The {what} is empty: write something.")
    if len(found) > longest:
        raise InputError(
            f"The {what} has {len(found):,} characters; at most {longest:,} are kept. Shorten it."
        )
    if not _is_plain(found):
        shown = found.encode("ascii", errors="backslashreplace").decode()[:80]
        raise InputError(
            f"The {what} holds characters that cannot be seen ({shown!r}): write it without them."
        )
    return found


def _is_plain(text: str) -> bool:
    return text.replace(_JOINER, "").isprintable()


def _entry_of(record: dict[str, Any]) -> Annotation | None:
    """None: this package writes no such line."""
    match record:
        case {"at": str() as at, "by": str() as by, "kind": str() as kind, "text": str() as text}:
            is_short = len(at) <= _LONGEST_MOMENT and 0 < len(by) <= _LONGEST_WRITER
            says_something = 0 < len(text) <= LONGEST.get(kind, 0)
            is_whole = not text if kind in _WITHOUT_TEXT else says_something
            if is_short and is_whole and _is_plain(at + by + text):
                return Annotation(at, by, cast(Kind, kind), text)
    return None


def _user() -> str:
    with suppress(OSError, KeyError, ImportError):  # a container can run as a number without name
        return getpass.getuser()
    return f"user {os.getuid()}"


def _is_snapshot(folder: Path) -> bool:
    return (folder / "manifest.json").is_file()
