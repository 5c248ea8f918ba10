"""Guess of which columns of a table hold texts, labels and authors, with the reason of each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import islice
from typing import NamedTuple

from mental_health_classifier.console.wording import alternatives, count
from mental_health_classifier.contracts import InputError
from mental_health_classifier.data.reading.delimited import WRONG_NUMBER
from mental_health_classifier.data.reading.names import are_column_names, is_name, unlike_classes
from mental_health_classifier.data.reading.shipped_parts import PART_SPELLINGS
from mental_health_classifier.data.reading.spellings import folded
from mental_health_classifier.data.reading.table_files import NO_TEXT
from mental_health_classifier.data.reading.table_formats import open_table
from mental_health_classifier.data.reading.tables import NO_COLUMN, ROLES, files_to_read

USUAL_NAMES = {
    "id": ("id",),
    "text": (
        *("text", "post", "body", "selftext", "content", "tweet", "message", "comment"),
        *("post_text", "full_text", "sentence", "statement", "utterance", "document"),
    ),
    "label": (
        *("label", "labels", "class", "class_name", "category", "target", "status", "condition"),
        *("diagnosis", "sentiment", "y"),
    ),
    "author": (
        *("author", "user", "user_name", "user_id", "author_id", "author_name", "posted_by"),
        *("poster", "screen_name", "handle", "redditor", "participant", "participant_id"),
        *("patient_id", "subject_id"),
    ),
    "split": ("split", "partition", "subset", "set"),
    "severity": ("severity",),
}
"""Names of columns by what they usually hold, the most usual first, in any spelling: User ID."""
_SHORTEST_TEXT = 20
"""Characters of a post on average: shorter cells are names or numbers."""
_MOST_CLASSES = 50
_ROWS_THAT_TELL = 1000


class Guess(NamedTuple):
    column: str
    reason: str


def guess_columns(
    header: Sequence[str], rows: Sequence[Sequence[str]], given: Mapping[str, str]
) -> dict[str, Guess]:
    """What each role is read from; a role that nothing is found for is left out.

    Args:
        header: names of the columns.
        rows: the first rows, in the order of the header.
        given: columns that the user names, by role.

    Raises:
        InputError: nothing looks like texts or labels, or a column is not there.
    """
    found = {}
    for role in ROLES:
        if role in given:
            if given[role] not in header:
                if given[role] == NO_COLUMN and role not in ("text", "label"):
                    continue
                raise InputError(
                    f"There is no column {given[role]!r} for {role}."
                    + alternatives(given[role], header)
                )
            found[role] = Guess(given[role], "as you said")
        elif role in header:
            found[role] = Guess(role, "by its name")
        elif usual := _usual(role, header, {guess.column for guess in found.values()}):
            cells = {folded(row[header.index(usual)]) for row in rows}
            # The others are usual for more than parts.
            if role != "split" or cells <= {"", *PART_SPELLINGS}:
                found[role] = Guess(usual, "a usual name")
    taken = {guess.column for guess in found.values()}
    by_column = {
        name: [row[place] for row in rows] for place, name in enumerate(header) if name not in taken
    }
    if "text" not in found and (text := _longest(by_column)):
        found["text"] = Guess(text, "the longest cells")
        del by_column[text]
    if "label" not in found and (labels := _fewest_values(by_column)):
        others = f", like those of {', '.join(labels[1:])}" if labels[1:] else ""
        found["label"] = Guess(labels[0], f"few short values that come again and again{others}")
    for role in ("text", "label"):
        if role not in found:
            raise InputError(
                f"No column, of {len(header)}, looks as if it held {role}s. Does the first row "
                f"hold the names of the columns? Then say which one does: --column {role}=NAME"
            )
    return {role: found[role] for role in ROLES if role in found}


def _usual(role: str, header: Sequence[str], taken: set[str]) -> str | None:
    """The first of the usual names that a column has, in whatever spelling."""
    by_letters = {_letters(name): name for name in header if name not in taken}
    usual = map(_letters, USUAL_NAMES[role])
    return next((by_letters[name] for name in usual if name in by_letters), None)


def _letters(name: str) -> str:
    """Equal for user_id, User ID and UserId."""
    return "".join(filter(str.isalnum, folded(name)))


def _longest(by_column: Mapping[str, Sequence[str]]) -> str | None:
    lengths = {n: sum(map(len, cells)) / max(1, len(cells)) for n, cells in by_column.items()}
    longest = max(lengths, key=lambda name: lengths[name], default=None)
    return longest if longest is not None and lengths[longest] >= _SHORTEST_TEXT else None


def _fewest_values(by_column: Mapping[str, Sequence[str]]) -> list[str]:
    """The columns that may hold classes, those of the fewest values."""
    kinds = {name: {folded(cell) for cell in cells} for name, cells in by_column.items()}
    classes = {
        name: len(values)
        for name, values in kinds.items()
        if 2 <= len(values) <= min(_MOST_CLASSES, len(by_column[name]) / 2)
        and all(is_name(value) for value in values if value)
        and unlike_classes([*values]) is None
    }
    return [name for name, number in classes.items() if number == min(classes.values())]


class Columns(NamedTuple):
    found: Mapping[str, Guess]
    """By role."""
    unused: Sequence[str]
    unread_sheets: Sequence[str]
    """Of a spreadsheet, by name."""


def survey_columns(path: str, given: Mapping[str, str], encoding: str | None = None) -> Columns:
    """Which columns of a file, or of the first file of a folder, hold what.

    Args:
        path, encoding: see `files_to_read`.
        given: columns that the user names, by role.

    Raises:
        InputError: the file cannot be read, or does not say what its columns are.
    """
    (file, _), *_ = files_to_read(path, None, encoding)
    table = open_table(file)
    every_name = table.later_columns() if table.later_columns else table.columns
    header = list(filter(None, dict.fromkeys(every_name)))
    first = [row for _, row in islice(table.rows(header, lambda *_: None), _ROWS_THAT_TELL)]
    cells = [row for row in first if not isinstance(row, str)]
    # Objects can stand in columns that nobody reads.
    reasons = Counter(row for row in first if isinstance(row, str) and row != NO_TEXT)
    if not header and not first:
        raise InputError(
            f"{file.name} is empty: names of columns, such as text and label, and a row for each "
            "post were expected."
        )
    if sum(reasons.values()) > len(cells):
        (reason, number), *_ = reasons.most_common()
        hint = (
            f", where the first row has {count(len(every_name), 'cell')}. Does it name the "
            "columns, and do double quotes stand around cells that hold delimiters?"
        )
        raise InputError(
            f"Most rows of {file.name} cannot be read: {reason}, in {number:,} of the first "
            f"{len(first):,}{hint if reason == WRONG_NUMBER else '. Correct them.'}"
        )
    if not header or not are_column_names(header, cells):
        raise InputError(
            f"The first row of {file.name} does not hold names of columns, as it should: it has "
            f"{count(len(every_name), 'cell')}, not shown because they may be those of a post. Put "
            "a row of names above it, such as text and label."
        )
    found = guess_columns(header, cells, given)
    taken = {guess.column for guess in found.values()}
    return Columns(found, [name for name in header if name not in taken], table.unread_sheets)
