"""Descriptions in a JSON schema, from docstrings."""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from collections.abc import Callable
from dataclasses import is_dataclass
from itertools import pairwise
from typing import Any

_ARGUMENTS = re.compile(r"^Args:\n((?:    .*\n|\n)+)", re.MULTILINE)
_ARGUMENT = re.compile(r"^    ([\w, ]+): (.+(?:\n        .+)*)", re.MULTILINE)


def describe(declared: Callable[..., Any], schema: dict[str, Any]) -> None:
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
