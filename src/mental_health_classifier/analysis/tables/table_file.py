"""Reads and writes a derived table as one file of Arrow batches behind their checksum."""

from __future__ import annotations

import zlib
from io import FileIO
from pathlib import Path

import pandas as pd
import pyarrow as pa

from mental_health_classifier.contracts import InputError
from mental_health_classifier.storage.files import open_to_read, whole_file

_CHECKSUM_BYTES = 4
_ROWS_AT_A_TIME = 10_000
_BLOCK_BYTES = 2**20
_VERSION = b"version"


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
    schema = pa.Schema.from_pandas(frame.iloc[:0], preserve_index=False)
    schema = schema.with_metadata({**(schema.metadata or {}), _VERSION: b"%d" % version})
    with whole_file(path) as temporary, FileIO(temporary, "w+") as handle:
        handle.write(bytes(_CHECKSUM_BYTES))
        with pa.ipc.new_stream(handle, schema) as batches:
            for first in range(0, len(frame), _ROWS_AT_A_TIME):
                rows = frame.iloc[first : first + _ROWS_AT_A_TIME]
                batches.write_table(pa.Table.from_pandas(rows, schema, preserve_index=False))
        handle.seek(_CHECKSUM_BYTES)
        checksum = _checksum_of_rest(handle)
        handle.seek(0)
        handle.write(checksum)


def _checksum_of_rest(handle: FileIO) -> bytes:
    checksum = 0
    while block := handle.read(_BLOCK_BYTES):
        checksum = zlib.crc32(block, checksum)
    return checksum.to_bytes(_CHECKSUM_BYTES, "little")
