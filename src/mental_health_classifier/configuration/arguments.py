"""Arguments that a class or function declares, as pydantic checks and describes them."""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
import types
import typing
from collections.abc import Callable, Mapping, Sequence
from dataclasses import is_dataclass
from functools import cache, partial
from itertools import pairwise
from typing import Annotated, Any, Literal, NotRequired

from pydantic import BeforeValidator, ConfigDict, TypeAdapter
from typing_extensions import TypedDict

Arguments = TypeAdapter[dict[str, Any]]

_PLAIN = (int, float, bool, type(None))
_DIGITS = BeforeValidator(lambda value: str(value) if type(value) is int else value)
_LIST_OF_ONE = BeforeValidator(lambda value: [value] if isinstance(value, str) else value)
_ARGUMENTS = re.compile(r"^Args:\n((?:    .*\n|\n)+)", re.MULTILINE)
_ARGUMENT = re.compile(r"^    ([\w, ]+): (.+(?:\n        .+)*)", re.MULTILINE)


@cache
def arguments_of(
    declared: Callable[..., Any], *, given: tuple[str, ...] = (), is_open: bool = False
) -> Arguments:
    """What a configuration may give a class or function.

    A whole number where text belongs is its digits, and one text where a list belongs is a list of
    one. Nothing else is taken for what it is not. What no file can spell is left alone. An argument
    `Annotated[Mapping, SomeClass]` is a mapping of that class's own arguments.

    Args:
        given: arguments that are known at run time alone.
        is_open: whether there may be others beside those that are declared.
    """
    return TypeAdapter(_shape(declared, given, is_open=is_open))


def schema_of(arguments: Arguments) -> dict[str, Any]:
    """The JSON schema of arguments, with all that it consists of in its place."""
    schema = arguments.json_schema()
    return _inlined(schema, schema.pop("$defs", {}))


def _inlined(schema: Any, named: Mapping[str, Any]) -> Any:
    if isinstance(schema, list):
        return [_inlined(each, named) for each in schema]
    if not isinstance(schema, dict):
        return schema
    facts = {key: value for key, value in schema.items() if key != "$ref"}
    name = schema.get("$ref", "").rpartition("/")[2]
    return {key: _inlined(each, named) for key, each in {**named.get(name, {}), **facts}.items()}


def _shape(declared: Callable[..., Any], given: tuple[str, ...] = (), *, is_open: bool) -> Any:
    is_class = inspect.isclass(declared)
    # Fields of a dataclass are resolved where each is declared, also those that it inherits.
    has_fields = not is_class or is_dataclass(declared)
    source = declared if has_fields else declared.__init__
    kinds = typing.get_type_hints(source, include_extras=True)
    fields: dict[str, Any] = {}
    for name, parameter in inspect.signature(declared).parameters.items():
        if parameter.kind in (parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL):
            is_open = True
        elif name not in given:
            kind = _spelled(kinds.get(name, Any))
            fields[name] = kind if parameter.default is parameter.empty else NotRequired[kind]
    shape: Any = TypedDict(declared.__name__, fields)  # pyright: ignore[reportArgumentType]
    shape.__pydantic_config__ = ConfigDict(
        strict=True,
        allow_inf_nan=False,
        extra="allow" if is_open else "forbid",
        json_schema_extra=partial(_describe, declared),
    )
    return shape


def _spelled(kind: Any) -> Any:
    """`kind` as a file can spell it."""
    origin, inner = typing.get_origin(kind), typing.get_args(kind)
    if origin is Annotated and inspect.isclass(inner[1]):
        return _shape(inner[1], is_open=False)
    if origin is Annotated:
        return Annotated[_spelled(inner[0]), *inner[1:]]
    if origin in (typing.Union, types.UnionType):
        known = [each for each in inner if _is_spelled(each)]
        # A number stays one where both are taken.
        is_text_alone = not {int, float}.intersection(known)
        kinds = [each if each is str and not is_text_alone else _spelled(each) for each in known]
        return typing.Union[tuple(kinds)] if kinds else Any  # noqa: UP007 (`|` takes no tuple)
    if kind is str:
        return Annotated[str, _DIGITS]
    container = origin or kind
    if container in (Mapping, dict):
        of_key, of_value = map(_spelled, inner or (Any, Any))
        return dict[of_key, of_value]
    if container in (Sequence, list, tuple):
        items = list[_spelled(inner[0]) if inner else Any]
        return Annotated[items, _LIST_OF_ONE] if inner[:1] == (str,) else items
    return kind if _is_spelled(kind) else Any


def _is_spelled(kind: Any) -> bool:
    container = typing.get_origin(kind) or kind
    return container in (*_PLAIN, str, Annotated, Literal, Mapping, Sequence, dict, list, tuple)


def _describe(declared: Callable[..., Any], schema: dict[str, Any]) -> None:
    """Adds what its docstrings say of a class or function and of its arguments."""
    schema["description"] = _one_line(inspect.cleandoc(declared.__doc__ or "").split("\n\n")[0])
    said: dict[str, str] = {}
    for each in reversed(getattr(declared, "__mro__", (declared,))):
        for text in (each.__doc__, getattr(each, "__init__", each).__doc__):
            if (found := _ARGUMENTS.search(f"{inspect.cleandoc(text or '')}\n")) is not None:
                for names, words in _ARGUMENT.findall(found[1]):
                    said |= dict.fromkeys(names.split(", "), words)
        if is_dataclass(each):
            said |= _below_fields(each)
    for name, argument in schema["properties"].items():
        argument.pop("title", None)
        if name in said:
            argument["description"] = _one_line(said[name])


def _below_fields(declared: Any) -> dict[str, str]:
    """The docstrings of a dataclass's own fields."""
    (tree,) = ast.parse(textwrap.dedent(inspect.getsource(declared))).body
    assert isinstance(tree, ast.ClassDef)
    return {
        ast.unparse(field.target): ast.literal_eval(below.value)
        for field, below in pairwise(tree.body)
        if isinstance(field, ast.AnnAssign) and isinstance(below, ast.Expr)
    }


def _one_line(text: str) -> str:
    return " ".join(text.split())
