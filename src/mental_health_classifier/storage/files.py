"""Files that are whole or not there.

A process can be killed, and a disk can fill up, between any two bytes. Everything a run leaves
behind is therefore written beside its final name, forced to disk, and only then given that name.
"""

from __future__ import annotations

import errno
import hashlib
import json
import math
import os
import secrets
import stat
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from io import BufferedReader, FileIO, TextIOWrapper
from pathlib import Path
from typing import Any, Never

import orjson

from mental_health_classifier.contracts import InputError
from mental_health_classifier.storage.process_identity import tag_of_this_process

SCHEMA_VERSION = 2
"""Written into every JSON file of a run; a higher number comes from a newer version."""

SEALED_SINCE = 2
"""From this version on every JSON file ends with its checksum."""

MOST_BYTES = 4 * 2**30
"""No file of a record is larger."""

MOST_BYTES_OF_JSON = 64 * 2**20

TEMPORARY_PREFIX = ".tmp-"
"""How a file or folder is called until it is whole. A killed process can leave some: readers skip
them, and `leftovers` tells which nobody needs any more."""


def _refuse(constant: str) -> Never:
    raise ValueError(f"{constant} is not JSON")


_DECODER = json.JSONDecoder(parse_constant=_refuse)


def temporary_path(folder: Path) -> Path:
    """A free name in a folder for what is not whole yet; it says which process that belongs to."""
    return folder / f"{TEMPORARY_PREFIX}{tag_of_this_process()}-{secrets.token_hex(8)}"


def refuse_special_files(paths: Iterable[Path]) -> None:
    """Makes sure that what is written to paths in a record stays there, whoever made the record.

    Raises:
        InputError: one is a link, or something else that is neither file nor folder.
    """
    for path in paths:
        if path.is_symlink() or (path.exists() and not (path.is_file() or path.is_dir())):
            what = "a link" if path.is_symlink() else "a pipe or a device"
            raise InputError(
                f"{path} is {what}, and what is written into a record stays in its folder. Put a "
                "file or folder in its place."
            )


def place_in(record: Path, name: str) -> Path:
    """A path to write to, by its name within the folder of a record, with slashes.

    Raises:
        InputError: as `refuse_special_files`.
    """
    path = record / name
    refuse_special_files([path, *path.parents[: name.count("/")]])
    return path


def without_following(path: str, flags: int) -> int:
    """An opener that opens no link: none is put in the place of a file after
    `refuse_special_files`."""
    return os.open(path, flags | os.O_NOFOLLOW, 0o666)


