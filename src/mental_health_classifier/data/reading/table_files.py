"""Files of tables: names, compression, and what every format hands on."""

from __future__ import annotations

import bz2
import codecs
import gzip
import io
import json
import zipfile
import zlib
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, cast

from mental_health_classifier.contracts import InputError

Row = tuple[int, Sequence[str] | str]
"""Number of the row, and its cells. A single string instead of them says why the row cannot be
used."""

Note = Callable[[str, int], None]
"""Takes what there is to say of a row that is used all the same, and the number of the row."""

NO_TEXT = "a list or object where text was expected"
HEADER_AGAIN = "the row of names once more"
"""Why rows cannot be used that are whole all the same; the latter stand where files were put
together."""

COMPRESSED = (".gz", ".bz2", ".zst", ".zip")
_BYTE_ORDER_MARKS = {
    codecs.BOM_UTF32_LE: "utf-32",  # before that of UTF-16, which begins it
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_BYTES_AT_ONCE = 2**16
_INVISIBLE = "\ufeff\u200b\u200c\u200d\u2060\u00a0"


class Table(NamedTuple):
    columns: Sequence[str]
    rows: Callable[[Sequence[str], Note], Iterator[Row]]
    """Reads the cells of the columns that are named, in that order. To be called once."""
    lists: Collection[str] = ()
    """Columns that hold lists."""
    unread_sheets: Sequence[str] = ()
    """Names of further sheets that hold anything. They may be called after people: to be shown to
    who gave the file, and not recorded."""
    later_columns: Callable[[], Sequence[str]] | None = None
    """Where a row far below may bring further columns: reads the file for them. A column that no
    row has gives empty cells."""


class ListCell(str):
    """A list of names, as JSON; where a post belongs it is none."""


class TableFile(NamedTuple):
    """A file of posts."""

    path: Path
    name: str
    """What messages call it, which are recorded: by its place where nobody gave its name, because
    files in a folder can be named after people."""
    encoding: str | None = None
    """Of its text, see `require_encoding`. None: UTF-8, or what its first bytes say."""

    @property
    def is_compressed(self) -> bool:
        return self.path.suffix.lower() in COMPRESSED

    @property
    def ending(self) -> str:
        """Of the table itself, in lower case, without that of its compression."""
        if self.path.suffix.lower() == ".zip":
            return Path(self._member()).suffix.lower()
        endings = [ending.lower() for ending in self.path.suffixes]
        return "".join(endings[-2:-1] if self.is_compressed else endings[-1:])

    @contextmanager
    def binary(self) -> Iterator[BinaryIO]:
        """The table's bytes, unpacked as they are read, and those of a text as UTF-8.

        Raises:
            InputError: they cannot be unpacked, or are not of the encoding that was stated.
        """
        try:
            with self._opened() as stream:
                encoding = self.encoding or _by_its_mark(stream)
                if encoding is None or codecs.lookup(encoding).name == "utf-8":
                    yield stream
                else:
                    yield io.BufferedReader(_AsUtf8(stream, encoding, self.name), _BYTES_AT_ONCE)
        except (EOFError, zlib.error, zipfile.BadZipFile, gzip.BadGzipFile) as error:
            raise self.damaged() from error
        except OSError as error:
            # What others say of a stream that is cut; an error of the disk has a number.
            if not self.is_compressed or error.errno is not None:
                raise
            raise self.damaged() from None

    def _opened(self) -> BinaryIO:
        ending = self.path.suffix.lower()
        if ending == ".gz":
            return cast(BinaryIO, gzip.open(self.path))
        if ending == ".bz2":
            return cast(BinaryIO, bz2.open(self.path))
        if ending == ".zst":
            import pyarrow as pa

            stream = pa.input_stream(str(self.path), compression="zstd")
            return cast(BinaryIO, io.BufferedReader(cast(io.RawIOBase, stream)))
        if ending == ".zip":
            return cast(BinaryIO, zipfile.ZipFile(self.path).open(self._member()))
        return self.path.open("rb")

    def _member(self) -> str:
        """The only file of an archive, those apart that systems leave behind."""
        try:
            with zipfile.ZipFile(self.path) as archive:
                names = [
                    info.filename
                    for info in archive.infolist()
                    if not info.is_dir()
                    and not info.filename.startswith("__MACOSX/")
                    and Path(info.filename).name[:1] not in (".", "_")
                ]
                is_locked = any(info.flag_bits & 1 for info in archive.infolist())
        except (zipfile.BadZipFile, OSError, ValueError):
            raise self.damaged() from None
        if len(names) != 1 or is_locked:
            found = "is locked by a password" if is_locked else f"holds {len(names)} files"
            folder = " and give the folder" if len(names) > 1 else ""
            raise InputError(
                f"{self.name} {found}; one file of posts was expected. Unpack it{folder}."
            )
        return names[0]

    def damaged(self) -> InputError:
        return InputError(
            f"{self.name} cannot be unpacked: it is damaged, was cut short, or is something else "
            "under that name. Fetch it again, or unpack it by hand."
        )


class _AsUtf8(io.RawIOBase):
    """Bytes of a text in another encoding, as UTF-8."""

    def __init__(self, stream: BinaryIO, encoding: str, name: str) -> None:
        self._stream = stream
        self._encoding = encoding
        self._decoder = codecs.getincrementaldecoder(encoding)()
        self._name = name
        self._left = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        read = b"-"
        while not self._left and read:
            read = self._stream.read(_BYTES_AT_ONCE)
            try:
                text = self._decoder.decode(read, final=not read)
            except UnicodeError:
                raise InputError(
                    f"{self._name} is not {self._encoding} text, as it should be. Name another "
                    "encoding, data.encoding=NAME, or save the file as UTF-8 and name none."
                ) from None
            self._left = text.encode(errors="replace")
        taken, self._left = self._left[: len(buffer)], self._left[len(buffer) :]
        buffer[: len(taken)] = taken
        return len(taken)


def _by_its_mark(stream: BinaryIO) -> str | None:
    start = cast(io.BufferedReader, stream).peek(4)
    return next((name for mark, name in _BYTE_ORDER_MARKS.items() if start.startswith(mark)), None)


def require_encoding(name: str | None) -> None:
    """Raises InputError for what is not the name of an encoding of text."""
    try:
        b"-".decode(name or "utf-8", "ignore")  # of nothing at all Python asks no decoder
    except (LookupError, ValueError):
        raise InputError(
            f"data.encoding={name}: the name of an encoding was expected, such as utf-8, utf-16, "
            "latin-1 or cp1252. Change it."
        ) from None


def column_name(cell: str) -> str:
    """A cell of a header without white space and signs that cannot be seen around it."""
    return cell.strip().strip(_INVISIBLE).strip()


def without_halves(text: str) -> str:
    """Text in which a question mark stands for each half of a character.

    JSON can spell such halves, and a command line hands them on for bytes that are not UTF-8; no
    encoding can write them down again.
    """
    return text if text.isascii() else text.encode(errors="replace").decode()


def plain_cells(values: Iterable[object]) -> list[str] | str:
    """Values as text, or why the row cannot be used."""
    cells = []
    for value in values:
        if isinstance(value, str):
            cells.append(without_halves(value))
        elif value is None or value != value:  # NaN stands for a missing value
            cells.append("")
        elif isinstance(value, list) and not any(isinstance(v, list | dict) for v in value):
            cells.append(ListCell(json.dumps([without_halves(str(v)) for v in value])))
        elif isinstance(value, bytes | list | dict):
            return NO_TEXT
        elif isinstance(value, bool):
            cells.append(str(value).lower())
        elif isinstance(value, float) and value.is_integer():
            cells.append(str(int(value)))  # whole numbers become 1.0 where others are missing
        else:
            cells.append(str(value))
    return cells
