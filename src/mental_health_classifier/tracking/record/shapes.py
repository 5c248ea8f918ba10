"""Kinds of values that JSON can hold, put together to the declared shape of a record.

A record is checked once, where it is read, so that nobody after that has to ask whether a number is
one. pydantic's core checks it in a few microseconds a file: thousands are read for one list. What
is read stays as it is: pydantic's copy of it is not used.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from pydantic_core import CoreSchema, PydanticCustomError, SchemaValidator, ValidationError
from pydantic_core import core_schema as kinds

Kind = CoreSchema

LONGEST_TEXT = 100_000
"""Characters; nothing that a run writes about itself is as long."""

GREATEST = 1e100
"""Numbers beyond it measure nothing, and overflow in the first square."""

DEEPEST = 50
"""So deep lists and mappings may lie in each other."""

LONGEST_KEY = 80
"""Characters of a key that are named."""

_WHOLE_LIMIT = 2**63
"""Whole numbers are kept in 64 bits by whatever tabulates them."""


class _TooDeep(Exception):
    """Ends a check at once: whoever made a file could have many things in it take long."""


class Shape:
    """What a whole value has to be."""

    def __init__(self, kind: Kind) -> None:
        self._validator = SchemaValidator(kind)

    def wrong_in(self, value: Any) -> str | None:
        """The dotted key of what is missing or of the wrong kind, empty for the value itself.
        None: nothing is."""
        try:
            self._validator.validate_python(value)
        except _TooDeep:
            return next((key for key in value if not _is_shallow(value[key])), "")
        except ValidationError as found:
            errors = found.errors(include_url=False, include_input=False)
            first = min(errors, key=lambda error: error["type"] == "missing")
            place = [*first["loc"], *first.get("ctx", {}).get("place", ())]
            if place[-1:] == ["[key]"]:  # of a mapping with a name that it cannot have
                place = place[:-2]
            return ".".join(str(key)[:LONGEST_KEY] for key in place)
        return None


def where(is_good: Callable[[Any], bool]) -> Kind:
    """What a function says is of the kind."""
    return also(kinds.any_schema(), lambda value: None if is_good(value) else "")


def also(kind: Kind, wrong_in: Callable[[Any], str | None]) -> Kind:
    """Of the kind, and a function finds no key in it at which something is wrong."""

    def check(value: Any) -> Any:
        wrong = wrong_in(value)
        if wrong is not None:
            raise PydanticCustomError("wrong", "", {"place": [wrong] if wrong else []})
        return value

    return kinds.no_info_after_validator_function(check, kind)


def _is_shallow(value: Any) -> bool:
    level = [value] if type(value) in (dict, list) else []
    for _ in range(DEEPEST):
        if not level:
            return True
        level = [
            inner
            for outer in level
            for inner in (outer.values() if type(outer) is dict else outer)
            if type(inner) is dict or type(inner) is list
        ]
    return False


def _refuse_what_is_deep(value: Any) -> Any:
    if not _is_shallow(value):
        raise _TooDeep
    return value


def _is_moment(value: Any) -> bool:
    try:
        return datetime.fromisoformat(value).utcoffset() == timedelta()
    except (TypeError, ValueError):
        return False


def _is_relative_path(value: Any) -> bool:
    if type(value) is not str or not value or "\0" in value or value.startswith("/"):
        return False
    return ".." not in value.split("/")


def optional(kind: Kind) -> Kind:
    """Null, or of the kind."""
    return kinds.nullable_schema(kind)


def list_of(kind: Kind, *, least: int = 0, most: int | None = None) -> Kind:
    return kinds.list_schema(kind, min_length=least, max_length=most, strict=True, fail_fast=True)


name = kinds.str_schema(max_length=LONGEST_TEXT, strict=True)
"""Text that names columns and rows of tables, so without halves of characters."""


def mapping(kind: Kind, *, keys: Kind = name) -> Kind:
    """A mapping of any names to values of one kind."""
    return kinds.dict_schema(keys, kind, strict=True, fail_fast=True)


def record(
    needed: Mapping[str, Kind] | None = None, known: Mapping[str, Kind] | None = None
) -> Kind:
    """A mapping with a kind for each key.

    Args:
        needed: what has to be there.
        known: what is of that kind where it is there. Other keys may hold `anything`.
    """
    fields = {key: kinds.typed_dict_field(kind) for key, kind in (needed or {}).items()}
    fields |= {
        key: kinds.typed_dict_field(kind, required=False) for key, kind in (known or {}).items()
    }
    return kinds.typed_dict_schema(
        fields, strict=True, extra_behavior="allow", extras_schema=anything
    )


anything = kinds.no_info_plain_validator_function(_refuse_what_is_deep)
"""What is passed on as it is, but nothing in which whoever walks through it runs out of stack."""

any_mapping = where(lambda value: type(value) is dict and _is_shallow(value))
"""A mapping of anything."""

text = where(lambda value: type(value) is str and len(value) <= LONGEST_TEXT)
"""Text as a command line has it: halves of characters stand for bytes that are not UTF-8."""

flag = kinds.bool_schema(strict=True)

number = kinds.float_schema(gt=-GREATEST, lt=GREATEST, strict=True)
"""A number that is finite; a truth value is none."""

count = kinds.int_schema(ge=0, lt=_WHOLE_LIMIT, strict=True)
"""A whole number of 0 or more that fits into 64 bits."""

whole_number = kinds.int_schema(ge=-_WHOLE_LIMIT, lt=_WHOLE_LIMIT, strict=True)

whole_number_or_text = kinds.union_schema(
    [whole_number, text], custom_error_type="wrong", custom_error_message="neither"
)

share = kinds.float_schema(ge=0, le=1, strict=True)
"""A number from 0 to 1."""

moment = where(_is_moment)
"""A time in ISO 8601 and UTC, so that times are ordered as their texts are."""

relative_path = where(_is_relative_path)
"""A path that stays below the folder it begins in."""

pair = list_of(optional(number), least=2, most=2)
"""Both ends of an interval; what is not known of it is null."""

whole_pair = list_of(number, least=2, most=2)
"""Both ends of an interval, both known."""

numbers = mapping(optional(number))
"""A mapping of names to numbers, null where one was not measured."""

pairs = mapping(pair)
"""A mapping of names to intervals."""

texts = mapping(optional(kinds.is_instance_schema(str)))
"""A mapping of names to texts, null where one is not known."""
