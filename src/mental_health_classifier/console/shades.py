"""Colours of signed strengths: red for, blue against."""

from __future__ import annotations


def shade(strength: float) -> tuple[int, int, int]:
    """From white to red for 1 and to blue for -1, all of them light enough for black letters."""
    faded = round(255 - 135 * min(abs(strength), 1.0))
    return (255, faded, faded) if strength > 0 else (faded, faded, 255)
