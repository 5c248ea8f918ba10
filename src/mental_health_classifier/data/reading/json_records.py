"""JSON: one object a line, or all of them in one array."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from itertools import chain, islice
from typing import Any

from mental_health_classifier.contracts import InputError
from mental_health_classifier.data.reading.table_files import (
    Note,
    Row,
    Table,
    TableFile,
    plain_cells,
)

Record = tuple[int, dict[str, object] | str]
_RECORDS_THAT_TELL_COLUMNS = 1000
_NO_OBJECT = "not a JSON object"
_SPACE = b" \t\r\n"


def open_json(file: TableFile) -> Table:
    """Opens JSON Lines or one JSON array, whichever the file holds."""
    array = _array(file) if _begins_with(file, b"[") else None
    records = iter(array) if array is not None else _lines(file)
    first = list(islice(records, _RECORDS_THAT_TELL_COLUMNS))
    columns = _columns(first)

    def read(names: Sequence[str], note: Note) -> Iterator[Row]:
        for number, record in chain(first, records):
            yield (
                number,
                record if isinstance(record, str) else plain_cells(map(record.get, names)),
            )

    def later_columns() -> list[str]:
        return _columns(array if array is not None else _lines(file))

    return Table(columns, read, later_columns=later_columns)


def open_json_file(file: TableFile) -> Table:
    """The same for files called .json, which also hold one object of columns, as pandas writes."""
    if _begins_with(file, b"{"):
        try:
            content = _whole(file)
        except ValueError:
            content = None
        if isinstance(content, dict):
            raise InputError(
                f"{file.name} holds one JSON object; an array of objects, or one object a line, "
                "was expected. In pandas: to_json(..., orient='records')."
            )
    return open_json(file)


def _columns(records: Sequence[Record] | Iterator[Record]) -> list[str]:
    return list(dict.fromkeys(chain.from_iterable(r for _, r in records if isinstance(r, dict))))


def _begins_with(file: TableFile, sign: bytes) -> bool:
    with file.binary() as stream:
        start = stream.read(64).removeprefix(b"\xef\xbb\xbf").lstrip(_SPACE)
    return start.startswith(sign)


def _whole(file: TableFile) -> Any:
    with file.binary() as stream:
        return json.loads(stream.read().decode("utf-8-sig"))


def _array(file: TableFile) -> list[Record] | None:
    """The objects of one array by their places from 1. None: the file holds none."""
    try:
        content = _whole(file)
    except (ValueError, RecursionError):
        return None
    return [(n, r if isinstance(r, dict) else _NO_OBJECT) for n, r in enumerate(content, 1)]


def _lines(file: TableFile) -> Iterator[Record]:
    with file.binary() as stream:
        for number, line in enumerate(stream, start=1):
            if number == 1:
                line = line.removeprefix(b"\xef\xbb\xbf")
            if not line.strip():
                continue
            try:
                record = json.loads(line)
            except UnicodeDecodeError:
                yield number, "not UTF-8 text, whose encoding data.encoding could name"
            except (ValueError, RecursionError):
                yield number, _NO_OBJECT
            else:
                yield number, record if isinstance(record, dict) else _NO_OBJECT
