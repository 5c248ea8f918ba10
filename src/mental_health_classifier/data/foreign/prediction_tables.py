"""Reader of tables of predictions that another program wrote."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from mental_health_classifier.contracts import InputError, Task
from mental_health_classifier.data.foreign.class_probabilities import (
    distributions_of,
    read_classes,
    read_numbers,
    require_likeliest,
    softmax_of,
)
from mental_health_classifier.data.foreign.foreign_predictions import (
    KEYS,
    ForeignPredictions,
    Kind,
    first_of,
)
from mental_health_classifier.data.foreign.prediction_columns import find_columns, order_by_class
from mental_health_classifier.data.reading.names import is_name
from mental_health_classifier.data.reading.shipped_parts import PART_SPELLINGS
from mental_health_classifier.data.reading.source import fold_labels
from mental_health_classifier.data.reading.spellings import folded, is_missing, spelled_as
from mental_health_classifier.data.reading.table_formats import open_table
from mental_health_classifier.data.reading.tables import describe_header, files_to_read

_SHOWN = 20


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
    roles, of_class, are_scores = find_columns(header, columns, mapped, task)
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
    of_class = order_by_class(file.name, of_class, header, roles, mapped, task)
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
            raise InputError(
                f"{reference} cannot be used ({found}): the file was cut or is damaged. Mend it."
            )
        rows.append(reference)
        cells.append([str(cell) for cell in found])
    if not rows:
        raise InputError(f"{file.name} holds no predictions: there is no row below its header.")
    by_column = list(map(list, zip(*cells, strict=True)))
    of_role = dict(zip(roles, by_column, strict=False))
    notes: list[str] = []
    if of_class:
        numbers = read_numbers(by_column[len(roles) :], rows, of_class)
        probabilities = (
            softmax_of(numbers, of_class, task)
            if are_scores
            else distributions_of(numbers, by_column[len(roles) :], rows, of_class, task, notes)
        )
        kind: Kind = "scores" if are_scores else "probabilities"
        if "prediction" in roles:
            if all(folded(cell) in mapped for cell in of_role["prediction"]):
                given = read_classes(of_role["prediction"], rows, mapped, task)
                require_likeliest(given, probabilities, rows, roles["prediction"])
            else:
                notes.append(
                    "The column of predictions was not compared with the numbers of the classes: "
                    "it holds what is none of them."
                )
    else:
        given = read_classes(of_role["prediction"], rows, mapped, task)
        probabilities, kind = np.eye(task.num_classes)[given], "labels"
    # What is no name may be a post, and notes are recorded.
    unused = [name for name in header if is_name(name) and name not in used]
    if unused:
        notes.append(f"Columns not used: {', '.join(unused[:_SHOWN])}.")
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


def _known_class(name: str, task: Task) -> str:
    found = spelled_as(name, task.class_names)
    if found not in task.class_names:
        raise InputError(
            f"--label ...={name}: there is no such class; {', '.join(task.class_names)} are."
        )
    return str(found)


def _parts(cells: Sequence[str], rows: Sequence[str]) -> list[str]:
    parts = ["" if is_missing(cell) else PART_SPELLINGS.get(folded(cell)) for cell in cells]
    unknown = [row for row, part in zip(rows, parts, strict=True) if part is None]
    if unknown:
        raise InputError(
            f"The part is none of {', '.join(PART_SPELLINGS)} in {len(unknown):,} of "
            f"{len(rows):,} rows ({first_of(unknown)}). Correct them, or leave the column out."
        )
    return [part or "" for part in parts]
