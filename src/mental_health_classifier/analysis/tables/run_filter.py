"""Conditions on runs as a person types them: `final_accuracy > 0.85 and seed in [1, 2]`."""

from __future__ import annotations

import ast
import operator
import re
import warnings
from collections.abc import Callable, Sequence
from functools import reduce
from typing import Any

import pandas as pd
from pandas.api.types import is_bool_dtype, is_datetime64_any_dtype, is_numeric_dtype

from mental_health_classifier.analysis.tables.run_facts import writable
from mental_health_classifier.analysis.tables.run_table import run_table
from mental_health_classifier.console.wording import alternatives
from mental_health_classifier.contracts import InputError
from mental_health_classifier.tracking.run_index import RunSummary

GRAMMAR = (
    "a condition compares columns with numbers, 'text' or lists of them (<, <=, >, >=, ==, !=, in, "
    "not in) and joins comparisons by and, or, not; 'pilot' in tags chooses by a tag; a name that "
    "is not one word goes in `backticks`"
)

TAGS = "tags"
"""The one column that holds several texts, with commas between them."""

_COMPARISONS: dict[type[ast.cmpop], Callable] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.In: lambda column, values: column.isin(values),
    ast.NotIn: lambda column, values: ~column.isin(values),
}
_QUOTED = re.compile(r"""'[^']*'|"[^"]*"|`([^`]*)`""")


def rows_tagged(table: pd.DataFrame, tags: Sequence[str]) -> pd.DataFrame:
    """The rows of a `run_table` whose runs have all these tags."""
    for tag in tags:
        has = [tag in each.split(", ") for each in table[TAGS].fillna("")]
        table = table.loc[has]
    return table.reset_index(drop=True)


def runs_like(runs: Sequence[RunSummary], where: str | None) -> list[RunSummary]:
    """The runs for which a condition holds, in the order given; None: all of them.

    Raises:
        InputError: as `runs_where`.
    """
    if where is None:
        return list(runs)
    chosen = set(runs_where(run_table(runs), where)["directory"])
    return [run for run in runs if writable(str(run.directory)) in chosen]


def runs_where(table: pd.DataFrame, condition: str) -> pd.DataFrame:
    """The runs for which a condition holds; without its number a run neither meets nor fails one.

    The condition is read, never executed: there are no calls, attributes or variables in it.

    Raises:
        InputError: it is something else than a condition, or names a column that is not there.
    """
    return table.loc[_Condition(table, condition).holds()].reset_index(drop=True)


def known_columns(names: Sequence[str], table: pd.DataFrame, *, option: str) -> list[str]:
    """The names as they are, if the table has all these columns.

    Raises:
        InputError: it has not. The message names the most similar columns, then the first ones.
    """
    for name in names:
        if name not in table.columns:
            columns = list(map(str, table.columns))
            raise InputError(
                f"{option} names {name!r}, which is not a column of these runs."
                f"{alternatives(name, columns)} --csv - shows all of them."
            )
    return list(names)


