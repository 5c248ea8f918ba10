"""Reads and writes a derived table as one file of Arrow batches behind their checksum."""

from __future__ import annotations

import zlib
from io import FileIO
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from mental_health_classifier.contracts import InputError
from mental_health_classifier.storage.files import open_to_read, whole_file

_CHECKSUM_BYTES = 4
_ROWS_AT_A_TIME = 10_000
_BLOCK_BYTES = 2**20
_VERSION = b"version"
_DTYPES = {pa.int64(): pd.Int64Dtype(), pa.bool_(): pd.BooleanDtype()}
"""What holds a column in which something can be missing; NumPy's types have no room for that."""


def read_table(path: Path, *, version: int) -> pa.Table | None:
    """The table in a file. None: there is none, it is damaged, or of another version."""
    try:
        with open_to_read(path) as handle:
            checksum = handle.read(_CHECKSUM_BYTES)
            # Before it is read: Arrow trusts the lengths that it finds.
            if checksum != _checksum_of_rest(handle):
                return None
            handle.seek(_CHECKSUM_BYTES)
            with pa.ipc.open_stream(handle) as batches:
                if (batches.schema.metadata or {}).get(_VERSION) != b"%d" % version:
                    return None
                table = batches.read_all()
        table.validate(full=True)
    except (OSError, InputError, pa.ArrowException):
        return None
    return table


def write_table(path: Path, frame: pd.DataFrame, *, version: int) -> None:
    """Writes a table, whole or not at all, in place of the one that was there.

    Raises:
        OSError: nothing can be written there.
    """
    schema = _arrow(frame.iloc[:0]).schema.with_metadata({_VERSION: b"%d" % version})
    with whole_file(path) as temporary, FileIO(temporary, "w+") as handle:
        handle.write(bytes(_CHECKSUM_BYTES))
        # Compressed columns are unpacked one by one, so that each can be let go of by itself.
        options = pa.ipc.IpcWriteOptions(compression="lz4")
        with pa.ipc.new_stream(handle, schema, options=options) as batches:
            for first in range(0, len(frame), _ROWS_AT_A_TIME):
                rows = frame.iloc[first : first + _ROWS_AT_A_TIME]
                batches.write_table(_arrow(rows).cast(schema))
        handle.seek(_CHECKSUM_BYTES)
        checksum = _checksum_of_rest(handle)
        handle.seek(0)
        handle.write(checksum)


def frame_of(table: pa.Table) -> pd.DataFrame:
    """A table that was read, as it was written; column by column, so that there are not two whole
    ones where nobody else holds it."""
    return table.to_pandas(split_blocks=True, self_destruct=True, types_mapper=_DTYPES.get)


def _arrow(frame: pd.DataFrame) -> pa.Table:
    return pa.table({name: _arrow_column(column) for name, column in frame.items()})


def _arrow_column(column: pd.Series) -> pa.Array:
    if isinstance(column.dtype, pd.DatetimeTZDtype):
        times = column.dt.tz_convert(None).to_numpy()
        return pa.array(times, pa.timestamp(column.dtype.unit, "UTC"), from_pandas=True)
    is_plain = isinstance(column.dtype, np.dtype)
    return pa.array(column.to_numpy() if is_plain else column.array, from_pandas=True)


def _checksum_of_rest(handle: FileIO) -> bytes:
    checksum = 0
    while block := handle.read(_BLOCK_BYTES):
        checksum = zlib.crc32(block, checksum)
    return checksum.to_bytes(_CHECKSUM_BYTES, "little")
