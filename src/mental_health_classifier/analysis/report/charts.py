"""Where the lines, points and ticks of the report's charts lie; templates draw them as SVG.

All positions are in the units of the drawing, rounded to a tenth: what no eye sees costs no bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

WIDTH, HEIGHT = 640, 300
LEFT, RIGHT, TOP, BOTTOM = 56, 16, 14, 44
BUCKETS = 120
"""Of each the lowest and the highest point of a line are kept, so that no peak is lost."""


@dataclass(frozen=True, slots=True)
class Tick:
    at: float
    label: str


@dataclass(frozen=True, slots=True)
class Line:
    label: str
    path: str
    """As SVG writes it."""
    style: str
    """Name of a CSS class."""
    key: str = ""
    """What a person switches on and off together."""
    title: str = ""


@dataclass(frozen=True, slots=True)
class Point:
    x: float
    y: float
    style: str
    title: str
    anchor: str | None = None


@dataclass(frozen=True, slots=True)
class Chart:
    title: str
    description: str
    """For those who cannot see it."""
    x_label: str
    y_label: str
    x_ticks: Sequence[Tick]
    y_ticks: Sequence[Tick]
    lines: Sequence[Line] = ()
    points: Sequence[Point] = ()
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    labels: Sequence[Tick] = ()
    """Names of rows, where rows have names in place of a scale."""


@dataclass(frozen=True, slots=True)
class Scale:
    """Values of one axis as positions in the drawing."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        share = (value - self.low) / (self.high - self.low)
        return round(self.start + share * (self.end - self.start), 1)

    def ticks(self, number: int = 5) -> list[Tick]:
        """Round values between the ends, about so many."""
        step = _round_step((self.high - self.low) / number)
        first = np.ceil(self.low / step - 1e-9)
        last = np.floor(self.high / step + 1e-9)
        # Adding zero turns minus zero into zero.
        values = [float(place * step) + 0.0 for place in np.arange(first, last + 1)]
        decimals = max(0, -int(np.floor(np.log10(step) + 1e-9)))
        return [Tick(self(value), f"{value:,.{decimals}f}") for value in values]


def x_scale(low: float, high: float, *, left: int = LEFT) -> Scale:
    return Scale(*_apart(low, high), left, WIDTH - RIGHT)


def y_scale(low: float, high: float, *, height: int = HEIGHT) -> Scale:
    return Scale(*_apart(low, high), height - BOTTOM, TOP)


def path_of(xs: Sequence[float], ys: Sequence[float], *, x: Scale, y: Scale) -> str:
    """A line through points in their order, thinned without losing a peak."""
    points = [(x(a), y(b)) for a, b in thinned(xs, ys)]
    return "M" + "L".join(f"{a:g},{b:g}" for a, b in points) if points else ""


def thinned(
    xs: Sequence[float], ys: Sequence[float], *, buckets: int = BUCKETS
) -> list[tuple[float, float]]:
    """The lowest and the highest point of each of some equal stretches, and both ends, in order."""
    n = len(xs)
    if n <= 2 * buckets:
        return list(zip(xs, ys, strict=True))
    values = np.asarray(ys, dtype=float)
    edges = np.linspace(0, n, buckets + 1).astype(int)
    kept = {0, n - 1}
    for start, end in pairwise(edges):
        kept |= {
            start + int(values[start:end].argmin()),
            start + int(values[start:end].argmax()),
        }
    return [(xs[place], ys[place]) for place in sorted(kept)]


def _apart(low: float, high: float) -> tuple[float, float]:
    """Ends of a scale that are not one point."""
    return (low, high) if high > low else (low - 0.5, low + 0.5)


def _round_step(step: float) -> float:
    magnitude = 10.0 ** np.floor(np.log10(step))
    return float(next(m * magnitude for m in (1, 2, 5, 10) if m * magnitude >= step * 0.999))
