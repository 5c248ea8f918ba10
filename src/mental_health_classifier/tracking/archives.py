"""A folder as one file, and back, without trusting the file."""

from __future__ import annotations

import gzip
import secrets
import shutil
import tarfile
import zlib
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from mental_health_classifier.contracts import InputError
from mental_health_classifier.tracking.files import TEMPORARY_PREFIX, whole_file
from mental_health_classifier.tracking.run_directories import folder_name


def pack(folder: Path, archive: Path, *, inside: Mapping[str, Path] | None = None) -> None:
    """Writes a folder into a compressed tar archive, which appears whole or not at all.

    Args:
        inside: other folders that appear in it, by their path within the first.

    Raises:
        InputError: the archive exists, or the folder holds what is neither file nor folder.
    """
    if archive.exists():
        raise InputError(f"{archive} exists and is not replaced. Name another file.")
    with whole_file(archive) as temporary, tarfile.open(temporary, "w:gz") as tar:
        top = folder_name(folder.resolve().name)
        for place, each in {".": folder, **(inside or {})}.items():
            _add(tar, each.resolve(), PurePosixPath(top, place))


def _add(tar: tarfile.TarFile, path: Path, name: PurePosixPath) -> None:
    if path.is_dir() and not path.is_symlink():
        tar.add(path, str(name), recursive=False)
        for entry in sorted(path.iterdir()):
            if not entry.name.startswith(TEMPORARY_PREFIX):
                _add(tar, entry, name / entry.name)
    elif path.is_file():
        tar.add(path.resolve(), str(name))
    else:
        raise InputError(f"{path} is neither a file nor a folder, and cannot be packed.")


def unpack(archive: Path, destination: Path) -> None:
    """Writes what an archive of `pack` holds into a new folder, which appears whole or not at all.

    Raises:
        InputError: the file is no such archive or was cut, a path in it leads out of its folder, or
            the destination exists.
    """
    if destination.exists():
        raise InputError(f"{destination} exists and is not overwritten. Name another folder.")
    destination.parent.mkdir(parents=True, exist_ok=True)
    prepared = destination.parent / f"{TEMPORARY_PREFIX}{secrets.token_hex(8)}"
    prepared.mkdir()
    try:
        _read_to_its_end(archive)
        with tarfile.open(archive, "r:gz") as tar:
            members = tar.getmembers()
            top = _top_of(members, archive)
            tar.extractall(prepared, members, filter="data")
        (prepared / top).rename(destination)
    except (tarfile.TarError, EOFError, OSError, zlib.error) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise  # of the file system, not of the content
        raise InputError(f"{archive} is no archive of this project, or was cut.") from None
    finally:
        shutil.rmtree(prepared, ignore_errors=True)


def _read_to_its_end(archive: Path) -> None:
    """Has the checksum checked, which tarfile does not reach."""
    with gzip.open(archive) as content:
        while content.read(2**20):
            pass


def _top_of(members: list[tarfile.TarInfo], archive: Path) -> str:
    """The one folder that everything in the archive lies in."""
    for member in members:
        path = PurePosixPath(member.name)
        if path.is_absolute() or ".." in path.parts or not (member.isfile() or member.isdir()):
            # Not by its name: that is the attacker's text.
            raise InputError(
                f"{archive} is refused: it holds a link, or a path that leads out of its folder."
            )
    tops = {PurePosixPath(member.name).parts[0] for member in members}
    if len(tops) != 1:
        raise InputError(f"{archive} does not hold one folder, so nothing here wrote it.")
    return tops.pop()
