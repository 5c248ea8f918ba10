"""Cleaning of rows into posts, with an account of what was dropped and why."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from types import MappingProxyType
from typing import NamedTuple

from mental_health_classifier.contracts import PARTS, InputError
from mental_health_classifier.data.reading.account import Account
from mental_health_classifier.data.reading.identity import row_digest
from mental_health_classifier.data.reading.names import by_spelling
from mental_health_classifier.data.reading.scrubbing import scrub
from mental_health_classifier.data.reading.shipped_parts import PART_SPELLINGS, pooled_parts
from mental_health_classifier.data.reading.spellings import (
    folded,
    folded_author,
    is_missing,
    names_in_list,
)
from mental_health_classifier.data.reading.table_files import TableFile
from mental_health_classifier.data.reading.tables import (
    GROUPS,
    NO_COLUMN,
    Columns,
    files_to_read,
    num_unread_folders,
    read_rows,
)
from mental_health_classifier.data.reading.words import is_unspaced

MAX_CHARACTERS = 100_000
"""A longer text is no post but a row that swallowed its neighbours."""
_MAX_SEVERITY = 100
NO_LABEL = "missing label"
LISTED_LABEL = "label that stands in a list of its own, taken for the label"
SEVERAL_LABELS = "list of several labels where one was expected"
UNKNOWN_LABEL = "unknown label"
"""Why rows are dropped whose label `data.labels` does not know."""
NO_AUTHOR = "no author ([deleted], nan, AutoModerator and the like): each post stands for itself"
NO_SPACES = "text without spaces between words, each run of signs a word: put spaces there first"
UNREAD_FOLDER = "folder beside the files, of which nothing is read"
NO_SEVERITY = "severity that is no level, taken for unknown"
SOURCE = "source"
"""The group that says which community a post is from."""
UNLABELLED: Mapping[str, str] = MappingProxyType({"": "unlabelled"})
"""`data.labels` of posts without a column of labels: an empty cell makes them one class."""
_NONE: Mapping[str, str] = MappingProxyType({})
_GROUP_NAME = re.compile(r"[\w-]+")


class RawRow(NamedTuple):
    file: int
    """Place of the file among those that are read."""
    number: int
    cells: list[str] | str
    """In the order of `tables.read_rows`, or why there are none."""


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


@dataclass(frozen=True, slots=True)
class Source:
    """Where posts are read from, and how a row becomes a post."""

    files: Sequence[tuple[TableFile, str | None]]
    """Each file, and the part that it holds."""
    columns: Columns
    labels: Mapping[str, str] | None
    """Class of each folded spelling. None: labels are the classes."""
    severity_levels: Mapping[str, int] | None
    """Level of each folded spelling. None: the column's whole numbers."""
    kept_columns: Mapping[str, str]
    """Columns whose cells are kept as they are, each with the configuration key that names it."""
    group_names: Sequence[str] = ()
    """What the posts are told apart by when a model is judged, as `columns` has it in `groups`."""
    unread_folders: int = 0
    """How many lie beside the files, where these are those of a folder."""

    @classmethod
    def of(
        cls,
        path: str | None,
        *,
        files: Mapping[str, str] | None = None,
        columns: Columns = _NONE,
        labels: Mapping[str, str] | Sequence[str] | None = None,
        severity_levels: Mapping[str, int] | None = None,
        kept_columns: Mapping[str, str] = _NONE,
        encoding: str | None = None,
    ) -> Source:
        """Looks for the files and checks what the configuration says of them.

        Args:
            path: a file or folder, see `files_to_read`.
            files: file name for each part of a corpus that ships a split.
            columns: which columns hold `id`, `text` (several are joined), `label`, `author`,
                `split`, `severity`. None: the column of that name, where there is one; an empty
                list: no column. And
                `source` (the community a post is from) and a list of `groups` (columns such as
                gender), whose values are few; None: no column.
            labels: class for each spelling of a label as `folded` has it: {SPELLING: CLASS}, or
                ["SPELLING=CLASS", ...], in which spellings may hold any sign.
            severity_levels: level from 0 for each spelling of the severity.
            kept_columns: further columns, each with the configuration key that names it.
            encoding: of the files, see `TableFile`.

        Raises:
            InputError: a file is missing, or a map contradicts itself.
        """
        group_names, columns = _with_groups(columns)
        found = files_to_read(path, files, encoding)
        return cls(
            files=found,
            columns=columns,
            labels=None if labels is None else fold_labels(labels),
            severity_levels=None if severity_levels is None else _fold_levels(severity_levels),
            group_names=group_names,
            kept_columns=kept_columns,
            unread_folders=0 if files else num_unread_folders(path, [file for file, _ in found]),
        )

    @property
    def pooled_parts(self) -> str | None:
        """See `shipped_parts.pooled_parts`."""
        return pooled_parts([part for _, part in self.files], [f.path for f, _ in self.files])

    def rows(self, account: Account) -> Iterator[RawRow]:
        """Every row that is not blank, in the order of the files; notes in the account what there
        is to say of one, and of the files."""
        if self.unread_folders:
            account.note(UNREAD_FOLDER, num_rows=self.unread_folders)
        for place, (file, _) in enumerate(self.files):

            def note(reason: str, row: int, place: int = place) -> None:
                account.note(reason, self.reference(place, row))

            for number, cells in read_rows(file, self.columns, self.kept_columns, note):
                yield RawRow(place, number, cells)

    def reference(self, file: int, row: int) -> str:
        """How messages and records refer to a row."""
        return f"{self.files[file][0].name}:{row}"

    def row_id(self, file: int, row: int) -> str:
        """What stands for the id of a post that has none; it is not to be shown."""
        path, first = self.files[file][0].path, self.files[0][0].path
        # Files of two folders can have one name.
        name = path.name if path.parent == first.parent else f"{path.parent.name}/{path.name}"
        return f"{name}:{row}"


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


