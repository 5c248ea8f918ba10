"""Spreadsheets (.xlsx): the first sheet, by openpyxl."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Sequence
from typing import Any

from mental_health_classifier.contracts import InputError
from mental_health_classifier.data.reading.table_files import (
    HEADER_AGAIN,
    Note,
    Row,
    Table,
    TableFile,
    column_name,
    plain_cells,
)

_Sheet = tuple[Sequence[Any], Iterator[tuple[int, Sequence[Any]]]]
"""The first row that holds anything, and those below it, each with its number."""
_NOTHING: _Sheet = ([], iter(()))
OTHER_SHEETS = (
    "spreadsheet of which only the first sheet that holds anything is read; there are others"
)
_WHAT_OPENPYXL_RAISES = (
    *(zipfile.BadZipFile, OSError, EOFError, KeyError, ValueError, TypeError, IndexError),
    *(AttributeError, SyntaxError),  # an XML error is a SyntaxError
)


def open_spreadsheet(file: TableFile) -> Table:
    """Opens the first sheet that holds anything; its first row holds the names of the columns."""
    import warnings

    from openpyxl import load_workbook

    if file.is_compressed:
        raise InputError(f"{file.name} is packed, and a spreadsheet can be read unpacked alone.")
    try:
        with warnings.catch_warnings():
            # Of extensions that are left out, such as drop-down lists.
            warnings.simplefilter("ignore")
            book: Any = load_workbook(file.path, read_only=True, data_only=True)
            found = [(sheet.title, _from_first_row(sheet)) for sheet in book.worksheets]
            sheets = [(title, sheet) for title, sheet in found if sheet is not None]
    except _WHAT_OPENPYXL_RAISES:
        raise _not_a_spreadsheet(file) from None
    first, rows = sheets[0][1] if sheets else _NOTHING
    header = _cells(first)
    columns = [column_name(name) for name in header]
    while columns and not columns[-1]:
        columns.pop()

    def read(names: Sequence[str], note: Note) -> Iterator[Row]:
        places = [columns.index(name) for name in names]
        if len(sheets) > 1:
            note(OTHER_SHEETS, 1)
        try:
            for number, row in rows:
                cells = _cells(row)
                if cells == header:
                    yield number, HEADER_AGAIN
                elif any(cells):
                    cells += [""] * (len(columns) - len(cells))
                    yield number, [cells[place] for place in places]
        except _WHAT_OPENPYXL_RAISES:
            raise _not_a_spreadsheet(file) from None

    return Table(columns, read, unread_sheets=[title for title, _ in sheets[1:]])


def _from_first_row(sheet: Any) -> _Sheet | None:
    rows = enumerate(sheet.iter_rows(values_only=True), start=1)
    first = next((row for _, row in rows if any(value is not None for value in row)), None)
    return None if first is None else (first, rows)


def _cells(values: Sequence[Any]) -> list[str]:
    cells = plain_cells("" if value in ("#N/A", "#REF!") else value for value in values)
    return cells if isinstance(cells, list) else []


def _not_a_spreadsheet(file: TableFile) -> InputError:
    return InputError(
        f"{file.name} cannot be read as a spreadsheet (.xlsx); it is damaged, locked by a "
        "password, or something else under that name. Save it as .xlsx or .csv again."
    )