@contextmanager
def whole_file(
    path: Path, *, give_name: Callable[[Path, Path], None] = os.replace
) -> Iterator[Path]:
    """Lends a temporary path; what was written there appears at the end, or not at all.

    For writers that want a path of their own (safetensors, NumPy).

    Args:
        give_name: `os.replace`, which replaces a file that exists in one step, or `give_free_name`.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    # In the same folder, because a rename between file systems is a copy; short, because names end
    # at 255 bytes.
    temporary = temporary_path(path.parent)
    try:
        yield temporary
        force_to_disk(temporary)
        give_name(temporary, path)
    except OSError as error:
        if error.filename in (None, str(temporary)):
            # A full disk is told without any name, and nobody knows the temporary one.
            error.filename = str(path)
        raise
    finally:
        temporary.unlink(missing_ok=True)
    force_to_disk(path.parent)


def write_atomically(path: Path, content: bytes | str) -> None:
    """Writes a file so that readers see the old content or the new one, never a part of either."""
    with whole_file(path) as temporary:
        temporary.write_bytes(encoded(content) if isinstance(content, str) else content)


def give_free_name(temporary: Path, path: Path) -> None:
    """Gives a file that is written to its end its name in the same folder, if that is free; of
    several processes exactly one succeeds.

    Raises:
        FileExistsError: the name is taken. Nothing was changed.
    """
    try:
        # Unlike a rename, a link refuses a name that exists.
        os.link(temporary, path)
    except FileExistsError:
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(path)) from None
    except OSError as error:
        if error.errno not in _NO_HARD_LINKS:
            raise
        # FAT, exFAT and some network and FUSE mounts have no hard links. Exclusive creation still
        # lets one process win; what is lost is that a kill right here leaves an empty file.
        path.open("xb").close()
        os.replace(temporary, path)
    force_to_disk(path.parent)


def write_json(path: Path, mapping: Mapping[str, Any]) -> None:
    """Writes strict JSON, replacing what was there.

    Raises:
        ValueError: a number is not finite; say what it means with `null_where_not_finite`.
        TypeError: a value has no form in JSON.
    """
    write_atomically(path, _document(mapping))


def write_json_once(path: Path, mapping: Mapping[str, Any]) -> None:
    """Writes strict JSON under a free name; of several processes exactly one succeeds.

    Raises:
        FileExistsError: the name is taken. Nothing was changed.
        ValueError, TypeError: as `write_json`.
    """
    content = _document(mapping)
    with whole_file(path, give_name=give_free_name) as temporary:
        temporary.write_bytes(content)


def read_json(path: Path | str) -> dict[str, Any]:
    """Reads a JSON file that this package wrote.

    Raises:
        FileNotFoundError: there is no such file.
        InputError: the file was cut, changed, or written by a newer version of this package, or
            cannot be read.
    """
    return parse_json(read_content(path), path)


def read_content(path: Path | str, *, most_bytes: int = MOST_BYTES_OF_JSON) -> bytes:
    """What a file of a record holds.

    Raises:
        FileNotFoundError, InputError: as `open_to_read`.
    """
    with open_to_read(path, most_bytes=most_bytes) as handle:
        return handle.readall()


def open_to_read(path: Path | str, *, most_bytes: int = MOST_BYTES) -> FileIO:
    """Opens a file of a record, which somebody else may have made.

    Raises:
        FileNotFoundError: there is no such file.
        InputError: it cannot be read; or would be waited for, never end or fill the memory.
    """
    try:
        # Without a buffer, and without a `Path` where there is none: lists of runs read thousands
        # of small files.
        handle = FileIO(path, opener=_without_waiting)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from None
    status = os.fstat(handle.fileno())
    if stat.S_ISREG(status.st_mode) and status.st_size <= most_bytes:
        return handle
    handle.close()
    what = "is larger than any" if stat.S_ISREG(status.st_mode) else "is a pipe or a device, not a"
    raise InputError(f"{path} {what} file that a run writes.")


def open_text_to_read(path: Path) -> TextIOWrapper:
    """As `open_to_read`, a file of text with its own ends of lines."""
    return TextIOWrapper(BufferedReader(open_to_read(path)), encoding="utf-8", newline="")


def _without_waiting(path: str, flags: int) -> int:
    # A pipe would be waited for.
    return os.open(path, flags | os.O_NONBLOCK)


def parse_json(document: bytes, path: Path | str) -> dict[str, Any]:
    """What a JSON file of this package says whose content was read already.

    Args:
        document: that content.
        path: how messages call the file.

    Raises:
        InputError: as `read_json`.
    """
    try:
        content = decoded(document)
    except (ValueError, RecursionError) as error:
        place = f" in line {error.lineno}" if isinstance(error, json.JSONDecodeError) else ""
        raise InputError(
            f"{path} is damaged: expected whole JSON, found an error{place}. "
            "Restore the file from a copy, or delete the folder of that run."
        ) from None
    if not isinstance(content, dict):
        raise InputError(
            f"{path} is damaged: expected a JSON object, found {type(content).__name__}."
        )
    version = content.get("schema_version", 1)
    if type(version) is not int or version > SCHEMA_VERSION:
        shown = version if type(version) is int else f"of type {type(version).__name__}"
        raise InputError(
            f"{path} has a schema_version {str(shown)[:40]}; the installed "
            f"mental-health-classifier reads versions up to {SCHEMA_VERSION}. Update it."
        )
    is_sealed = version >= SEALED_SINCE or b'"crc32"' in document
    if is_sealed and not _has_its_seal(document):
        raise InputError(
            f"{path} is damaged: its content does not have the checksum in its last line. "
            "Restore it from a copy."
        )
    content.pop("crc32", None)
    return content


def force_to_disk(path: Path) -> None:
    """Returns when a file's content, or the names in a folder, would survive a loss of power."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sha256_of(path: Path) -> str:
    """SHA-256 of a file's content, 64 hex digits."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def null_where_not_finite(value: Any) -> Any:
    """The same value for strict JSON: what is infinite or undefined becomes None, at any depth.

    Scalars of NumPy and torch become plain numbers, tuples become lists.

    Raises:
        TypeError: a value has no form in JSON.
    """
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if value is None or isinstance(value, (str, int)):
        return value
    if isinstance(value, Mapping):
        return {str(key): null_where_not_finite(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [null_where_not_finite(item) for item in value]
    if hasattr(value, "item"):
        return null_where_not_finite(value.item())
    raise TypeError(f"A value of type {type(value).__name__} has no form in JSON.")


def decoded(document: bytes) -> Any:
    """The value that strict JSON holds.

    Raises:
        ValueError, RecursionError: it is none.
    """
    try:
        return orjson.loads(document)
    except orjson.JSONDecodeError:
        # Python's own says where the error is, and reads the halves of characters that a name can
        # hold.
        return _DECODER.decode(document.decode("utf-8"))


_NO_HARD_LINKS = {errno.EPERM, errno.EOPNOTSUPP, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK}


_SEAL = b',\n "crc32": "%08x"\n}'
_SEAL_BYTES = len(_SEAL % 0)


def _document(mapping: Mapping[str, Any]) -> bytes:
    """Strict JSON whose last entry is the checksum of what stands before it.

    The closing brace is the last byte: every cut leaves invalid JSON, and the checksum tells of
    what else happened to it.
    """
    assert "crc32" not in mapping
    if not mapping:
        return b"{}"
    return sealed(encoded(json.dumps(mapping, allow_nan=False, ensure_ascii=False, indent=1)))


def sealed(document: bytes) -> bytes:
    """A JSON object with something in it, and the checksum of that as its last entry."""
    body = document.removesuffix(b"}").removesuffix(b"\n")
    return body + _SEAL % zlib.crc32(body)


def _has_its_seal(document: bytes) -> bool:
    body, seal = document[:-_SEAL_BYTES], document[-_SEAL_BYTES:]
    return seal == _SEAL % zlib.crc32(body)


def encoded(text: str) -> bytes:
    """UTF-8 that gives the text back, whatever a command line put into it."""
    # Only lone surrogates (from command lines that are not UTF-8) fail, and become exactly their
    # JSON escape.
    return text.encode("utf-8", errors="backslashreplace")
