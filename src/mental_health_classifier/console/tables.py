"""Tables that fit a terminal, printed by rich."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.segment import Segment
from rich.text import Text

from mental_health_classifier.console.wording import printable

ENDLESS = 100_000
"""Characters in a line that nothing is fitted to."""

GAP = 2
"""Spaces between columns."""

FOLDED = 16
"""Characters to which a column of text is folded, within words too, before others are left out."""


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
    """Longer cells go on in the next line, between words where they can; numbers never do."""

    @property
    def width(self) -> int:
        return self._most(self.header.split("\n"), self.cells)

    def _most(self, header: Iterable[str], cells: Iterable[str | Text]) -> int:
        most = ENDLESS if self.max_width is None else self.max_width
        of_cells = max((cell_len(printable(cell)) for cell in cells), default=0)
        if not self.is_number:
            of_cells = min(of_cells, most)
        of_header = min(max(map(cell_len, header), default=0), most)
        return max(of_cells, of_header)

    def narrowed(self) -> Column:
        """The column wrapped after every word; a column of numbers is as it was."""
        if self.is_number:
            return self
        words = [word for cell in self.cells for word in str(cell).split()]
        return replace(self, max_width=self._most(self.header.split(), words))


@dataclass(frozen=True, slots=True)
class TextTable:
    """Columns side by side, without frames. Where there is no room, text goes on in the next line,
    and then the last columns are left out and named: no number is ever cut.

    A layout of its own, since rich's takes half a millisecond a row.
    """

    columns: Sequence[Column]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        columns, left_out = self._that_fit(options.max_width)
        widths = [column.width for column in columns]
        headers = [
            [part for line in column.header.split("\n") for part in _lines(line, width, console)]
            for column, width in zip(columns, widths, strict=True)
        ]
        height = max(map(len, headers))
        titles = ([""] * (height - len(lines)) + lines for lines in headers)
        for row in zip(*titles, strict=True):
            cells = [text(title, "table.header") for title in row]
            yield from _row(cells, columns, widths, console)
        width = sum(widths) + GAP * (len(widths) - 1)
        yield Segment(("-" if options.ascii_only else "─") * width + "\n")
        for row in zip(*(column.cells for column in columns), strict=True):
            yield from _row(row, columns, widths, console)
        if left_out:
            names = [" ".join(column.header.split()) for column in reversed(left_out)]
            yield text(f"No room for: {', '.join(names)}.", "dim")

    def _that_fit(self, most: int) -> tuple[list[Column], list[Column]]:
        """The columns as they are shown, and those that there is no room for."""
        columns, left_out = list(self.columns), []
        for narrowed in (Column.narrowed, _folded):
            while (excess := _width_of(columns) - most) > 0:
                spare = [column.width - narrowed(column).width for column in columns]
                if (most_spare := max(spare)) <= 0:
                    break
                place = spare.index(most_spare)
                width = columns[place].width - min(excess, most_spare)
                columns[place] = replace(columns[place], max_width=width)
        while len(columns) > 1 and _width_of(columns) > most:
            left_out.append(columns.pop())
        return columns, left_out


def _folded(column: Column) -> Column:
    return column if column.is_number else replace(column, max_width=FOLDED)


def _width_of(columns: Sequence[Column]) -> int:
    return sum(column.width for column in columns) + GAP * (len(columns) - 1)


def _lines(cell: str, width: int, console: Console) -> list[str]:
    if cell_len(cell) <= width:
        return [cell]
    return [line.plain.rstrip() for line in Text(cell).wrap(console, width, overflow="fold")]


def _row(
    row: Sequence[str | Text], columns: Sequence[Column], widths: Sequence[int], console: Console
) -> Iterator[Segment]:
    """The lines of a row, as many as its longest cell has."""
    lines = [
        [shown] if column.is_number else _lines(shown, width, console)
        for shown, width, column in zip(map(printable, row), widths, columns, strict=True)
    ]
    for place in range(max(map(len, lines))):
        written = ""
        for cell, parts, width, column in zip(row, lines, widths, columns, strict=True):
            shown = parts[place] if place < len(parts) else ""
            padding = " " * (width - cell_len(shown))
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
