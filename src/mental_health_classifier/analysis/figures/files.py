"""Figures as the content of files."""

from __future__ import annotations

import io
import warnings
from pathlib import Path
from typing import Any

from matplotlib import rc_context
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from mental_health_classifier.contracts import InputError

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


def figure_bytes(figure: Figure, file_format: str, *, dots_per_inch: int = DOTS_PER_INCH) -> bytes:
    """A figure as the content of a file, the same bytes each time.

    Args:
        file_format: one of FORMATS.
        dots_per_inch: of a PNG; the others are lines.
    """
    buffer = io.BytesIO()
    with warnings.catch_warnings(), rc_context(_REPEATABLE):
        # Names may hold letters that the font has not; a box stands for them.
        warnings.filterwarnings("ignore", message="Glyph", category=UserWarning)
        if file_format == "svg":
            # What `savefig` does, without drawing everything once more to lay it out.
            FigureCanvasSVG(figure).print_svg(buffer, metadata=_NO_DATE["svg"])
        else:
            figure.savefig(
                buffer, format=file_format, dpi=dots_per_inch, metadata=_NO_DATE[file_format]
            )
    return buffer.getvalue()
