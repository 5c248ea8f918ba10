"""Pieces of work that are kept as they are finished, so that what is interrupted can go on."""

from __future__ import annotations

import os
import zlib
from collections.abc import Callable
from pathlib import Path


def finished_chunk(folder: Path, number: int, make: Callable[[], bytes | memoryview]) -> Path:
    """The file with the chunk of that number, made if it is not there whole.

    Its name holds its checksum, so that what a crash left damaged is seen and made again.
    """
    for path in folder.glob(f"{number:06d}-*"):
        if path.name.endswith(f"-{zlib.crc32(path.read_bytes()):08x}"):
            return path
        path.unlink()
    content = make()
    unfinished = folder / f".{number:06d}"
    with unfinished.open("wb") as stream:
        stream.write(content)
    path = folder / f"{number:06d}-{zlib.crc32(content):08x}"
    os.replace(unfinished, path)
    return path
