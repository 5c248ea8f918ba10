"""Archives: a folder as one file and back, without trusting the file.

Whoever made an archive chose every byte of it. So it is read once, from its beginning to its end,
with limits on what that may cost; only plain files and folders are taken from it, and each file is
made anew, at a place that nothing else has. The standard library parses single headers; what those
lead to (sparse maps, extended headers of any size, links) is none of its business here.
"""

from __future__ import annotations

import errno
import gzip
import os
import tarfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from mental_health_classifier.contracts import InputError
from mental_health_classifier.contracts.folder_names import folder_name
from mental_health_classifier.storage.files import TEMPORARY_PREFIX, force_to_disk, whole_file
from mental_health_classifier.storage.leftovers import lent_folder, sweep


@dataclass(frozen=True, slots=True)
class Limits:
    """What unpacking an archive may come to."""

    members: int = 100_000
    """Files and folders."""
    bytes: int = 16 * 2**30
    """Of all that it unpacks to."""
    ratio: int = 100
    """So many times its own size, where it unpacks to more than `always_allowed`."""
    always_allowed: int = 64 * 2**20

    def bytes_of(self, archive: Path) -> int:
        """The most that an archive may unpack to."""
        by_ratio = max(self.always_allowed, archive.stat().st_size * self.ratio)
        return min(self.bytes, by_ratio)


DEFAULT_LIMITS = Limits()


def pack(folder: Path, archive: Path, *, inside: Mapping[str, Path] | None = None) -> None:
    """Writes a folder into a compressed tar archive, which appears whole or not at all.

    Args:
        inside: other folders that appear in it, by their path within the first.

    Raises:
        InputError: the archive exists, or the folder holds what is neither file nor folder. Such is
            a link: nobody asked for what it leads to.
    """
    if archive.exists():
        raise InputError(f"{archive} exists and is not replaced. Name another file.")
    if archive.parent.is_dir():
        sweep(archive.parent)
    with whole_file(archive) as temporary, tarfile.open(temporary, "w:gz") as tar:
        top = folder_name(folder.resolve().name)
        for place, each in {".": folder, **(inside or {})}.items():
            _add(tar, each.resolve(), PurePosixPath(top, place))


def _add(tar: tarfile.TarFile, path: Path, name: PurePosixPath) -> None:
    """Adds a file or folder, links followed and temporary files left out."""
    if path.is_symlink() or not (path.is_file() or path.is_dir()):
        what = "a link" if path.is_symlink() else "neither a file nor a folder"
        raise InputError(f"{path} is {what}, and is not packed. Remove it, or copy what is meant.")
    tar.add(path, str(name), recursive=False)
    if path.is_dir():
        for entry in sorted(path.iterdir()):
            if not entry.name.startswith(TEMPORARY_PREFIX):
                _add(tar, entry, name / entry.name)


def unpack(archive: Path, destination: Path, limits: Limits = DEFAULT_LIMITS) -> None:
    """Writes what an archive of `pack` holds into a new folder, which appears whole or not at all.

    Raises:
        InputError: the file is no such archive or was cut, it holds something else than files and
            folders, a path in it leads out of its folder or stands there twice, it unpacks to more
            than the limits, or the destination exists.
        OSError: the disk is full or cannot be written to.
    """
    if os.path.lexists(destination):
        raise InputError(f"{destination} exists and is not overwritten. Name another folder.")
    if not archive.is_file():
        what = "is a folder, not" if archive.is_dir() else "is not there, or not"
        raise InputError(f"{archive} {what} a file that `mhc export` or a snapshot wrote.")
    try:
        with lent_folder(destination.parent) as prepared:
            with archive.open("rb") as packed, gzip.open(packed) as content:
                top = _unpack(_Stream(content, archive, limits), prepared, limits)
            force_to_disk(prepared / top)
            (prepared / top).rename(destination)
    except _Refused as reason:
        raise InputError(f"{archive} is refused: {reason}") from None
    except (EOFError, zlib.error, gzip.BadGzipFile, tarfile.TarError):
        raise InputError(f"{archive} is no archive of this project, or was cut.") from None


class _Refused(Exception):
    """Why an archive is; never in the words of the archive, which are an attacker's."""


