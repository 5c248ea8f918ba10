"""Test for cells that look like names, and so may be shown and recorded as they are."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from mental_health_classifier.contracts import InputError
from mental_health_classifier.data.reading.spellings import folded

T = TypeVar("T")

LONGEST_NAME = 40
MOST_WORDS = 5
A_NAME = f"{LONGEST_NAME} characters and {MOST_WORDS} words at most were expected, and no sentence"
"""What `is_name` asks for, in messages about several values."""
_MOST_WORDS_OF_A_COLUMN = 3
_DELIMITERS = ",;|"
_ENDS_OF_SENTENCES = (".", "!", "?", "…")
_DATE = re.compile(r"(?:\d{4}([-/.])\d{1,2}\1\d{1,2}|\d{1,2}([-/.])\d{1,2}\2\d{2,4})(?:[t ].*)?")
_MEASURE = re.compile(r"[+-]?\d*[.,]?\d+(?:e[+-]?\d+)? ?%?")


def is_name(value: str) -> bool:
    """Whether a value may name a class, an answer or a group, rather than being a post.

    Such names are written into messages, records and figures as they are. Where a header is missing
    or the cells of a row have slipped, posts stand in their place: a name is short, of few words,
    on one line, and no sentence.
    """
    return (
        0 < len(value) <= LONGEST_NAME
        and len(value.split()) <= MOST_WORDS
        and not value.endswith(_ENDS_OF_SENTENCES)
        and not any(unicodedata.category(character) == "Cc" for character in value)
    )


def unlike_names(values: Sequence[str]) -> str | None:
    """Which of some cells are no names, as a message may say: signs that are no words as they are,
    others by their number and length. None: all are names."""
    unlike = [value for value in values if not is_name(value)]
    if not unlike:
        return None
    longest = max(map(len, unlike))
    if longest > LONGEST_NAME or any(map(str.isalnum, "".join(unlike))):
        return f"{len(unlike)} of {len(values)}, the longest of {longest:,} characters"
    return ", ".join(map(repr, unlike))


def unlike_classes(names: Sequence[str]) -> str | None:
    """What most labels are that stand for no classes: `dates`, or `numbers with fractions`. None:
    they may be classes."""
    dates = sum(bool(_DATE.fullmatch(name)) for name in names)
    measures = [name for name in names if _MEASURE.fullmatch(name)]
    if names and 2 * dates > len(names):
        return "dates"
    if 2 * len(measures) > len(names) and any(set(name) & set(".,%") for name in measures):
        return "numbers with fractions"
    return None


def by_spelling(given: Mapping[Any, T], key: str, what: str) -> dict[str, T]:
    """What each spelling stands for, by its folded form.

    Args:
        key: of the mapping in the configuration, as the message names it.
        what: spellings stand for, as the message names it.

    Raises:
        InputError: two spellings that are alike stand for different things.
    """
    known: dict[str, T] = {}
    for raw, value in given.items():
        if known.setdefault(folded(raw), value) != value:
            raise InputError(
                f"{key} gives two {what} to {folded(raw)!r}: {known[folded(raw)]} and {value}. "
                "Keep one."
            )
    return known


def are_column_names(header: Sequence[str], cells_below: Sequence[Sequence[str]]) -> bool:
    """Whether a first row names columns, rather than being a post with its label and author.

    Args:
        header: the row. A column may lack a name, as that of row numbers does that pandas writes.
        cells_below: some rows below it. A label or an author comes again there, a name does not.
    """
    recurring = {
        name
        for cells in cells_below
        for name, cell in zip(header, cells, strict=True)
        if name and name == cell.strip()
    }
    named = [name for name in header if name]
    return (
        bool(named)
        and not recurring
        and all(
            is_name(name)
            and len(name.split()) <= _MOST_WORDS_OF_A_COLUMN
            and any(character.isalpha() for character in name)
            # A whole row of a file that separates its cells otherwise stands in one.
            and not any(delimiter in name for delimiter in _DELIMITERS)
            for name in named
        )
    )
