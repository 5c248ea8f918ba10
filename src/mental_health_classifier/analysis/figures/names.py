"""Names in figures: short and harmless."""

from __future__ import annotations

import textwrap

from mental_health_classifier.console.wording import printable
from mental_health_classifier.contracts.metric_words import metric_words

MAX_LENGTH = 28
LINE_LENGTH = 36


def plain_name(value: object, *, max_length: int = MAX_LENGTH) -> str:
    """A name as it can be drawn: without what steers a screen, and never read as a formula."""
    shown = printable(value)
    if len(shown) > max_length:
        shown = f"{shown[: max_length - 1]}…"
    return shown.replace("$", r"\$")


def wrapped_name(value: object) -> str:
    """A `plain_name` of up to three lines, for what is told apart by its end."""
    whole = plain_name(value, max_length=3 * LINE_LENGTH)
    return "\n".join(textwrap.wrap(whole, LINE_LENGTH, break_on_hyphens=False)[:3])


def metric_name(metric: str) -> str:
    """`metric_words` as they can be drawn."""
    return plain_name(metric_words(metric), max_length=60)
