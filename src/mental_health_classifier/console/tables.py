"""Tables that fit a terminal, printed by rich."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from rich import box
from rich.cells import cell_len
from rich.console import Console, RenderableType
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


def table_of(columns: Sequence[Column]) -> Table:
    """Columns side by side, without frames."""
    table = Table(
        box=box.SIMPLE_HEAD,
        pad_edge=False,
        show_edge=False,
        padding=(0, GAP // 2),
        collapse_padding=True,
    )
    for column in columns:
        table.add_column(
            Text("\n").join(text(line) for line in column.header.split("\n")),
            justify="right" if column.is_number else "left",
            no_wrap=not column.is_wrapped,
            width=None if column.is_wrapped else column.width,
            overflow="fold" if column.is_wrapped else "ellipsis",
        )
    for row in zip(*(column.cells for column in columns), strict=True):
        table.add_row(*(cell if isinstance(cell, Text) else text(cell) for cell in row))
    return table


def names_that_fit(columns: Mapping[str, Column], *, width: int) -> list[str]:
    """Those of the columns, the most important first, that fit side by side."""
    kept: list[str] = []
    for name, column in columns.items():
        if sum(columns[each].width + GAP for each in kept) + column.width <= width:
            kept.append(name)
    return kept
