"""Numbers, counts, times and names as text that is safe to print."""

from __future__ import annotations

import difflib
import math
import unicodedata
from collections.abc import Sequence
from typing import TypeGuard

from mental_health_classifier.contracts.decimals import decimals

STEERING = {"Cc", "Cf", "Cs", "Zl", "Zp"}
"""Unicode categories of what is not itself seen: controls, formats, line separators, and halves of
characters, which cannot even be printed."""

ZERO_WIDTH_JOINER = "\u200d"
"""The exception: emoji are joined by it."""


def printable(value: object) -> str:
    """Text in which everything that steers a terminal, or the direction of reading, is escaped.

    Names come from people and from folders that were copied around; none may clear the screen, hide
    the rest of a line or pose as another name.
    """
    shown = str(value)
    if shown.isprintable():
        return shown
    return "".join(
        character.encode("unicode_escape").decode("ascii")
        if unicodedata.category(character) in STEERING and character != ZERO_WIDTH_JOINER
        else character
        for character in shown
    )


def printable_lines(message: str) -> str:
    """A message of several lines, each of them `printable`."""
    return "\n".join(map(printable, message.split("\n")))


def number(value: object, interval: object = None, *, signed: bool = False) -> str:
    """`.812 [.78, .84]`: a share with its interval; a hyphen where it is not known."""
    if not is_number(value):
        return "-"
    shown = decimals(value, 3, sign="+" if signed else "")
    if not is_interval(interval):
        return shown
    low, high = (decimals(end, 2) for end in interval)
    return f"{shown} [{low}, {high}]"


def duration(seconds: object) -> str:
    """`48 s`, `2 min 5 s`, `1 h 12 min`; a hyphen where it is not known."""
    if not is_number(seconds):
        return "-"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def clock(seconds: object) -> str:
    """`0:48`, `2:05`, `1:12:00`: a duration where there is little room; a hyphen where it is not
    known."""
    if not is_number(seconds):
        return "-"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def size(bytes_: object) -> str:
    """`810 MB`, `1.6 GB`; a hyphen where it is not known."""
    if not is_number(bytes_):
        return "-"
    megabytes = bytes_ / 2**20
    return f"{megabytes:.0f} MB" if megabytes < 1000 else f"{megabytes / 1024:.1f} GB"


def moment(written: object) -> str:
    """`2026-11-23 15:04`, from a time in ISO 8601; a hyphen where it is not known."""
    return "-" if written is None else str(written)[:16].replace("T", " ")


def count(value: object, noun: str, plural: str = "") -> str:
    """`1 post`, `2,400 posts`; with a plural of its own `2 misses`."""
    return f"{amount(value)} {noun if value == 1 else plural or f'{noun}s'}"


def amount(value: object) -> str:
    """`2,400`; a hyphen where it is not known."""
    return f"{round(value):,}" if is_number(value) else "-"


def posts_by(posts: object, authors: object) -> str:
    """`40 posts by 12 authors`, or that nobody knows by how many."""
    who = "whose authors are not known" if authors is None else f"by {count(authors, 'author')}"
    return f"{count(posts, 'post')} {who}"


def is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def is_interval(value: object) -> TypeGuard[Sequence[float]]:
    return isinstance(value, Sequence) and len(value) == 2 and all(map(is_number, value))


def alternatives(wanted: str, known: Sequence[str], *, most: int = 30) -> str:
    """What there is in place of something that is not: the similar ones, then the first ones."""
    close = difflib.get_close_matches(wanted, known, n=5, cutoff=0.5)
    similar = f" Similar: {', '.join(close)}." if close else ""
    more = f" and {len(known) - most} more" if len(known) > most else ""
    return f"{similar}\nThere are: {', '.join(known[:most]) or 'none'}{more}."