def _with_groups(columns: Columns) -> tuple[list[str], Columns]:
    """Names of the groups, and the columns with that of each under `groups`."""
    named = columns.get(GROUPS) or ()
    names = [each.strip() for each in named.split(",")] if isinstance(named, str) else list(named)
    places = list(names)
    source = columns.get(SOURCE)
    if source is not None:
        names, places = [SOURCE, *names], [str(source), *places]
    for role, other in combinations(("text", "label", "author"), 2):
        if shared := _listed(columns.get(role)) & _listed(columns.get(other)):
            raise InputError(
                f"data.columns.{other}={shared.pop()}: that column holds the {role}. Name another, "
                "or none: []."
            )
    for name in names:
        if not _GROUP_NAME.fullmatch(name) or names.count(name) > 1:
            raise InputError(
                f"data.columns.groups names {name!r}: columns were expected that are named once, "
                "by letters, digits, - and _. Rename the column in the file, or leave it out."
            )
    return names, {**columns, GROUPS: places}


def _listed(column: str | Sequence[str] | None) -> set[str]:
    return set() if column is None else {column} if isinstance(column, str) else set(column)


def fold_labels(labels: Mapping[str, str] | Sequence[str]) -> dict[str, str]:
    """The class of each folded spelling.

    Raises:
        InputError: an entry of a list is not SPELLING=CLASS, or a spelling has two classes.
    """
    if isinstance(labels, Mapping):
        return by_spelling(
            {raw: str(name) for raw, name in labels.items()}, "data.labels", "classes"
        )
    names: dict[str, str] = {}
    for each in labels:
        # A spelling can hold the sign, a class has no need of it.
        spelling, _, name = str(each).rpartition("=")
        if not spelling.strip() or not name.strip():
            raise InputError(
                "data.labels is a list, so each of its entries has to be SPELLING=CLASS: "
                'data.labels=["I\'m fine, thanks=control", "suicidal=suicide"].'
            )
        if names.setdefault(folded(spelling), name.strip()) != name.strip():
            raise InputError(f"data.labels gives two classes to {folded(spelling)!r}. Keep one.")
    return names


def _fold_levels(levels: Mapping[str, int]) -> dict[str, int]:
    for raw, level in levels.items():
        if type(level) is not int or not 0 <= level <= _MAX_SEVERITY:
            raise InputError(
                f"data.severity_levels gives {raw!r} the level {level!r}; a whole number from 0 to "
                f"{_MAX_SEVERITY} was expected. Change it."
            )
    return by_spelling(levels, "data.severity_levels", "levels")


def _severity(cell: str, levels: Mapping[str, int] | None) -> int:
    cell = folded(cell)
    if levels is not None:
        return levels.get(cell, -1)
    is_level = cell.isascii() and cell.isdigit() and len(cell) <= 3
    return int(cell) if is_level and int(cell) <= _MAX_SEVERITY else -1
