"""How text, numbers and tables look on a terminal."""

from __future__ import annotations

import math
import os
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeGuard

from rich import box
from rich.cells import cell_len
from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

STEERING = {"Cc", "Cf", "Cs", "Zl", "Zp"}
"""Unicode categories of what is not itself seen: controls, formats, line separators, and halves of
characters, which cannot even be printed."""

ZERO_WIDTH_JOINER = "\u200d"
"""The exception: emoji are joined by it."""

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


def printable(value: object) -> str:
    """Text in which everything that steers a terminal, or the direction of reading, is escaped.

    Names come from people and from folders that were copied around; none may clear the screen, hide
    the rest of a line or pose as another name.
    """
    shown = str(value)
    if shown.isprintable():
        return shown
    return "".join(
        character.encode("unicode_escape").decode("ascii")
        if unicodedata.category(character) in STEERING and character != ZERO_WIDTH_JOINER
        else character
        for character in shown
    )


def printable_lines(message: str) -> str:
    """A message of several lines, each of them `printable`."""
    return "\n".join(map(printable, message.split("\n")))


def text(value: object, style: str = "") -> Text:
    """What a user named, shown as it is."""
    return Text(printable(value), style=style)


def number(value: object, interval: object = None, *, signed: bool = False) -> str:
    """`.812 [.78, .84]`: a share with its interval; a hyphen where it is not known."""
    if not is_number(value):
        return "-"
    shown = _decimals(value, 3, sign="+" if signed else "")
    if not is_interval(interval):
        return shown
    low, high = (_decimals(end, 2) for end in interval)
    return f"{shown} [{low}, {high}]"


def duration(seconds: object) -> str:
    """`48 s`, `2 min 5 s`, `1 h 12 min`; a hyphen where it is not known."""
    if not is_number(seconds):
        return "-"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def moment(written: object) -> str:
    """`2026-11-23 15:04`, from a time in ISO 8601; a hyphen where it is not known."""
    return "-" if written is None else str(written)[:16].replace("T", " ")


def count(value: object, noun: str) -> str:
    """`1 post`, `2,400 posts`."""
    return f"{amount(value)} {noun}" + ("" if value == 1 else "s")


def amount(value: object) -> str:
    """`2,400`; a hyphen where it is not known."""
    return f"{round(value):,}" if is_number(value) else "-"


def is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def is_interval(value: object) -> TypeGuard[Sequence[float]]:
    return isinstance(value, Sequence) and len(value) == 2 and all(map(is_number, value))


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


def _decimals(value: float, places: int, *, sign: str = "") -> str:
    # One is as wide as all other shares when it gives a decimal away for its first digit.
    places -= abs(value) >= 1 - 10**-places / 2
    shown = f"{value:{sign}.{places}f}"
    sign = shown[: shown[0] in "+-"]
    return sign + shown.removeprefix(sign).removeprefix("0")
