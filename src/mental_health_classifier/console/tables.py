"""Tables that fit a terminal, printed by rich."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from rich import box
from rich.cells import cell_len, set_cell_size
from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.segment import Segment
from rich.table import Table
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


@dataclass(frozen=True, slots=True)
class TextTable:
    """Columns side by side, without frames."""

    columns: Sequence[Column]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        widths = [column.width for column in self.columns]
        width = sum(widths) + GAP * (len(widths) - 1)
        if width > options.max_width or any(column.is_wrapped for column in self.columns):
            yield self._laid_out()
            return
        # Where every column has its room, rich's layout decides nothing and takes 0.5 ms a row.
        headers = [column.header.split("\n") for column in self.columns]
        height = max(map(len, headers))
        titles = ([""] * (height - len(lines)) + lines for lines in headers)
        for row in zip(*titles, strict=True):
            yield from self._row([text(title, "table.header") for title in row], widths, console)
        yield Segment(("-" if options.ascii_only else "─") * width + "\n")
        for row in zip(*(column.cells for column in self.columns), strict=True):
            yield from self._row(row, widths, console)

    def _row(
        self, row: Sequence[str | Text], widths: Sequence[int], console: Console
    ) -> Iterator[Segment]:
        line = ""
        for cell, width, column in zip(row, widths, self.columns, strict=True):
            shown = printable(cell)
            if (room := width - cell_len(shown)) < 0:
                shown = set_cell_size(shown, width - 1) + "…"
            padding = " " * room
            shown = padding + shown if column.is_number else shown + padding
            if isinstance(cell, Text):
                yield Segment(line)
                yield Segment(shown, console.get_style(cell.style))
                line = " " * GAP
            else:
                line += shown + " " * GAP
        yield Segment(line[:-GAP] + "\n")

    def _laid_out(self) -> Table:
        table = Table(
            box=box.SIMPLE_HEAD,
            pad_edge=False,
            show_edge=False,
            padding=(0, GAP // 2),
            collapse_padding=True,
        )
        for column in self.columns:
            table.add_column(
                Text("\n").join(text(line) for line in column.header.split("\n")),
                justify="right" if column.is_number else "left",
                no_wrap=not column.is_wrapped,
                width=None if column.is_wrapped else column.width,
                overflow="fold" if column.is_wrapped else "ellipsis",
            )
        for row in zip(*(column.cells for column in self.columns), strict=True):
            table.add_row(*(cell if isinstance(cell, Text) else text(cell) for cell in row))
        return table


def names_that_fit(columns: Mapping[str, Column], *, width: int) -> list[str]:
    """Those of the columns, the most important first, that fit side by side."""
    kept: list[str] = []
    for name, column in columns.items():
        if sum(columns[each].width + GAP for each in kept) + column.width <= width:
            kept.append(name)
    return kept
