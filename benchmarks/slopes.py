"""Cost by size: a line through measurements, and what it says of other sizes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def slope(sizes: Sequence[int], costs: Sequence[float]) -> tuple[float, float]:
    """Cost of nothing and cost of one more, of the line with the least relative errors."""
    x, y = np.asarray(sizes, dtype=float), np.asarray(costs, dtype=float)
    # Relative, since otherwise the largest size alone decides.
    design = np.stack([1 / y, x / y], axis=1)
    (fixed, each), *_ = np.linalg.lstsq(design, np.ones(len(y)), rcond=None)
    return float(fixed), float(each)


def slope_line(
    what: str, sizes: Sequence[int], costs: Sequence[float], *, unit: str, at: Sequence[int]
) -> str:
    """`compare: 1.1 s + 0.031 s a thousand; at 10: 1.1 s, at 100,000: 4.2 s`."""
    fixed, each = slope(sizes, costs)
    expected = ", ".join(f"at {size:,}: {fixed + each * size:,.3g} {unit}" for size in at)
    return f"{what}: {fixed:.3g} {unit} + {each * 1000:.3g} {unit} a thousand; {expected}"
