"""The columns of a table of predictions: which posts, which class, what people said."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from difflib import get_close_matches

from mental_health_classifier.contracts import InputError, Task
from mental_health_classifier.data.foreign.foreign_predictions import KEYS
from mental_health_classifier.data.reading.posts_to_judge import UNNAMED_ROLE
from mental_health_classifier.data.reading.spellings import folded
from mental_health_classifier.data.reading.tables import NO_COLUMN

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


def find_columns(
    header: Sequence[str], given: Mapping[str, str], mapped: Mapping[str, str], task: Task
) -> tuple[dict[str, str], dict[str, str], bool]:
    """The column of each role, of each class, and whether the latter hold scores.

    Args:
        given: the column of a role or of a class, where the user named it.
        mapped: class of each spelling, folded.

    Raises:
        InputError: a column that was named is not there, or two can be meant.
    """
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
    named = frozenset(of_class)
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
        if name in (*roles.values(), *of_class.values()) or called is None or called in named:
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


def order_by_class(
    file: str,
    of_class: Mapping[str, str],
    header: Sequence[str],
    roles: Mapping[str, str],
    mapped: Mapping[str, str],
    task: Task,
) -> dict[str, str]:
    """The columns in the order of the classes; of two classes one column is enough.

    Raises:
        InputError: a class has no column, or a column is of a class that is none of the task's.
    """
    missing = [name for name in task.class_names if name not in of_class]
    left = [name for name in header if name not in (*roles.values(), *of_class.values())]
    strange = [
        name
        for name in left
        if _OF_CLASS.fullmatch(folded(name)) and _class_called(name, mapped)[1] is None
    ]
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
