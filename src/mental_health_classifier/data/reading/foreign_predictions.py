"""Reader of predictions that another program wrote: which post, and what its model said."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Literal

import numpy as np

from mental_health_classifier.contracts import InputError, Task
from mental_health_classifier.contracts.predictions import DECIMALS, are_distributions
from mental_health_classifier.data.reading.names import is_name
from mental_health_classifier.data.reading.posts_to_judge import UNNAMED_ROLE
from mental_health_classifier.data.reading.shipped_parts import PART_SPELLINGS
from mental_health_classifier.data.reading.source import fold_labels
from mental_health_classifier.data.reading.spellings import (
    folded,
    is_missing,
    spelled_as,
    with_decimal_point,
)
from mental_health_classifier.data.reading.table_formats import open_table
from mental_health_classifier.data.reading.tables import NO_COLUMN, describe_header, files_to_read

Kind = Literal["probabilities", "scores", "labels"]

KEYS = ("post", "id", "text")
"""Columns that say which post a row is of, what decides first: the keyed hash by which a run calls
it, its id in the corpus, its text."""
ROLES = (*KEYS, "label", "part", "prediction")
"""`label`: what people said of the post; `prediction`: what the model said, where it gave a class
alone."""
_OTHER_NAMES = {
    "part": ("split",),
    "prediction": ("predicted", "predicted label", "predicted_label", "pred"),
}
_OF_CLASS = re.compile(
    r"(?P<kind>p|probs?|proba|probability|probabilities|scores?|logits?)[\s._:\-]+(?P<name>.+)"
)
_FEWEST_DECIMALS, _SHOWN = 2, 5
_HALF = 2**-7
"""By which sums may miss one: numbers of 16 bits have as few as 8 that count (bfloat16)."""


@dataclass(frozen=True, slots=True)
class ForeignPredictions:
    """What a model said of some posts, a row each, before it is known which posts they are."""

    name: str
    """Of the file, as messages call it."""
    rows: Sequence[str]
    """FILE:ROW, as a spreadsheet counts, length n."""
    keys: Mapping[str, Sequence[str]]
    """By which posts are known: some of KEYS, each of length n."""
    probabilities: np.ndarray
    """Float64, shape `(n, C)`, rows sum to one; NaN where the model gave no answer."""
    kind: Kind
    """What the file held."""
    parts: Sequence[str] | None = None
    """Of each post, empty where the row does not say. None: no column does."""
    labels: Sequence[str] | None = None
    """Class that people gave each post, in the spelling of the file where it is none of the
    classes, empty where there is none. None: no column."""
    notes: Sequence[str] = ()
    """What was made of the file, in sentences."""
    answers: Mapping[str, int] = field(default_factory=dict)
    """Answers of a language model by what became of them; empty: they are those of another
    model."""
    asked: str = ""
    """What a language model was asked for, as far as its answers tell. Others are not asked."""


def read_foreign_predictions(
    path: Path,
    task: Task,
    *,
    columns: Mapping[str, str],
    labels: Mapping[str, str] | None = None,
    encoding: str | None = None,
) -> ForeignPredictions:
    """Reads a table with a row for each post.

    It has a column for each class (`p_suicide`, or `score_suicide` of which the softmax is taken;
    of two classes one is enough) or a column `prediction` with one class.

    Args:
        columns: the column of a role or of a class, where it is not called like that.
        labels: class of each spelling that is none itself.

    Raises:
        InputError: the file cannot be read, does not say which posts it is about, or what it says
            of one are no probabilities of these classes.
    """
    ((file, _part),) = files_to_read(str(path), None, encoding)
    table = open_table(file)
    header = list(dict.fromkeys(table.columns))
    twice = {name for name, n in Counter(table.columns).items() if n > 1}
    classes = {folded(name): name for name in task.class_names}
    mapped = classes | {
        spelling: _known_class(name, task) for spelling, name in fold_labels(labels or {}).items()
    }
    roles, of_class, are_scores = _columns(header, columns, mapped, task)
    keys = [role for role in KEYS if role in roles]
    if not keys:
        raise InputError(
            f"{file.name} does not say which posts it is about: a column post, id or text was "
            f"expected. {describe_header(table)}. Name one: --column id=NAME"
        )
    if len(of_class) == 0 and "prediction" not in roles:
        raise InputError(
            f"{file.name} holds no predictions of these posts: columns p_CLASS or score_CLASS were "
            f"expected, a CLASS each of {', '.join(task.class_names)}, or a column prediction. "
            f"{describe_header(table)}. Name them: --column p_{task.class_names[0]}=NAME, or "
            "--column prediction=NAME"
        )
    of_class = _all_classes(file.name, of_class, header, roles, task)
    used = [*roles.values(), *of_class.values()]
    if alike := [name for name in used if name in twice]:
        raise InputError(
            f"{file.name} has two columns {alike[0]!r}, and nothing says which is meant: rename "
            "one."
        )
    rows, cells = [], []
    for number, found in table.rows(used, lambda *_: None):
        reference = f"{file.name}:{number}"
        if isinstance(found, str):
            raise InputError(f"{reference} holds {found}: the file was cut or is damaged. Mend it.")
        rows.append(reference)
        cells.append([str(cell) for cell in found])
    if not rows:
        raise InputError(f"{file.name} holds no predictions: there is no row below its header.")
    by_column = list(map(list, zip(*cells, strict=True)))
    of_role = dict(zip(roles, by_column, strict=False))
    notes: list[str] = []
    if of_class:
        numbers = _numbers(by_column[len(roles) :], rows, of_class)
        probabilities = (
            _softmax(numbers, of_class, task)
            if are_scores
            else _distributions(numbers, by_column[len(roles) :], rows, of_class, task, notes)
        )
        kind: Kind = "scores" if are_scores else "probabilities"
        if "prediction" in roles:
            if all(folded(cell) in mapped for cell in of_role["prediction"]):
                given = _classes_of(of_role["prediction"], rows, mapped, task)
                _require_likeliest(given, probabilities, rows, roles["prediction"])
            else:
                notes.append(
                    "The column of predictions was not compared with the numbers of the classes: "
                    "it holds what is none of them."
                )
    else:
        given = _classes_of(of_role["prediction"], rows, mapped, task)
        probabilities, kind = np.eye(task.num_classes)[given], "labels"
    # What is no name may be a post, and notes are recorded.
    unused = [name for name in header if is_name(name) and name not in used]
    if unused:
        notes.append(f"Columns not used: {', '.join(unused[: _SHOWN * 4])}.")
    truth = of_role.get("label")
    return ForeignPredictions(
        name=file.name,
        rows=rows,
        keys={role: of_role[role] for role in keys},
        probabilities=probabilities,
        kind=kind,
        parts=_parts(of_role["part"], rows) if "part" in roles else None,
        labels=None
        if truth is None
        else ["" if is_missing(each) else str(mapped.get(folded(each), each)) for each in truth],
        notes=notes,
    )


def first_of(rows: Sequence[str]) -> str:
    """The first few of some rows, and that there are more."""
    more = f" and {len(rows) - _SHOWN} more" if len(rows) > _SHOWN else ""
    return f"{', '.join(rows[:_SHOWN])}{more}"


def _known_class(name: str, task: Task) -> str:
    found = spelled_as(name, task.class_names)
    if found not in task.class_names:
        raise InputError(
            f"--label ...={name}: there is no such class; {', '.join(task.class_names)} are."
        )
    return str(found)


def _columns(
    header: Sequence[str], given: Mapping[str, str], mapped: Mapping[str, str], task: Task
) -> tuple[dict[str, str], dict[str, str], bool]:
    """The column of each role, of each class, and whether the latter hold scores."""
    roles, of_class, kinds = {}, {}, {}
    for role, name in given.items():
        if role in ROLES and name == NO_COLUMN:
            continue
        if name not in header:
            raise InputError(f"--column {role}={name}: the file has no such column.")
        if role in ROLES:
            roles[role] = name
            continue
        kind, called = _class_called(role, mapped)
        if called is None:
            near = get_close_matches(role, [*ROLES, *task.class_names], n=1)
            raise InputError(
                UNNAMED_ROLE.format(role=role, name=name)
                + f"{', '.join(ROLES)} and p_CLASS are"
                + (f"; did you mean {near[0]}?" if near else ".")
            )
        of_class[called], kinds[called] = name, kind
    for role in ROLES:
        names = (role, *_OTHER_NAMES.get(role, ()))
        alike = [name for name in header if folded(name) in names]
        if role in roles or given.get(role) == NO_COLUMN:
            continue
        if len(alike) > 1:
            raise InputError(
                f"Columns {alike[0]!r} and {alike[1]!r} can both be {role}. Name the right one: "
                f"--column {role}=NAME"
            )
        if alike and alike[0] not in roles.values():
            roles[role] = alike[0]
    for name in header:
        kind, called = _class_called(name, mapped)
        if name in (*roles.values(), *of_class.values()) or called is None:
            continue
        if called in of_class:
            raise InputError(
                f"Two columns, {of_class[called]!r} and {name!r}, are of class {called}. Leave one "
                f"out, or name the right one: --column p_{called}=NAME"
            )
        of_class[called], kinds[called] = name, kind
    return roles, of_class, any(kind.startswith(("score", "logit")) for kind in kinds.values())


def _class_called(column: str, mapped: Mapping[str, str]) -> tuple[str, str | None]:
    """What a column holds by its name, and of which class; None: of none."""
    name = folded(column)
    if name in mapped:
        return "", mapped[name]
    found = _OF_CLASS.fullmatch(name)
    if found is None:
        return "", None
    return found["kind"], mapped.get(folded(found["name"]))


def _all_classes(
    file: str,
    of_class: Mapping[str, str],
    header: Sequence[str],
    roles: Mapping[str, str],
    task: Task,
) -> dict[str, str]:
    """The columns in the order of the classes."""
    missing = [name for name in task.class_names if name not in of_class]
    left = [name for name in header if name not in (*roles.values(), *of_class.values())]
    strange = [name for name in left if _OF_CLASS.fullmatch(folded(name))]
    if not of_class or (len(missing) == 1 and task.num_classes == 2 and not strange):
        return dict(of_class)
    if missing or strange:
        wanted = f"numbers of all {task.num_classes} classes, {', '.join(task.class_names)}"
        came = f"none of {', '.join(missing)}" if missing else "one of another class"
        near = get_close_matches(folded(missing[0]), left, n=1) if missing else []
        maybe = (strange or near)[:1]
        hint = f" ({maybe[0]!r} is of none: --column p_CLASS=NAME says of which)" if maybe else ""
        raise InputError(f"{file} was expected to hold {wanted}, and holds {came}{hint}.")
    return {name: of_class[name] for name in task.class_names}


def _numbers(
    columns: Sequence[Sequence[str]], rows: Sequence[str], of_class: Mapping[str, str]
) -> np.ndarray:
    numbers = np.full((len(rows), len(columns)), np.nan)
    for place, cells in enumerate(columns):
        for row, cell in enumerate(cells):
            try:
                numbers[row, place] = float(with_decimal_point(cell.strip()))
            except ValueError:
                continue
    bad = np.flatnonzero(~np.isfinite(numbers).all(axis=1)).tolist()
    if len(bad):
        where = first_of([rows[row] for row in bad])
        raise InputError(
            f"No finite number stands in {', '.join(of_class.values())} in {len(bad):,} of "
            f"{len(rows):,} rows ({where}). Where the model gave no answer, leave the rows out and "
            "give --refer-missing."
        )
    return numbers


def _require_likeliest(
    given: np.ndarray, probabilities: np.ndarray, rows: Sequence[str], column: str
) -> None:
    """Raises InputError where a file names another class than its numbers do."""
    is_other = probabilities[np.arange(len(given)), given] < probabilities.max(axis=1)
    if is_other.any():
        bad = [rows[row] for row in np.flatnonzero(is_other).tolist()]
        raise InputError(
            f"Column {column!r} names another class than the likeliest one in {len(bad):,} of "
            f"{len(rows):,} rows ({first_of(bad)}). If the columns of classes are mixed up, name "
            "them: --column p_CLASS=NAME. If a threshold of the other program decided, leave it "
            f"out, since one is chosen on val here: --column prediction={NO_COLUMN}"
        )


def _softmax(numbers: np.ndarray, of_class: Mapping[str, str], task: Task) -> np.ndarray:
    if numbers.shape[1] > 1 and are_distributions(numbers, tolerance=_HALF).all():
        raise InputError(
            f"The scores in {', '.join(of_class.values())} lie between 0 and 1 and sum to one: "
            "they are probabilities, of which a softmax makes others. Say so: call their columns "
            "p_CLASS."
        )
    if numbers.shape[1] == 1:  # the other of two classes has none
        numbers = np.hstack([numbers, np.zeros_like(numbers)])
        numbers = numbers if next(iter(of_class)) == task.class_names[0] else numbers[:, ::-1]
    odds = np.exp(numbers - numbers.max(axis=1, keepdims=True))
    return (odds / odds.sum(axis=1, keepdims=True)).round(DECIMALS)


def _distributions(
    numbers: np.ndarray,
    columns: Sequence[Sequence[str]],
    rows: Sequence[str],
    of_class: Mapping[str, str],
    task: Task,
    notes: list[str],
) -> np.ndarray:
    if numbers.shape[1] == 1:
        numbers = np.hstack([numbers, 1 - numbers])
        numbers = numbers if next(iter(of_class)) == task.class_names[0] else numbers[:, ::-1]
    # Each may be off by half of its last decimal.
    decimals = [
        max(len(cell.strip().partition(".")[2]) for cell in cells)
        for cells in zip(*columns, strict=True)
    ]
    units = 10.0 ** -np.clip(decimals, _FEWEST_DECIMALS, DECIMALS)
    tolerance = np.maximum((0.5 * task.num_classes + 1) * units, _HALF)
    is_good = are_distributions(numbers, tolerance=tolerance)
    if not is_good.all():
        bad = [rows[row] for row in np.flatnonzero(~is_good).tolist()]
        are_beyond = bool((numbers < 0).any() or (numbers > 1).any())
        way = (
            "Divide percent by 100. Where they are scores of any size, call their columns "
            "score_CLASS: their softmax is taken."
            if are_beyond
            else "Where each class was judged by itself, divide them by their sum in each row."
        )
        raise InputError(
            f"Probabilities between 0 and 1 that sum to one were expected, and are not there in "
            f"{len(bad):,} of {len(rows):,} rows ({first_of(bad)}). {way}"
        )
    exact = (0.5 * task.num_classes + 1) * 10.0**-DECIMALS
    is_rounded = ~are_distributions(numbers, tolerance=exact)
    if is_rounded.any():
        # Others stay as they are, to the last digit.
        numbers = np.where(
            is_rounded[:, None], numbers / numbers.sum(axis=1, keepdims=True), numbers
        )
        notes.append(
            f"Probabilities are rounded, and were divided by their sum in {is_rounded.sum():,} of "
            f"{len(rows):,} rows."
        )
    return numbers.round(DECIMALS)


def _classes_of(
    cells: Sequence[str], rows: Sequence[str], mapped: Mapping[str, str], task: Task
) -> np.ndarray:
    unknown = [row for row, cell in zip(rows, cells, strict=True) if folded(cell) not in mapped]
    if unknown:
        strange = next(folded(cell) for cell in cells if folded(cell) not in mapped)
        near = get_close_matches(strange, list(mapped), n=1)
        hint = f" One is near {mapped[near[0]]}." if near and not is_missing(strange) else ""
        raise InputError(
            f"The prediction is none of {', '.join(task.class_names)} in {len(unknown):,} of "
            f"{len(rows):,} rows ({first_of(unknown)}).{hint} Map them: --label SPELLING=CLASS"
        )
    return np.array([task.class_names.index(mapped[folded(cell)]) for cell in cells])


def _parts(cells: Sequence[str], rows: Sequence[str]) -> list[str]:
    parts = ["" if is_missing(cell) else PART_SPELLINGS.get(folded(cell)) for cell in cells]
    unknown = [row for row, part in zip(rows, parts, strict=True) if part is None]
    if unknown:
        raise InputError(
            f"The part is none of {', '.join(PART_SPELLINGS)} in {len(unknown):,} of "
            f"{len(rows):,} rows ({first_of(unknown)}). Correct them, or leave the column out."
        )
    return [part or "" for part in parts]
