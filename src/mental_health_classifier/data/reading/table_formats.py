"""Formats of tables, CSV, TSV, JSON Lines and Parquet: their columns and rows."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from mental_health_classifier.contracts import InputError
from mental_health_classifier.data.reading.names import is_name

if TYPE_CHECKING:
    import pyarrow as pa

Row = tuple[int, Sequence[str] | str]
"""Number of the row, and its cells. A single string instead of them says why the row cannot be
used."""

NO_TEXT = "a list or object where text was expected"
"""Why a row cannot be used that is whole all the same."""

_MAX_CELL_BYTES = 64 * 2**20  # no post is that long: a quote was opened and never closed
_RECORDS_THAT_TELL_COLUMNS = 1000
_ROWS_AT_ONCE = 4096
_BYTE_ORDER_MARKS = {b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16"}

csv.field_size_limit(_MAX_CELL_BYTES)


class TableFile(NamedTuple):
    """A file of posts."""

    path: Path
    name: str
    """What messages call it, which are recorded: by its place where nobody gave its name, because
    files in a folder can be named after people."""


class Table(NamedTuple):
    columns: Sequence[str]
    rows: Callable[[Sequence[str]], Iterator[Row]]
    """Reads the cells of the columns that are named, in that order. To be called once."""


def open_table(file: TableFile) -> Table:
    """Opens a file by its ending.

    Rows are numbered as an editor of such files shows them: a header is row 1, JSON Lines count
    lines from 1, Parquet counts rows from 1.

    Raises:
        InputError: here or while rows are taken, for a file that is not what its ending says.
    """
    return FORMATS[file.path.suffix.lower()](file)


def _open_delimited(delimiter: str) -> Callable[[TableFile], Table]:
    def open_file(file: TableFile) -> Table:
        rows = _delimited_rows(file, delimiter)
        _, header = next(rows, (1, []))
        assert not isinstance(header, str)
        columns = [name.strip() for name in header]

        def read(names: Sequence[str]) -> Iterator[Row]:
            places = [columns.index(name) for name in names]
            for number, cells in rows:
                if isinstance(cells, str):
                    yield number, cells
                elif len(cells) == len(columns):
                    yield number, [cells[place] for place in places]
                else:
                    yield number, "wrong number of cells"

        return Table(columns, read)

    return open_file


def _delimited_rows(file: TableFile, delimiter: str) -> Iterator[Row]:
    """Rows that hold anything, the header among them."""
    _require_known_encoding(file)
    lines_of_row: list[str] = []
    reader = None
    try:
        with file.path.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.reader(_remembering(stream, lines_of_row), delimiter=delimiter)
            held_back: Row | None = None
            for number, cells in enumerate(reader, start=1):
                if held_back is not None:
                    yield held_back
                held_back = (number, cells) if any(cells) or number == 1 else None
                last_lines = lines_of_row.copy()
                lines_of_row.clear()
            if held_back is not None:
                is_cut = held_back[0] > 1 and _ends_within_quotes(last_lines, delimiter)
                yield (held_back[0], "cut short") if is_cut else held_back
    except UnicodeDecodeError:
        raise InputError(
            f"{file.name} is not UTF-8 text (byte {_first_bad_byte(file)} cannot be read). "
            "Save it as UTF-8 and try again."
        ) from None
    except csv.Error as error:
        near = f" near line {reader.line_num}" if reader is not None else ""
        raise InputError(
            f"{file.name} cannot be read as a table{near}: {error}. Is a quote never closed there?"
        ) from None


def _remembering(lines: Iterator[str], remembered: list[str]) -> Iterator[str]:
    for line in lines:
        remembered.append(line)
        yield line


def _ends_within_quotes(lines: Sequence[str], delimiter: str) -> bool:
    """Whether the file ended inside a quoted cell, which the reader itself lets pass."""
    try:
        list(csv.reader(lines, delimiter=delimiter, strict=True))
    except csv.Error as error:
        return "unexpected end of data" in str(error)
    return False


def _require_known_encoding(file: TableFile) -> None:
    with file.path.open("rb") as stream:
        start = stream.read(2)
    if encoding := _BYTE_ORDER_MARKS.get(start):
        raise InputError(
            f"{file.name} is not UTF-8 text: it begins with the byte-order mark of {encoding}. "
            "Save it as UTF-8 and try again."
        )


def _first_bad_byte(file: TableFile) -> int:
    """Place in the file of the first byte that is not UTF-8."""
    place = 0
    with file.path.open("rb") as stream:
        for line in stream:
            try:
                line.decode()
            except UnicodeDecodeError as error:
                return place + error.start
            place += len(line)
    return place


def _open_json_lines(file: TableFile) -> Table:
    _require_known_encoding(file)
    records = _json_records(file)
    first = list(islice(records, _RECORDS_THAT_TELL_COLUMNS))
    columns = list(dict.fromkeys(chain.from_iterable(r for _, r in first if isinstance(r, dict))))

    def read(names: Sequence[str]) -> Iterator[Row]:
        for number, record in chain(first, records):
            is_object = isinstance(record, dict)
            yield number, _plain_cells(map(record.get, names)) if is_object else record

    return Table(columns, read)


def _json_records(file: TableFile) -> Iterator[tuple[int, dict[str, object] | str]]:
    with file.path.open("rb") as stream:
        for number, line in enumerate(stream, start=1):
            if number == 1:
                line = line.removeprefix(b"\xef\xbb\xbf")
            if not line.strip():
                continue
            try:
                record = json.loads(line)
            except UnicodeDecodeError:
                yield number, "not UTF-8 text"
            except (ValueError, RecursionError):
                yield number, "not a JSON object"
            else:
                yield number, record if isinstance(record, dict) else "not a JSON object"


def _open_parquet(file: TableFile) -> Table:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        parquet = pq.ParquetFile(file.path, memory_map=True)
    except (pa.ArrowException, OSError):
        raise _not_parquet(file) from None

    def read(names: Sequence[str]) -> Iterator[Row]:
        for column in parquet.schema_arrow:
            if column.name in names:
                _refuse_what_is_no_text(column, file)
        number = 0
        try:
            for batch in parquet.iter_batches(_ROWS_AT_ONCE, columns=list(names)):
                # A name can stand twice, and Arrow then finds neither by it.
                places = [batch.schema.names.index(name) for name in names]
                columns = [
                    _values(batch.column(place), name, file)
                    for place, name in zip(places, names, strict=True)
                ]
                for cells in zip(*columns, strict=True):
                    number += 1
                    yield number, _plain_cells(cells)
        except (pa.ArrowException, OSError, UnicodeDecodeError):
            raise _not_parquet(file) from None

    return Table(parquet.schema_arrow.names, read)


def _refuse_what_is_no_text(column: pa.Field, file: TableFile) -> None:
    import pyarrow as pa

    are_bytes = "binary" in str(column.type)
    if are_bytes or pa.types.is_nested(column.type):
        raise InputError(
            f"Column {column.name!r} of {file.name} holds {'bytes' if are_bytes else 'lists'}. "
            "Write it as text, or name another column."
        )


def _values(column: pa.Array, name: str, file: TableFile) -> list[object]:
    """A column's values as Python's own."""
    import pyarrow as pa

    try:
        return column.to_pylist()
    except (pa.ArrowException, ArithmeticError, LookupError, ValueError):
        if not pa.types.is_temporal(column.type):
            raise
        zone = getattr(column.type, "tz", None)
        what = "dates or times of no calendar"
        if zone is not None and is_name(zone):
            what = f"times of the time zone {zone!r}, which is not known here, or of no calendar"
        raise InputError(
            f"Column {name!r} of {file.name} holds {what}. Write it as text, or name "
            "another column."
        ) from None


def _not_parquet(file: TableFile) -> InputError:
    with file.path.open("rb") as stream:
        begins_as_parquet = stream.read(4) == b"PAR1"
    what = (
        "it begins as one, so it is damaged or was cut short: fetch it again"
        if begins_as_parquet
        else "it is something else under that name: rename it by what it is, .csv for example"
    )
    return InputError(f"{file.name} cannot be read as a Parquet file; {what}.")


def without_halves(text: str) -> str:
    """Text in which a question mark stands for each half of a character.

    JSON can spell such halves, and a command line hands them on for bytes that are not UTF-8; no
    encoding can write them down again.
    """
    return text if text.isascii() else text.encode(errors="replace").decode()


def _plain_cells(values: Iterable[object]) -> list[str] | str:
    """Values as text, or why the row cannot be used."""
    cells = []
    for value in values:
        if isinstance(value, str):
            cells.append(without_halves(value))
        elif value is None or value != value:  # NaN stands for a missing value
            cells.append("")
        elif isinstance(value, bytes | list | dict):
            return NO_TEXT
        elif isinstance(value, bool):
            cells.append(str(value).lower())
        elif isinstance(value, float) and value.is_integer():
            cells.append(str(int(value)))  # whole numbers become 1.0 where others are missing
        else:
            cells.append(str(value))
    return cells


FORMATS: dict[str, Callable[[TableFile], Table]] = {
    ".csv": _open_delimited(","),
    ".tsv": _open_delimited("\t"),
    ".jsonl": _open_json_lines,
    ".ndjson": _open_json_lines,
    ".parquet": _open_parquet,
}


def count_rows(file: Path) -> int | None:
    """How many rows a file holds, quickly, for a progress bar. None: not known before it is read.

    A file that is not what its ending says is not told here but by whoever reads it.
    """
    ending = file.suffix.lower()
    try:
        if ending == ".parquet":
            import pyarrow.parquet as pq

            return pq.read_metadata(file).num_rows
        if ending in (".csv", ".tsv"):
            with file.open(encoding="utf-8-sig", newline="") as stream:
                rows = csv.reader(stream, delimiter="," if ending == ".csv" else "\t")
                return max(0, sum(any(cells) for cells in rows) - 1)
        with file.open("rb") as stream:
            return sum(not line.isspace() for line in stream)
    except (OSError, ValueError, csv.Error):  # an error of Arrow's is one of the first two
        return None
