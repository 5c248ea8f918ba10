"""Shares as every page, table and log writes them."""

from __future__ import annotations

from mental_health_classifier.contracts.predictions import DECIMALS


def decimals(value: float, places: int, *, sign: str = "") -> str:
    """`.812`: without the zero before the point, and one as `1.00`, as wide as all others.

    Args:
        value: finite.
        sign: "+": what is above zero has one too.
    """
    # One is as wide as all other shares when it gives a decimal away for its first digit.
    places -= abs(value) >= 1 - 10**-places / 2
    # z: what rounds to zero is no negative zero.
    shown = f"{value:{sign}z.{places}f}"
    sign = shown[: shown[0] in "+-"]
    return sign + shown.removeprefix(sign).removeprefix("0")


def exact_decimals(value: float) -> str:
    """`.25`, `.018678`: a threshold with all the decimals that a stored probability has, but no
    zeros after them."""
    return f"{value:.{DECIMALS}f}".rstrip("0").rstrip(".").removeprefix("0") or "0"
