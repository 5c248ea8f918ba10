"""How a writer of CSV or TSV separates and quotes cells, guessed from the first lines."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

LINES_BEYOND_CHANCE = 4
"""So many lines do not each happen to look like rows."""
_DELIMITERS = (",", ";", "\t", "|")


class Manner(NamedTuple):
    """How a writer separates and quotes cells."""

    delimiter: str
    is_spaced: bool = False
    """Whether spaces stand before cells that are no part of them."""
    is_escaped: bool = False
    """Whether a backslash stands before quotes inside a cell, which are not doubled."""

    def reader(self, lines: Iterable[str], **more: Any) -> Iterator[list[str]]:
        return csv.reader(
            lines,
            delimiter=self.delimiter,
            skipinitialspace=self.is_spaced,
            **{"escapechar": "\\" if self.is_escaped else None, **more},
        )

    def alone(self, line: str) -> list[str]:
        """The cells of a line that is read without those after it."""
        return next(self.reader([line]), [])

    def plain(self, line: str) -> list[str]:
        """The same with quotes as plain signs."""
        return next(self.reader([line], quoting=csv.QUOTE_NONE, escapechar=None), [])


def manner_of(lines: Sequence[str], delimiter: str) -> Manner:
    """How the writer of some lines separates and quotes cells.

    Spaces are no part of cells where they stand before all names but the first, or before quotes in
    most lines. A backslash escapes where that alone makes rows of lines.
    """
    plain = Manner(delimiter)
    rows = [line for line in lines if line.strip()]
    others = plain.plain(rows[0])[1:] if rows else []
    before_quote = re.compile(rf'{re.escape(delimiter)} +"(?!")')
    num_spaced = sum(bool(before_quote.search(line)) for line in rows[1:])
    is_spaced = bool(others) and all(name.startswith(" ") for name in others)
    manner = plain._replace(is_spaced=is_spaced or 2 * num_spaced > len(rows[1:]))
    escaped = manner._replace(is_escaped=True)
    with_backslash = [line for line in rows[1:] if '\\"' in line]
    width = len(manner.alone(rows[0])) if rows else 0
    num_read, num_escaped = (
        sum(_is_whole(each, line, width) for line in with_backslash) for each in (manner, escaped)
    )
    is_escaped = num_escaped >= max(LINES_BEYOND_CHANCE, 2 * num_read, len(with_backslash) / 2)
    return escaped if is_escaped else manner


def _is_whole(manner: Manner, line: str, width: int) -> bool:
    """Whether a line is a row whose quotes are in order."""
    try:
        return is_of_width(next(manner.reader([line], strict=True), []), width)
    except csv.Error:
        return False


def is_of_width(cells: Sequence[str], width: int) -> bool:
    """Whether a row has a cell for each column, and nothing in those beyond: some writers end each
    row with delimiters."""
    return len(cells) >= width and not any(cells[width:])


def delimiter_of(lines: Sequence[str], usual: str) -> str:
    """The usual delimiter, unless it separates nothing in the header and another does in all."""
    rows = [line for line in lines if line.strip()]
    if not rows or len(Manner(usual).alone(rows[0])) > 1:
        return usual
    for other in map(Manner, _DELIMITERS):
        width = len(other.alone(rows[0]))
        # Cells in quotes may run over lines, and quotes that are none swallow them.
        by_rows = [len(cells) for cells in other.reader(lines) if any(cells)]
        by_lines = [len(other.alone(row)) for row in rows]
        is_usual = any(2 * each.count(width) > len(each) for each in (by_rows, by_lines))
        if width > 1 and is_usual:
            return other.delimiter
    return usual
