"""Parquet and Arrow: tables column by column."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from mental_health_classifier.contracts import InputError
from mental_health_classifier.data.reading.names import is_name
from mental_health_classifier.data.reading.table_files import (
    Note,
    Row,
    Table,
    TableFile,
    plain_cells,
)

if TYPE_CHECKING:
    import pyarrow as pa

_ROWS_AT_ONCE = 4096


def open_parquet(file: TableFile) -> Table:
    import pyarrow as pa
    import pyarrow.parquet as pq

    _refuse_packed(file)
    try:
        parquet = pq.ParquetFile(file.path, memory_map=True)
    except (pa.ArrowException, OSError):
        raise _not_parquet(file) from None

    def read(names: Sequence[str], note: Note) -> Iterator[Row]:
        _refuse_what_is_no_text(parquet.schema_arrow, names, file)
        try:
            batches = parquet.iter_batches(_ROWS_AT_ONCE, columns=list(names))
            yield from _rows(batches, names, file)
        except (pa.ArrowException, OSError, UnicodeDecodeError):
            raise _not_parquet(file) from None

    return Table(parquet.schema_arrow.names, read, _lists(parquet.schema_arrow))


def parquet_columns(file: TableFile) -> list[str]:
    """Names of the columns, from the end of the file alone.

    Raises:
        InputError: it is no whole Parquet file.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return pq.read_schema(file.path, memory_map=True).names
    except (pa.ArrowException, OSError):
        raise _not_parquet(file) from None


def open_arrow(file: TableFile) -> Table:
    """Opens an Arrow file, or a stream, which is what `datasets` writes."""
    import pyarrow as pa

    _refuse_packed(file)
    try:
        schema = _arrow_batches(file)[0]
    except (pa.ArrowException, OSError):
        raise _not_arrow(file) from None

    def read(names: Sequence[str], note: Note) -> Iterator[Row]:
        _refuse_what_is_no_text(schema, names, file)
        try:
            yield from _rows(_arrow_batches(file)[1], names, file)
        except (pa.ArrowException, OSError, UnicodeDecodeError):
            raise _not_arrow(file) from None

    return Table(schema.names, read, _lists(schema))


def _arrow_batches(file: TableFile) -> tuple[pa.Schema, Iterator[pa.RecordBatch]]:
    import pyarrow as pa

    source = pa.memory_map(str(file.path))
    try:
        opened = pa.ipc.open_file(source)
    except pa.ArrowInvalid:
        source.seek(0)
        stream = pa.ipc.open_stream(source)
        return stream.schema, iter(stream)
    return opened.schema, map(opened.get_batch, range(opened.num_record_batches))


def _lists(schema: pa.Schema) -> list[str]:
    import pyarrow as pa

    is_list = (pa.types.is_list, pa.types.is_large_list, pa.types.is_fixed_size_list)
    return [column.name for column in schema if any(each(column.type) for each in is_list)]


def _rows(
    batches: Iterator[pa.RecordBatch], names: Sequence[str], file: TableFile
) -> Iterator[Row]:
    number = 0
    for whole in batches:
        for start in range(0, len(whole), _ROWS_AT_ONCE):
            batch = whole.slice(start, _ROWS_AT_ONCE)
            # A name can stand twice, and Arrow then finds neither by it.
            places = [batch.schema.names.index(name) for name in names]
            columns = [
                _values(batch.column(place), name, file)
                for place, name in zip(places, names, strict=True)
            ]
            for cells in zip(*columns, strict=True):
                number += 1
                yield number, plain_cells(cells)


def _refuse_packed(file: TableFile) -> None:
    if file.is_compressed:
        raise InputError(
            f"{file.name} is packed, and a file of the kind {file.ending} can be read unpacked "
            "alone; it is compressed in itself. Unpack it."
        )


def _refuse_what_is_no_text(schema: pa.Schema, names: Sequence[str], file: TableFile) -> None:
    import pyarrow as pa

    for column in schema:
        are_bytes = "binary" in str(column.type)
        is_record = pa.types.is_struct(column.type) or pa.types.is_map(column.type)
        if column.name in names and (are_bytes or is_record):
            raise InputError(
                f"Column {column.name!r} of {file.name} holds "
                f"{'bytes' if are_bytes else 'records'}. Write it as text, or name another column."
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
        beginning = stream.read(4)
    what = (
        "it begins as one, so it is damaged or was cut short: fetch it again"
        if beginning == b"PAR1"
        else "it is empty, as where its writing was cut short: fetch or write it again"
        if not beginning
        else "it is something else under that name: rename it by what it is, .csv for example"
    )
    return InputError(f"{file.name} cannot be read as a Parquet file; {what}.")


def _not_arrow(file: TableFile) -> InputError:
    return InputError(
        f"{file.name} cannot be read as an Arrow file; it is damaged, was cut short, or is "
        "something else under that name. Fetch it again."
    )
