"""Tables that fit a terminal, printed by rich."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from rich.cells import cell_len, set_cell_size
from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.segment import Segment
from rich.text import Text

from mental_health_classifier.console.wording import printable

ENDLESS = 100_000
"""Characters in a line that nothing is fitted to."""

GAP = 2
"""Spaces between columns."""


def new_console(*, stderr: bool = False) -> Console:
    """A console that prints what it is given: no markup, no emoji codes, no guesses at syntax."""
    return Console(stderr=stderr, markup=False, emoji=False, highlight=False)


def print_table(table_for: Callable[[int | None], RenderableType]) -> None:
    """Prints a table that fits the terminal; into a pipe or a file it goes as wide as it comes."""
    console = new_console()
    if console.is_terminal or "COLUMNS" in os.environ:
        console.print(table_for(console.width))
    else:
        console.width = ENDLESS
        console.print(table_for(None))


def text(value: object, style: str = "") -> Text:
    """What a user named, shown as it is."""
    return Text(printable(value), style=style)


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table, a cell a row."""

    header: str
    """May have two lines."""
    cells: Sequence[str | Text]
    is_number: bool = False
    max_width: int | None = None
    """Longer cells are cut, with an ellipsis."""
    is_wrapped: bool = False
    """Long cells go on in the next line, because they are to be read in full."""

    @property
    def width(self) -> int:
        lines = [*self.header.split("\n"), *map(str, self.cells)]
        width = max(cell_len(printable(line)) for line in lines)
        return width if self.max_width is None else min(width, self.max_width)

    def narrowed(self) -> Column:
        """The column wrapped after every word, or as near to that as its longest word lets it."""
        words = (word for cell in self.cells for word in str(cell).split())
        lines = [*self.header.split("\n"), *words]
        longest = max(cell_len(printable(line)) for line in lines)
        return replace(self, is_wrapped=True, max_width=min(longest, self.width))


@dataclass(frozen=True, slots=True)
class TextTable:
    """Columns side by side, without frames; where there is no room, the widest ones are cut.

    A layout of its own, since rich's takes half a millisecond a row.
    """

    columns: Sequence[Column]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        widths = self._widths(options.max_width)
        headers = [column.header.split("\n") for column in self.columns]
        height = max(map(len, headers))
        titles = ([""] * (height - len(lines)) + lines for lines in headers)
        for row in zip(*titles, strict=True):
            yield from self._row([text(title, "table.header") for title in row], widths, console)
        width = sum(widths) + GAP * (len(widths) - 1)
        yield Segment(("-" if options.ascii_only else "─") * width + "\n")
        for row in zip(*(column.cells for column in self.columns), strict=True):
            yield from self._row(row, widths, console)

    def _widths(self, most: int) -> list[int]:
        widths = [column.width for column in self.columns]
        while sum(widths) + GAP * (len(widths) - 1) > max(most, GAP * len(widths)):
            widths[widths.index(max(widths))] -= 1
        return widths

    def _row(
        self, row: Sequence[str | Text], widths: Sequence[int], console: Console
    ) -> Iterator[Segment]:
        """The lines of a row; a cell of a wrapped column may have several."""
        cells = [printable(cell) for cell in row]
        lines = [
            [line.plain.rstrip() for line in Text(cell).wrap(console, width, overflow="fold")]
            if column.is_wrapped and cell_len(cell) > width
            else [cell]
            for cell, width, column in zip(cells, widths, self.columns, strict=True)
        ]
        for place in range(max(map(len, lines))):
            written = ""
            for cell, parts, width, column in zip(row, lines, widths, self.columns, strict=True):
                shown = parts[place] if place < len(parts) else ""
                if (room := width - cell_len(shown)) < 0:
                    shown = set_cell_size(shown, width - 1) + "…"
                padding = " " * room
                shown = padding + shown if column.is_number else shown + padding
                if isinstance(cell, Text):
                    yield Segment(written)
                    yield Segment(shown, console.get_style(cell.style))
                    written = " " * GAP
                else:
                    written += shown + " " * GAP
            yield Segment(written[:-GAP] + "\n")


def names_that_fit(columns: Mapping[str, Column], *, width: int) -> list[str]:
    """Those of the columns, the most important first, that fit side by side."""
    kept: list[str] = []
    for name, column in columns.items():
        if sum(columns[each].width + GAP for each in kept) + column.width <= width:
            kept.append(name)
    return kept


def left_out_line(columns: Mapping[str, Column], shown: Sequence[str]) -> list[Text]:
    """Says which columns there was no room for; nothing where all are shown."""
    left_out = [name for name in columns if name not in shown]
    return [text(f"No room for: {', '.join(left_out)}.", "dim")] if left_out else []
