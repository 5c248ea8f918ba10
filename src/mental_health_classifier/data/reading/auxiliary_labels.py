"""Labels of auxiliary tasks, from further columns of a corpus as `tasks` declares them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mental_health_classifier.console.wording import count
from mental_health_classifier.contracts import InputError, Task
from mental_health_classifier.contracts.task_kinds import KINDS, TaskKind, are_known
from mental_health_classifier.data.reading.names import A_NAME, by_spelling, is_name
from mental_health_classifier.data.reading.spellings import (
    folded,
    folded_list,
    is_missing,
    with_decimal_point,
)

KEYS = ("column", "kind", "classes", "levels", "values", "weight")
TAKEN_NAMES = ("f1", "operating_point", "precision", "predicted", "recall", "support", "total")
"""They begin the keys of other numbers of a part, or name the sum of all losses."""
MAX_NAMES = 50
MAX_WEIGHT = 1000.0


@dataclass(frozen=True, kw_only=True)
class TaskDeclaration:
    """What the configuration says of a task."""

    name: str
    key: str
    """Where the configuration says it."""
    column: str
    kind: str
    names: tuple[str, ...] | None
    """The possible answers in their order. None: those of the training part."""
    values: Mapping[str, str] | None
    """Answer for each spelling in lower case; a spelling that is not there has none. None: cells
    are answers."""
    weight: float


def declared_tasks(
    tasks: Mapping[str, Any], *, main_task: str, offered: Mapping[str, Any]
) -> list[TaskDeclaration]:
    """Reads the mapping `tasks` of a configuration.

    Each entry says which `column` holds the labels and of what `kind` they are, one of KINDS; and
    where it matters the `classes` or `levels` in their order, the `values` that spellings stand
    for, and the `weight` of the task's loss.

    Args:
        tasks: the mapping.
        main_task: a name that is taken.
        offered: what the corpus itself declares, `data.auxiliary_tasks`; where a task comes from
            there, messages say so.

    Raises:
        InputError: an entry cannot be understood.
    """
    return [
        _declared(
            str(name),
            entry,
            main_task,
            f"{'data.auxiliary_tasks' if offered.get(name) == entry else 'tasks'}.{name}",
        )
        for name, entry in tasks.items()
        if entry is not None  # how an overlay's task is left out
    ]


def _declared(name: str, entry: Any, main_task: str, key: str) -> TaskDeclaration:
    """Checks one entry of `tasks`."""
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name) or name in (*TAKEN_NAMES, main_task):
        raise InputError(
            f"{key}: a task needs a name of its own of lower-case letters, digits and _, other "
            f"than {', '.join((*TAKEN_NAMES, main_task))}. Rename it."
        )
    if not isinstance(entry, Mapping) or not entry.get("column"):
        raise InputError(
            f"{key} has to say which column holds the labels and of what kind they are: "
            f"'+{key}={{column: NAME, kind: {'|'.join(KINDS)}}}'"
        )
    unknown = [str(each) for each in entry if each not in KEYS]
    if unknown:
        raise InputError(f"{key}.{unknown[0]} is not known; known are {', '.join(KEYS)}.")
    if entry.get("kind") not in KINDS:
        raise InputError(f"{key}.kind={entry.get('kind')}: expected one of {', '.join(KINDS)}.")
    weight = entry.get("weight", 1.0)
    if (
        isinstance(weight, bool)
        or not isinstance(weight, int | float)
        or not 0 < weight <= MAX_WEIGHT
    ):
        raise InputError(
            f"{key}.weight={weight}: a number above 0 was expected, the main task having weight 1. "
            f"{key}=null leaves the task out."
        )
    values = entry.get("values")
    if values is not None and not isinstance(values, Mapping):
        raise InputError(f"{key}.values has to say what each spelling stands for: {{SPELLING: X}}.")
    return TaskDeclaration(
        name=name,
        key=key,
        column=str(entry["column"]),
        kind=entry["kind"],
        names=_names(key, entry),
        values=None if values is None else _answers(key, values),
        weight=float(weight),
    )


def _names(key: str, entry: Mapping[str, Any]) -> tuple[str, ...] | None:
    wanted = KINDS[entry["kind"]].names_key
    for other in ("classes", "levels"):
        if other != wanted and entry.get(other) is not None:
            instead = "has no such names" if wanted is None else f"names them in {key}.{wanted}"
            raise InputError(f"{key}.{other}: a task of kind {entry['kind']} {instead}.")
    given = None if wanted is None else entry.get(wanted)
    if given is None:
        return None
    names = tuple(folded(name) for name in given) if isinstance(given, Sequence) else ()
    if isinstance(given, str) or len(names) < 2 or len(set(names)) < len(names) or "" in names:
        raise InputError(
            f"{key}.{wanted}={given}: a list of two different names at least was expected."
        )
    return names


def _answers(key: str, values: Mapping[Any, Any]) -> dict[str, str]:
    answers = {raw: "" if value is None else folded(value) for raw, value in values.items()}
    return by_spelling(answers, f"{key}.values", "answers")


def kept_columns(declarations: Sequence[TaskDeclaration]) -> dict[str, str]:
    """Columns that tasks need, in an order of their own, each with the key that names it."""
    by_column = {each.column: f"{each.key}.column" for each in declarations}
    return dict(sorted(by_column.items()))


def label_posts(
    declaration: TaskDeclaration, cells: Sequence[str], places: np.ndarray, *, is_train: np.ndarray
) -> tuple[Task, np.ndarray]:
    """Learns from the training part what a task's labels are, and labels all posts.

    Args:
        declaration: of the task.
        cells: the different cells of its column.
        places: for each post the place of its cell in `cells`, shape `(posts,)`.
        is_train: which posts are in the training part, bool, shape `(posts,)`.

    Returns:
        The task, and its labels, length posts.

    Raises:
        InputError: the training part has one answer or none, or cells do not fit the kind.
    """
    read = {"multi_label": folded_list, "regression": with_decimal_point}
    answers = [
        "" if is_missing(cell) else read.get(declaration.kind, folded)(cell) for cell in cells
    ]
    if declaration.values is not None:
        answers = [declaration.values.get(folded(cell), "") for cell in cells]
    counts = np.bincount(places[is_train], minlength=len(cells))
    kind = _fitted(declaration, answers, counts)
    labels = _encoded(declaration, kind, answers, places)
    in_train = labels[is_train & are_known(labels)]
    if len(np.unique(in_train, axis=0)) < 2:
        raise _one_answer(declaration, len(in_train))
    return Task(declaration.name, kind, weight=declaration.weight), labels


def _fitted(declaration: TaskDeclaration, answers: Sequence[str], counts: np.ndarray) -> TaskKind:
    """The kind of the task, learned from the answers of the training part."""
    posts_with: dict[str, int] = {}
    for answer, number in zip(answers, counts.tolist(), strict=True):
        if answer and number:
            posts_with[answer] = posts_with.get(answer, 0) + number
    if len(posts_with) < 2:
        raise _one_answer(declaration, sum(posts_with.values()))
    try:
        kind = KINDS[declaration.kind].fit(
            list(posts_with), np.array(list(posts_with.values())), declaration.names
        )
    except ValueError as error:
        raise InputError(
            f"{declaration.key}: column {declaration.column!r} does not fit "
            f"kind={declaration.kind}: {error}. Choose another {declaration.key}.kind, or say in "
            f"{declaration.key}.values what each spelling stands for."
        ) from None
    if kind.num_logits > MAX_NAMES:
        raise InputError(
            f"{declaration.key}: column {declaration.column!r} holds {kind.num_logits} different "
            f"names, {MAX_NAMES} at most were expected. Name another {declaration.key}.column, or "
            f"say in {declaration.key}.values what each spelling stands for."
        )
    if declaration.names is None and declaration.values is None:
        _check_names(declaration, kind)
    return kind


def _check_names(declaration: TaskDeclaration, kind: TaskKind) -> None:
    """Raises InputError where what would be recorded as an answer may be a post."""
    unlike = [name for name in kind.names if not is_name(name)]
    if unlike:
        raise InputError(
            f"{declaration.key}: {len(unlike)} answers in column {declaration.column!r} do not "
            f"look like names (the longest has {max(map(len, unlike))} characters). {A_NAME}. "
            f"Correct the rows, name another {declaration.key}.column, or say in "
            f"{declaration.key}.values what each spelling stands for."
        )


def _encoded(
    declaration: TaskDeclaration, kind: TaskKind, answers: Sequence[str], places: np.ndarray
) -> np.ndarray:
    """The label of each post."""
    labels, does_fit = [], np.ones(len(answers), bool)
    for place, answer in enumerate(answers):
        try:
            labels.append(kind.encode(answer))
        except ValueError:
            labels.append(kind.encode(""))
            does_fit[place] = False
    num_unfit = int((~does_fit)[places].sum())
    if num_unfit:
        # Others than those that were given may be what slipped into the column.
        given = declaration.names or (declaration.values and sorted({*declaration.values.values()}))
        known = ", ".join(filter(None, given)) if given else "those of the training part"
        raise InputError(
            f"{declaration.key}: {count(num_unfit, 'post')} with something else than the "
            f"{declaration.kind} answers expected in column {declaration.column!r} ({known}). Name "
            f"them all in {declaration.key}.{kind.names_key or 'column'}, or say in "
            f"{declaration.key}.values what each spelling stands for: one that is not there is "
            "taken for unknown."
        )
    is_whole = all(isinstance(label, int) for label in labels)
    return np.array(labels, dtype=np.int64 if is_whole else np.float32)[places]


def _one_answer(declaration: TaskDeclaration, num_posts: int) -> InputError:
    return InputError(
        f"{declaration.key}: the training part has {count(num_posts, 'post')} with an answer in "
        f"column {declaration.column!r}, and no two different ones among them, so there is "
        f"nothing to learn. Name another {declaration.key}.column, or leave the task out: "
        f"{declaration.key}=null"
    )
