"""Guess of which columns of a table hold texts, labels and authors, with the reason of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from mental_health_classifier.contracts import InputError
from mental_health_classifier.data.reading.names import is_name
from mental_health_classifier.data.reading.spellings import folded
from mental_health_classifier.data.reading.tables import ROLES

USUAL_NAMES = {
    "text": (
        *("text", "post", "body", "selftext", "content", "tweet", "message", "comment"),
        *("post_text", "full_text", "sentence", "statement", "utterance", "document"),
    ),
    "label": (
        *("label", "labels", "class", "class_name", "category", "target", "status", "condition"),
        *("diagnosis", "sentiment", "y"),
    ),
    "author": ("author", "user", "username", "user_name", "user_id", "userid", "author_id"),
}
"""Folded names of columns by what they usually hold, the most usual first."""
_SHORTEST_TEXT = 20
"""Characters of a post on average: shorter cells are names or numbers."""
_MOST_CLASSES = 50


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
                raise InputError(
                    f"There is no column {given[role]!r} for {role}; there are {len(header)} "
                    "columns. Name another one."
                )
            found[role] = Guess(given[role], "as you said")
        elif role in header:
            found[role] = Guess(role, "by its name")
        elif usual := _usual(role, header, {guess.column for guess in found.values()}):
            found[role] = Guess(usual, "a usual name")
    taken = {guess.column for guess in found.values()}
    by_column = {
        name: [row[place] for row in rows] for place, name in enumerate(header) if name not in taken
    }
    if "text" not in found and (text := _longest(by_column)):
        found["text"] = Guess(text, "the longest cells")
        del by_column[text]
    if "label" not in found and (label := _fewest_values(by_column)):
        found["label"] = Guess(label, "few short values that come again and again")
    for role in ("text", "label"):
        if role not in found:
            raise InputError(
                f"No column, of {len(header)}, looks as if it held {role}s. Say which one does: "
                f"--column {role}=NAME"
            )
    return {role: found[role] for role in ROLES if role in found}


def _usual(role: str, header: Sequence[str], taken: set[str]) -> str | None:
    """The first of the usual names that a column has, in whatever spelling."""
    by_fold = {folded(name): name for name in header if name not in taken}
    return next((by_fold[n] for n in USUAL_NAMES.get(role, ()) if n in by_fold), None)


def _longest(by_column: Mapping[str, Sequence[str]]) -> str | None:
    lengths = {n: sum(map(len, cells)) / max(1, len(cells)) for n, cells in by_column.items()}
    longest = max(lengths, key=lambda name: lengths[name], default=None)
    return longest if longest is not None and lengths[longest] >= _SHORTEST_TEXT else None


def _fewest_values(by_column: Mapping[str, Sequence[str]]) -> str | None:
    kinds = {name: {folded(cell) for cell in cells} for name, cells in by_column.items()}
    classes = {
        name: len(values)
        for name, values in kinds.items()
        if 2 <= len(values) <= min(_MOST_CLASSES, len(by_column[name]) / 2)
        and all(is_name(value) for value in values if value)
    }
    return min(classes, key=lambda name: classes[name], default=None)
