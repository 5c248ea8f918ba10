"""Kinds of JSON values, of which the shapes of records are made.

A record is checked once, where it is read, so that nobody after that has to ask whether a number is
one. It costs a few microseconds a file: thousands are read for one list.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping
from datetime import datetime, timedelta
from itertools import chain
from typing import Any

Kind = Callable[[Any], str | None]
"""Says what in a value is not of the kind: its dotted key, empty for the value itself. None:
nothing is."""

LONGEST_TEXT = 100_000
"""Characters; nothing that a run writes about itself is as long."""

GREATEST = 1e100
"""Numbers beyond it measure nothing, and overflow in the first square."""

DEEPEST = 50
"""So deep lists and mappings may lie in each other."""

LONGEST_KEY = 80
"""Characters of a key that are named."""

_NOTHING = type(None)
_WHOLE_LIMIT = 2**63
"""Whole numbers are kept in 64 bits by whatever tabulates them."""


def anything(value: Any) -> str | None:
    """What is passed on as it is, but nothing in which whoever walks through it runs out of
    stack."""
    level = [value] if type(value) in (dict, list) else []
    for _ in range(DEEPEST):
        if not level:
            return None
        level = [
            inner
            for outer in level
            for inner in (outer.values() if type(outer) is dict else outer)
            if type(inner) is dict or type(inner) is list
        ]
    return ""


def any_mapping(value: Any) -> str | None:
    """A mapping of anything."""
    return anything(value) if type(value) is dict else ""


def text(value: Any) -> str | None:
    """Text as a command line has it: halves of characters stand for bytes that are not UTF-8."""
    return None if type(value) is str and len(value) <= LONGEST_TEXT else ""


def name(value: Any) -> str | None:
    """Text that names columns and rows of tables, so without halves of characters."""
    return None if text(value) is None and (value.isascii() or _is_whole(value)) else ""


def flag(value: Any) -> str | None:
    return None if type(value) is bool else ""


def number(value: Any) -> str | None:
    """A number that is finite; a truth value is none."""
    return None if type(value) in (int, float) and -GREATEST < value < GREATEST else ""


def count(value: Any) -> str | None:
    """A whole number of 0 or more that fits into 64 bits."""
    return None if type(value) is int and 0 <= value < _WHOLE_LIMIT else ""


def whole_number(value: Any) -> str | None:
    return None if type(value) is int and -_WHOLE_LIMIT <= value < _WHOLE_LIMIT else ""


def share(value: Any) -> str | None:
    """A number from 0 to 1."""
    return None if type(value) in (int, float) and 0 <= value <= 1 else ""


def moment(value: Any) -> str | None:
    """A time in ISO 8601 and UTC, so that times are ordered as their texts are."""
    if type(value) is not str:
        return ""
    try:
        is_utc = datetime.fromisoformat(value).utcoffset() == timedelta()
    except ValueError:
        return ""
    return None if is_utc else ""


def relative_path(value: Any) -> str | None:
    """A path that stays below the folder it begins in."""
    if type(value) is not str or not value or "\0" in value or value.startswith("/"):
        return ""
    return "" if ".." in value and ".." in value.split("/") else None


def pair(value: Any) -> str | None:
    """Both ends of an interval; what is not known of it is null."""
    is_pair = type(value) is list and len(value) == 2
    return None if is_pair and _are_numbers(value) else ""


def whole_pair(value: Any) -> str | None:
    """Both ends of an interval, both known."""
    return pair(value) if type(value) is not list or None not in value else ""


def numbers(value: Any) -> str | None:
    """A mapping of names to numbers, null where one was not measured."""
    if type(value) is not dict or not _are_keys(value):
        return ""
    return None if _are_numbers(value.values()) else _first_wrong(value, optional(number))


def pairs(value: Any) -> str | None:
    """A mapping of names to intervals."""
    if type(value) is not dict or not _are_keys(value):
        return ""
    ends = value.values()
    are_pairs = set(map(type, ends)) <= {list} and set(map(len, ends)) <= {2}
    if are_pairs and _are_numbers(list(chain.from_iterable(ends))):
        return None
    return _first_wrong(value, pair)


def texts(value: Any) -> str | None:
    """A mapping of names to texts, null where one is not known."""
    if type(value) is not dict or not _are_keys(value):
        return ""
    if set(map(type, value.values())) <= {str, _NOTHING}:
        return None
    return _first_wrong(value, optional(text))


def optional(kind: Kind) -> Kind:
    """Null, or of the kind."""
    return lambda value: None if value is None else kind(value)


def one_of(*kinds: Kind) -> Kind:
    return lambda value: None if any(kind(value) is None for kind in kinds) else ""


def list_of(kind: Kind) -> Kind:
    def check(value: Any) -> str | None:
        if type(value) is not list:
            return ""
        for place, item in enumerate(value):
            wrong = kind(item)
            if wrong is not None:
                return _below(str(place), wrong)
        return None

    return check


def filled(kind: Kind) -> Kind:
    """Of the kind, and not empty."""
    return lambda value: kind(value) if value else ""


def mapping(kind: Kind, *, keys: Kind = name) -> Kind:
    """A mapping of any names to values of one kind."""

    def check(value: Any) -> str | None:
        if type(value) is not dict or not all(keys(key) is None for key in value):
            return ""
        return _first_wrong(value, kind)

    return check


def record(
    needed: Mapping[str, Kind] | None = None, known: Mapping[str, Kind] | None = None
) -> Kind:
    """A mapping with a kind for each key.

    Args:
        needed: what has to be there.
        known: what is of that kind where it is there. Other keys may hold `anything`.
    """
    kinds = {**(needed or {}), **(known or {})}
    names = tuple(needed or ())

    def check(value: Any) -> str | None:
        if type(value) is not dict:
            return ""
        for key, item in value.items():
            wrong = kinds.get(key, anything)(item)
            if wrong is not None:
                return _below(key, wrong)
        return next((each for each in names if each not in value), None)

    return check


def _are_numbers(values: Collection[Any]) -> bool:
    kinds = set(map(type, values))
    if not kinds <= {int, float, _NOTHING}:
        return False
    try:
        # All at once: none can be greater than the length of the vector that they make.
        return math.hypot(*(filter(None, values) if _NOTHING in kinds else values)) < GREATEST
    except OverflowError:
        return False


def _are_keys(value: Mapping[str, Any]) -> bool:
    joined = "".join(value)
    return joined.isascii() or _is_whole(joined)


def _first_wrong(value: Mapping[str, Any], kind: Kind) -> str | None:
    for key, item in value.items():
        wrong = kind(item)
        if wrong is not None:
            return _below(key, wrong)
    return None


def _below(key: str, inner: str) -> str:
    shown = key[:LONGEST_KEY]
    return f"{shown}.{inner}" if inner else shown


def _is_whole(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True