class _Condition:
    def __init__(self, table: pd.DataFrame, condition: str) -> None:
        self.table = table
        self.condition = condition
        self.backticked: dict[str, str] = {}

    def holds(self) -> pd.Series:
        """Whether the condition holds for each row, bool."""
        try:
            with warnings.catch_warnings():
                # Python's own remarks on escapes in text literals.
                warnings.simplefilter("ignore")
                tree = ast.parse(_QUOTED.sub(self._named, self.condition).strip(), mode="eval")
            mask = self._mask(tree.body)
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            if isinstance(error, InputError):
                raise
            raise self._refusal("this is not one") from None
        return mask.fillna(False).astype(bool)

    def _named(self, match: re.Match[str]) -> str:
        if match[1] is None:
            return match[0]
        placeholder = f"backticked_{len(self.backticked)}"
        self.backticked[placeholder] = match[1]
        return placeholder

    def _mask(self, node: ast.expr) -> pd.Series:
        match node:
            case ast.BoolOp(op=ast.And(), values=values):
                return reduce(operator.and_, map(self._mask, values))
            case ast.BoolOp(op=ast.Or(), values=values):
                return reduce(operator.or_, map(self._mask, values))
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return ~self._mask(operand)
            case ast.Compare(left=left, ops=ops, comparators=comparators):
                pairs = zip([left, *comparators], ops, comparators, strict=False)
                return reduce(operator.and_, (self._compared(*pair) for pair in pairs))
            case ast.Name() if self._column(node).dtype == "boolean":
                return self._column(node)
        raise self._refusal(f"{ast.unparse(node)} is not one")

    def _compared(self, left: ast.expr, comparison: ast.cmpop, right: ast.expr) -> pd.Series:
        is_tags = isinstance(right, ast.Name) and right.id == TAGS
        if is_tags and isinstance(comparison, ast.In | ast.NotIn):
            return self._tagged(left, is_wanted=isinstance(comparison, ast.In))
        compare = _COMPARISONS.get(type(comparison))
        if compare is None:
            raise self._refusal("is and is not are not among its comparisons")
        sides = [self._operand(left), self._operand(right)]
        columns = [side for side in sides if isinstance(side, pd.Series)]
        is_membership = isinstance(comparison, ast.In | ast.NotIn)
        if not columns or is_membership != isinstance(sides[1], list):
            raise self._refusal(f"{ast.unparse(left)} and {ast.unparse(right)} do not fit together")
        kinds = {kind for side in sides for kind in _kinds(side)}
        if len(kinds) > 1 and kinds != {"times", "text"}:
            raise self._refusal(
                f"column {columns[0].name} holds {' and '.join(_kinds(columns[0]))}"
            )
        try:
            mask = compare(*sides).astype("boolean")
        except (TypeError, ValueError, OverflowError):
            raise self._refusal(
                f"{columns[0].name} cannot be compared with {ast.unparse(right)}"
            ) from None
        # A missing number is unequal to all others for pandas, but nothing is known about it.
        is_missing = reduce(operator.or_, (column.isna() for column in columns))
        return mask.mask(is_missing)

    def _tagged(self, tag: ast.expr, *, is_wanted: bool) -> pd.Series:
        match tag:
            case ast.Constant(value=str() as wanted):
                column = self._column(ast.Name(TAGS))
                has = column.map(lambda tags: (wanted in tags.split(", ")) == is_wanted, "ignore")
                return has.astype("boolean")
        raise self._refusal(f"{ast.unparse(tag)} is no tag, which is a text in quotation marks")

    def _operand(self, node: ast.expr) -> pd.Series | list | float | str:
        match node:
            case ast.Name():
                return self._column(node)
            case ast.Constant(value=bool() | int() | float() | str() as value):
                return value
            case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as value)):
                return -value
            case ast.List(elts=elements) | ast.Tuple(elts=elements) | ast.Set(elts=elements):
                values = [self._operand(element) for element in elements]
                if not any(isinstance(value, pd.Series | list) for value in values):
                    return values
        raise self._refusal(f"{ast.unparse(node)} is none of these")

    def _column(self, node: ast.Name) -> Any:
        name = self.backticked.get(node.id, node.id)
        return self.table[known_columns([name], self.table, option="--where")[0]]

    def _refusal(self, reason: str) -> InputError:
        return InputError(f"--where {self.condition!r}: {GRAMMAR}; {reason}.")


def _kinds(side: pd.Series | list | float | str) -> set[str]:
    match side:
        case list():
            return {kind for element in side for kind in _kinds(element)}
        case pd.Series() if is_bool_dtype(side):
            return {"True or False"}
        case pd.Series() if is_datetime64_any_dtype(side):
            return {"times"}
        case pd.Series():
            return {"numbers" if is_numeric_dtype(side) else "text"}
        case bool():
            return {"True or False"}
        case str():
            return {"text"}
    return {"numbers"}
