"""Cleaning of rows into posts, with an account of what was dropped and why."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from mental_health_classifier.contracts import PARTS, InputError
from mental_health_classifier.data.reading.account import Account
from mental_health_classifier.data.reading.identity import row_digest
from mental_health_classifier.data.reading.scrubbing import scrub
from mental_health_classifier.data.reading.shipped_parts import PART_SPELLINGS
from mental_health_classifier.data.reading.source import MAX_SEVERITY, RawRow, Source
from mental_health_classifier.data.reading.spellings import (
    folded,
    folded_author,
    is_missing,
    names_in_list,
)
from mental_health_classifier.data.reading.tables import NO_COLUMN
from mental_health_classifier.data.reading.words import is_unspaced

MAX_CHARACTERS = 100_000
"""A longer text is no post but a row that swallowed its neighbours."""
NO_LABEL = "missing label"
LISTED_LABEL = "label that stands in a list of its own, taken for the label"
SEVERAL_LABELS = "list of several labels where one was expected"
UNKNOWN_LABEL = "unknown label"
"""Why rows are dropped whose label `data.labels` does not know."""
NO_AUTHOR = "no author ([deleted], nan, AutoModerator and the like): each post stands for itself"
NO_SPACES = "text without spaces between words, each run of signs a word: put spaces there first"
NO_SEVERITY = "severity that is no level, taken for unknown"


class Post(NamedTuple):
    id: str
    """`Source.row_id` where the corpus names none."""
    text: str
    """Scrubbed, white space collapsed, never empty."""
    label: str
    author: str
    """As the file spells it; empty: not known."""
    author_key: str
    """Equal for spellings of one author, see `folded_author`."""
    part: int
    """Place in PARTS of the part that the corpus ships it in, -1 where it ships none."""
    severity: int
    """Level from 0, -1 where none is known."""
    file: int
    row: int
    """As messages refer to the post: a header is row 1, as a spreadsheet counts."""
    text_hash: int
    """Equal for texts that differ in upper and lower case at most, 64 bits."""
    content: bytes
    """`row_digest` of everything that makes the post what it is."""
    groups: tuple[str, ...]
    """What the post is in each of `Source.group_names`, folded; empty: not known."""
    kept: list[str]
    """Cells of the columns that are kept as they are, without white space around them."""


@dataclass(slots=True)
class CleanPosts:
    posts: list[Post] = field(default_factory=list)
    account: Account = field(default_factory=Account)
    labels: Counter[str] = field(default_factory=Counter)
    """Rows of each folded label, where `Source.labels` says which class each is."""
    lost: Counter[str] = field(default_factory=Counter)
    """Rows of each class that cannot be used."""


def clean_rows(rows: Sequence[RawRow], source: Source) -> CleanPosts:
    """Scrubs the text of each row and drops what cannot be used, each row judged by itself.

    Raises:
        InputError: a split column holds no name of a part.
    """
    clean = CleanPosts()
    account = clean.account
    of_no_part = []
    for file, number, cells in rows:
        account.rows_read += 1
        if isinstance(cells, str):
            account.drop(cells, source.reference(file, number))
            continue
        post_id, text, label, author, split, severity, *others = cells
        groups, kept = others[: len(source.group_names)], others[len(source.group_names) :]
        spelled, problem = _label(label, source.labels)
        name = spelled
        if source.labels is not None and spelled is not None:
            clean.labels[spelled] += 1
            name = source.labels.get(spelled)
            problem = UNKNOWN_LABEL if name is None else None
        if len(text) > MAX_CHARACTERS:
            problem = f"text of more than {MAX_CHARACTERS:,} characters"
        else:
            text, scrubbed = scrub(text)
            problem = problem if text else "empty text"
        reference = source.reference(file, number)
        if problem is not None:
            account.drop(problem, reference)
            clean.lost.update(() if name is None else [name])
            continue
        assert name is not None
        account.scrubbed.update(scrubbed)
        if spelled != folded(label):
            account.note(LISTED_LABEL, reference)
        author = author.strip()
        author_key = folded_author(author)
        if author and not author_key:
            author = ""
            account.note(NO_AUTHOR, reference)
        level = _severity(severity, source.severity_levels)
        if level < 0 and source.severity_levels is None and not is_missing(severity):
            account.note(NO_SEVERITY, reference)
        if is_unspaced(text):
            account.note(NO_SPACES, reference)
        part = source.files[file][1]
        if part is None and not is_missing(split):
            part = PART_SPELLINGS.get(folded(split))
            of_no_part += [] if part else [reference]
        clean.posts.append(
            Post(
                id=post_id.strip() or source.row_id(file, number),
                text=text,
                label=name,
                author=author,
                author_key=author_key,
                part=-1 if part is None else PARTS.index(part),
                severity=level,
                file=file,
                row=number,
                text_hash=hash64(text.casefold()),
                content=row_digest((text, name, author, part or "")),
                groups=tuple("" if is_missing(group) else folded(group) for group in groups),
                kept=[cell.strip() for cell in kept],
            )
        )
    if of_no_part:
        raise InputError(
            f"Column {source.columns.get('split') or 'split'!r} has another word than "
            f"{', '.join(PART_SPELLINGS)} in {len(of_no_part):,} of {len(rows):,} rows that were "
            f"looked at, first in {of_no_part[0]}. Correct its cells, name another column, or "
            f"none, so that posts are divided anew: data.columns.split={NO_COLUMN}"
        )
    return clean


def _label(cell: str, labels: Mapping[str, str] | None) -> tuple[str | None, str | None]:
    """The folded label of a cell, or None and why it has none."""
    label = folded(cell)
    if labels is not None and label in labels:  # which can make a class of what else is missing
        return label, None
    names = names_in_list(cell)
    if names is None:
        if not is_missing(cell):
            return label, None
        # Named, since None or NA can be meant as a class.
        return None, f"{NO_LABEL}, written {cell.strip()}" if cell.strip() else NO_LABEL
    if len(names) == 1:
        return folded(names[0]), None
    return None, SEVERAL_LABELS if names else NO_LABEL


def hash64(value: str) -> int:
    return int.from_bytes(hashlib.blake2b(value.encode(), digest_size=8).digest(), "little")


def _severity(cell: str, levels: Mapping[str, int] | None) -> int:
    cell = folded(cell)
    if levels is not None:
        return levels.get(cell, -1)
    is_level = cell.isascii() and cell.isdigit() and len(cell) <= 3
    return int(cell) if is_level and int(cell) <= MAX_SEVERITY else -1