class _Stream:
    """The content of an archive, in blocks."""

    def __init__(self, content: gzip.GzipFile, archive: Path, limits: Limits) -> None:
        self._content = content
        self._most = limits.bytes_of(archive)
        self._left = self._most

    def read(self, size: int) -> bytes:
        """Exactly so many bytes.

        Raises:
            EOFError: there are less.
        """
        self._refuse_more_than(size)
        self._left -= size
        found = self._content.read(size)
        if len(found) < size:
            raise EOFError
        return found

    def read_chunks(self, size: int) -> Iterator[bytes]:
        """The content of a member, without what fills its last block."""
        self._refuse_more_than(size)
        for start in range(0, size, _CHUNK):
            wanted = min(_CHUNK, size - start)
            padding = -wanted % tarfile.BLOCKSIZE
            yield self.read(wanted + padding)[:wanted]

    def _refuse_more_than(self, size: int) -> None:
        if size > self._left:
            raise _Refused(
                f"it unpacks to more than {self._most / 2**20:,.0f} MiB, which is the limit for a "
                "file of its size. If you trust it, unpack it with tar: a run is its folder."
            )

    def check_end(self) -> None:
        """Has the checksum of the whole checked, and makes sure that nothing is hidden there."""
        while chunk := self._content.read(_CHUNK):
            self._left -= len(chunk)
            if chunk.strip(b"\0") or self._left < 0:
                raise _Refused("something follows its end.")


def _unpack(stream: _Stream, prepared: Path, limits: Limits) -> str:
    """Writes everything below `prepared`; returns the one folder that all of it lies in."""
    top = None
    for number, header in enumerate(_headers(stream), start=1):
        if number > limits.members:
            raise _Refused(f"it holds more than {limits.members:,} files and folders.")
        path = _checked_path(header.name)
        if top not in (None, path.parts[0]):
            raise _Refused("it does not hold one folder, so nothing here wrote it.")
        top = path.parts[0]
        try:
            _write(header, stream, prepared / path)
        except (FileExistsError, NotADirectoryError, IsADirectoryError):
            raise _Refused("a name stands in it twice.") from None
        except OSError as error:
            if error.errno not in _BAD_NAMES:
                raise
            raise _Refused("it holds a name that this file system has not.") from None
    stream.check_end()
    if top is None or not (prepared / top).is_dir():
        raise _Refused("it does not hold one folder, so nothing here wrote it.")
    return top


def _headers(stream: _Stream) -> Iterator[tarfile.TarInfo]:
    """The header of each file and folder; the content of a file has to be read before the next."""
    name: str | None = None
    while True:
        block = stream.read(tarfile.BLOCKSIZE)
        if not block.strip(b"\0"):
            return
        header = tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
        if header.type in _LONG_NAMES:
            if not 0 <= header.size <= _LONGEST_HEADER:
                raise _Refused("it holds a header that is too long.")
            content = b"".join(stream.read_chunks(header.size))
            is_extended = header.type == tarfile.XHDTYPE
            name = _name_in(content) if is_extended else _decoded(content.rstrip(b"\0"))
            continue
        if header.type not in _PLAIN or header.size < 0 or (header.isdir() and header.size):
            raise _Refused("it holds something else than files and folders, a link for example.")
        if name is not None:
            header.name = name
        name = None
        yield header


def _name_in(content: bytes) -> str | None:
    """The path that an extended header (pax) gives to the next member. None: it gives none."""
    name = None
    while content:
        length, _, _ = content.partition(b" ")
        size = int(length) if length.isdigit() and len(length) < 10 else 0
        record, content = content[:size], content[size:]
        key, separator, value = record[len(length) + 1 :].partition(b"=")
        if not separator or value[-1:] != b"\n":
            raise _Refused("it holds a header that cannot be read.")
        if key == b"size" or key.startswith(b"GNU.sparse"):
            raise _Refused("it holds a file with holes, or one whose size its header cannot hold.")
        if key == b"path":
            name = _decoded(value[:-1])
    return name


def _checked_path(name: str) -> PurePosixPath:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or "\0" in name or not path.parts:
        raise _Refused("it holds a path that leads out of its folder.")
    return path


def _write(header: tarfile.TarInfo, stream: _Stream, path: Path) -> None:
    """Writes a member at a place that nothing has yet."""
    if header.isdir():
        path.mkdir(parents=True, exist_ok=True)
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    # Its times and its owner stay behind, and of its rights all but whether it can be run.
    mode = 0o777 if header.mode & 0o100 else 0o666
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    with open(descriptor, "wb") as file:
        for chunk in stream.read_chunks(header.size):
            file.write(chunk)


def _decoded(name: bytes) -> str:
    return name.decode("utf-8", "surrogateescape")


_CHUNK = 2**20
_LONGEST_HEADER = 2**16
_LONG_NAMES = (tarfile.XHDTYPE, tarfile.GNUTYPE_LONGNAME)
_PLAIN = (tarfile.REGTYPE, tarfile.AREGTYPE, tarfile.DIRTYPE)
_BAD_NAMES = (errno.ENAMETOOLONG, errno.EILSEQ, errno.EINVAL)
