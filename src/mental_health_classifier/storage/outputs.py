"""Files that a person asks for with an option of a command."""

from __future__ import annotations

from pathlib import Path

from mental_health_classifier.contracts import InputError
from mental_health_classifier.storage.files import write_atomically


def check_output(path: Path, *, option: str = "--output", is_replaced: bool | None = None) -> None:
    """Refuses a place that could not be written to, before anything is worked out.

    Args:
        is_replaced: whether a file that exists may be, by --force; None: there is no --force.

    Raises:
        InputError: the file exists and may not be replaced, or its folder does not exist.
    """
    if path.is_dir():
        raise InputError(f"{option}={path} is a folder. Name a file in it.")
    if not path.parent.is_dir():
        raise InputError(f"{option}={path}: expected a file in a folder that exists.")
    if path.exists() and not is_replaced:
        way_out = "Name another one." if is_replaced is None else "Give --force to replace it."
        raise InputError(f"{option}={path}: the file exists and is not replaced. {way_out}")


def write_output(path: Path, content: bytes | str, *, option: str = "--output") -> None:
    """Writes the file, whole or not at all.

    Raises:
        InputError: it cannot be written.
    """
    try:
        write_atomically(path, content)
    except OSError as error:
        raise InputError(f"{option}={path} cannot be written: {error.strerror}.") from None
