"""What is wrong with a value of the configuration, in one sentence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from mental_health_classifier.configuration.arguments import Arguments, schema_of
from mental_health_classifier.contracts import InputError

_WORDS = {
    "boolean": "true or false",
    "integer": "a whole number",
    "number": "a number",
    "string": "text",
    "null": "null",
    "object": "a mapping {NAME: ...}",
    "array": "a list [...]",
}
_OF_RANGES = ("less_than_equal", "greater_than_equal", "less_than", "greater_than")
_LIMITS = {
    "exclusiveMinimum": "more than",
    "minimum": "at least",
    "exclusiveMaximum": "less than",
    "maximum": "at most",
}


def fitted(key: str, values: Mapping[str, Any], arguments: Arguments) -> dict[str, Any]:
    """The values at a key as its arguments have them; one that fits stays as it was written.

    Raises:
        InputError: one that does not, as one sentence with its key.
    """
    try:
        found = arguments.validate_python(values)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        said = _sentence(key, values, first["type"], first["loc"], schema_of(arguments))
        raise InputError(said) from None
    # A 1 where any number may stand is not made 1.0: all that is derived from it stays the same.
    return {name: value if found[name] == value else found[name] for name, value in values.items()}


def _sentence(
    key: str, value: Any, kind: str, place: tuple[int | str, ...], schema: dict[str, Any]
) -> str:
    """What is wrong with a value, by the kind of pydantic's error and its place in the value."""
    if kind == "missing":
        return f"{below(key, place[0])} is missing. Leave it as conf/ has it, or set it to a value."
    if kind == "extra_forbidden":
        return (
            f"{below(key, place[0])}: {schema['title']} takes no such argument; it takes "
            f"{', '.join(schema['properties']) or 'none'}. Leave it out."
        )
    choices = [schema]
    for step in place:
        # What follows are names that pydantic gives to the members of a union.
        if not (step in value if isinstance(value, dict) else isinstance(step, int)):
            break
        key, value = below(key, step), value[step]
        choices = [inner for each in choices for inner in _choicesbelow(each, step)]
    if kind in _OF_RANGES:
        return f"{key}={value}: expected {_range_in_words(choices)}. Change it."
    shown = "null" if value is None else str(value)[:80]
    takes_text = any("string" in (each.get("type"), _item_type(each)) for each in choices)
    hint = (
        f" Text that looks like another kind takes quotes: \"{key}='{shown}'\"."
        if isinstance(value, bool | float) and takes_text
        else ""
    )
    wanted = " or ".join(dict.fromkeys(map(_in_words, choices)))
    return f"{key}={shown}: {wanted} was expected. Change it.{hint}"


def below(key: str, step: int | str) -> str:
    return f"{key}[{step}]" if isinstance(step, int) else f"{key}.{step}".lstrip(".")


def _choicesbelow(schema: dict[str, Any], step: int | str) -> list[dict[str, Any]]:
    """What may stand at a step further in, one schema for each member of a union."""
    if isinstance(step, int):
        found = schema.get("items")
    else:
        found = schema.get("properties", {}).get(step, schema.get("additionalProperties"))
    return found.get("anyOf", [found]) if isinstance(found, dict) else []


def _item_type(schema: dict[str, Any]) -> str | None:
    return schema.get("items", {}).get("type")


def _in_words(schema: dict[str, Any]) -> str:
    names = schema.get("enum", [schema["const"]] if "const" in schema else None)
    if names:
        return f"one of {', '.join(map(str, names))}"
    return _WORDS.get(schema.get("type", ""), "something else")


def _range_in_words(choices: list[dict[str, Any]]) -> str:
    (limits,) = [each for each in choices if each.keys() & _LIMITS.keys()]
    if "minimum" in limits and "maximum" in limits:
        return f"{limits['minimum']:g} to {limits['maximum']:.10g}"
    return " and ".join(
        f"{words} {limits[name]:.10g}" for name, words in _LIMITS.items() if name in limits
    )
