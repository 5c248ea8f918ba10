"""Lines of JSON whose damage is noticed: each carries its own checksum."""

from __future__ import annotations

import errno
import json
import os
import zlib
from collections.abc import Mapping
from io import BufferedReader, FileIO
from pathlib import Path
from typing import Any, NamedTuple

from mental_health_classifier.contracts import InputError
from mental_health_classifier.storage.files import (
    MOST_BYTES,
    decoded,
    encoded,
    open_to_read,
    without_following,
)

_COMPACT = json.JSONEncoder(allow_nan=False, ensure_ascii=False, separators=(",", ":"))
_CHECKSUM = b',"crc32":"%08x"}\n'
_CHECKSUM_BYTES = len(_CHECKSUM % 0)


class Records(NamedTuple):
    """What could be read of a file of records."""

    records: list[dict[str, Any]]
    num_damaged: int
    """Lines that were cut or changed and are therefore left out."""


def open_records(path: Path) -> FileIO:
    """Opens a file for `append_record`; a line that an earlier process tore stays alone."""
    path.parent.mkdir(parents=True, exist_ok=True)
    # Unbuffered: every record is in the hands of the kernel at once, so killing the process loses
    # none.
    handle = FileIO(path, "a+", opener=without_following)
    end = handle.seek(0, os.SEEK_END)
    if end:
        handle.seek(end - 1)
        if handle.read(1) != b"\n":
            handle.write(b"\n")
    return handle


def append_record(handle: FileIO, mapping: Mapping[str, Any]) -> None:
    """Appends one line of JSON that carries its own checksum.

    Args:
        handle: from `open_records`.
        mapping: at least one key; numbers finite or null.
    """
    assert mapping and "crc32" not in mapping
    body = encoded(_COMPACT.encode(mapping))
    line = body[:-1] + _CHECKSUM % zlib.crc32(body)
    if handle.write(line) != len(line):
        raise OSError(errno.ENOSPC, "A record was written in part: the disk is full", handle.name)


def read_records(
    path: Path | str, *, most_bytes: int = MOST_BYTES, holding: bytes = b""
) -> Records:
    """Reads a file of records, leaving out and counting lines that were cut or changed.

    Args:
        holding: only lines with these bytes are looked at.

    Raises:
        FileNotFoundError: there is no such file.
        InputError: it cannot be read, see `open_to_read`.
    """
    records: list[dict[str, Any]] = []
    num_damaged = 0
    try:
        with BufferedReader(open_to_read(path, most_bytes=most_bytes)) as handle:
            for line in handle:
                if holding not in line:
                    continue
                record = _record_of(line)
                if record is None:
                    num_damaged += 1
                else:
                    records.append(record)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from None
    return Records(records, num_damaged)


def _record_of(line: bytes) -> dict[str, Any] | None:
    """None: the line was cut or changed, or whoever wrote it is not `append_record`."""
    body = line[:-_CHECKSUM_BYTES] + b"}"
    if line[-_CHECKSUM_BYTES:] != _CHECKSUM % zlib.crc32(body):
        return None
    try:
        record = decoded(body)
    except (ValueError, RecursionError):
        return None
    return record if isinstance(record, dict) else None
