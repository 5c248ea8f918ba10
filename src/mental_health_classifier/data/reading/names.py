"""Test for cells that look like names, and so may be shown and recorded as they are."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

LONGEST_NAME = 40
MOST_WORDS = 5
_MOST_WORDS_OF_A_COLUMN = 3
_DELIMITERS = ",;|"
_ENDS_OF_SENTENCES = (".", "!", "?", "…")


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


def are_column_names(header: Sequence[str], cells_below: Sequence[Sequence[str]]) -> bool:
    """Whether a first row names columns, rather than being a post with its label and author.

    Args:
        header: the row.
        cells_below: some rows below it. A label or an author comes again there, a name does not.
    """
    recurring = {
        name
        for cells in cells_below
        for name, cell in zip(header, cells, strict=True)
        if name == cell.strip()
    }
    return not recurring and all(
        is_name(name)
        and len(name.split()) <= _MOST_WORDS_OF_A_COLUMN
        and any(character.isalpha() for character in name)
        # A whole row of a file that separates its cells otherwise stands in one.
        and not any(delimiter in name for delimiter in _DELIMITERS)
        for name in header
    )
