"""Sections on a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.text import Text

from mental_health_classifier.analysis.sections.pieces import Measure, Piece, plain
from mental_health_classifier.analysis.sections.section import Section
from mental_health_classifier.console.tables import (
    Column,
    TextTable,
    new_console,
    print_table,
    text,
)
from mental_health_classifier.console.wording import amount, number

NUMBER_WIDTH = 15
"""Of a share with its interval; headings of numbers that are wider are cut."""


def print_section(section: Section) -> None:
    """Prints all of a section, warnings to standard error."""
    print_table(lambda _width: Group(*_lines(section)))
    for warning in warning_lines(section):
        new_console(stderr=True).print(warning)


def _lines(section: Section) -> Iterator[RenderableType]:
    yield from (text(plain(sentence)) for sentence in section.sentences)
    if section.missing:
        yield text(section.missing)
    if section.rows:
        yield text(f"{section.caption}.")
        yield section_table(section)
    yield from (text(f"- {plain(note)}") for note in section.notes)


def warning_lines(section: Section) -> Iterator[Text]:
    return (text(f"Warning: {plain(warning)}", "yellow") for warning in section.warnings)


def section_table(
    section: Section,
    *,
    name_width: int | None = None,
    bold: str | None = None,
    has_n: bool = True,
) -> TextTable:
    """The table of a section.

    Args:
        name_width: longer names of rows go on in the next line. None: they do not.
        bold: name of the row that stands out.
        has_n: whether the posts behind a number stand beside it.
    """
    names, *columns = (
        [_cell(cell, has_n=has_n) for cell in cells] for cells in zip(*section.rows, strict=True)
    )
    emphasised = [text(name, "bold") if name == bold else name for name in names]
    found = [Column(section.header[0], emphasised, max_width=name_width)]
    for title, cells, is_number in zip(
        section.header[1:], columns, section.is_number[1:], strict=True
    ):
        width = max(NUMBER_WIDTH, *map(len, cells)) if is_number else None
        found.append(Column(title, cells, is_number, max_width=width))
    return TextTable(found)


def _cell(cell: Piece, *, has_n: bool) -> str:
    if not isinstance(cell, Measure):
        return plain(cell)
    if cell.decimals == 0:
        shown = amount(cell.value)
    elif cell.decimals == 3:
        shown = number(cell.value, cell.interval, signed=cell.is_signed)
    else:
        shown = f"{cell.shown} {cell.shown_interval}".strip()
    return f"{shown} of {cell.shown_count}" if has_n and cell.n is not None else shown
