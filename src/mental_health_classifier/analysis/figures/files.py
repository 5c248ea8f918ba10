"""Figures as files or bytes."""

from __future__ import annotations

import io
import warnings
from pathlib import Path
from typing import Any

from matplotlib import rc_context
from matplotlib.figure import Figure

from mental_health_classifier.contracts import InputError
from mental_health_classifier.storage.files import write_atomically

FORMATS = ("png", "svg", "pdf")
DOTS_PER_INCH = 200

# The same figure gives the same bytes, and its text stays text where the format knows text.
_REPEATABLE: Any = {"svg.hashsalt": "mental_health_classifier", "pdf.fonttype": 42}
_NO_DATE = {"png": {}, "svg": {"Date": None}, "pdf": {"CreationDate": None}}


def format_of(path: Path) -> str:
    """Which format a file's name asks for.

    Raises:
        InputError: none that there is.
    """
    suffix = path.suffix.removeprefix(".").lower()
    if suffix not in FORMATS:
        raise InputError(
            f"--output={path}: expected a file that ends in .{', .'.join(FORMATS)}, which says "
            "what it will be."
        )
    return suffix


def check_output(path: Path, *, is_replaced: bool) -> None:
    """Refuses what could not be written, before anything is drawn.

    Raises:
        InputError: an unknown format, a folder that is not there, or a file that is.
    """
    format_of(path)
    if path.is_dir() or not path.parent.is_dir():
        raise InputError(f"--output={path}: expected a file in a folder that exists.")
    if path.exists() and not is_replaced:
        raise InputError(f"--output={path}: the file exists. Give --force to replace it.")


def write_figure(figure: Figure, path: Path) -> None:
    """Writes a figure in the format that the file's name asks for, whole or not at all.

    Raises:
        InputError: an unknown format, or the file cannot be written.
    """
    content = figure_bytes(figure, format_of(path))
    try:
        write_atomically(path, content)
    except OSError as error:
        raise InputError(f"--output={path} cannot be written: {error.strerror}.") from None


def figure_bytes(figure: Figure, file_format: str) -> bytes:
    """A figure as the content of a file, the same bytes each time.

    Args:
        file_format: one of FORMATS.
    """
    buffer = io.BytesIO()
    with warnings.catch_warnings(), rc_context(_REPEATABLE):
        # Names may hold letters that the font has not; a box stands for them.
        warnings.filterwarnings("ignore", message="Glyph", category=UserWarning)
        figure.savefig(
            buffer, format=file_format, dpi=DOTS_PER_INCH, metadata=_NO_DATE[file_format]
        )
    return buffer.getvalue()
