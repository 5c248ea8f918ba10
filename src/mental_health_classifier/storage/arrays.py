"""Reader of arrays in an .npz file that somebody else may have made."""

from __future__ import annotations

import io
from collections.abc import Sequence
from tokenize import TokenError
from zipfile import ZIP_STORED, BadZipFile, ZipFile

import numpy as np

_DAMAGE = (
    *(OSError, KeyError, EOFError, MemoryError, RuntimeError, SyntaxError),
    *(BadZipFile, TokenError),
)
"""What NumPy and zipfile raise, beside ValueError, for files that were changed; a header that
claims more than memory holds is among them."""


def read_arrays(content: bytes, names: Sequence[str]) -> dict[str, np.ndarray]:
    """Named arrays from the content of a file that `np.savez` wrote; nothing in it is executed.

    Raises:
        ValueError: an array is missing, holds objects or is damaged, or the file is compressed:
            what would grow by unpacking is not ours.
    """
    try:
        with ZipFile(io.BytesIO(content)) as packed:
            if any(each.compress_type != ZIP_STORED for each in packed.infolist()):
                raise BadZipFile
        with np.load(io.BytesIO(content), allow_pickle=False) as written:
            return {name: written[name] for name in names}
    except _DAMAGE as error:
        raise ValueError(f"No file of the arrays {', '.join(names)}.") from error
