"""Where posts are read from, and which columns and spellings say what they are."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from types import MappingProxyType
from typing import NamedTuple

from mental_health_classifier.contracts import InputError
from mental_health_classifier.data.reading.account import Account
from mental_health_classifier.data.reading.names import by_spelling
from mental_health_classifier.data.reading.shipped_parts import pooled_parts
from mental_health_classifier.data.reading.spellings import folded
from mental_health_classifier.data.reading.table_files import TableFile
from mental_health_classifier.data.reading.tables import (
    GROUPS,
    Columns,
    files_to_read,
    num_unread_folders,
    read_rows,
)

MAX_SEVERITY = 100
UNREAD_FOLDER = "folder beside the files, of which nothing is read"
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
        if type(level) is not int or not 0 <= level <= MAX_SEVERITY:
            raise InputError(
                f"data.severity_levels gives {raw!r} the level {level!r}; a whole number from 0 to "
                f"{MAX_SEVERITY} was expected. Change it."
            )
    return by_spelling(levels, "data.severity_levels", "levels")
