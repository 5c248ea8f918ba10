"""Predictions as CSV files, one row a post.

`post,author,label,p_CLASS,...,group_NAME,...`, with hashes in place of posts and authors, the label
as the name of its class, probabilities with six decimals, and what the post is in each of the
groups that were named (gender, source, severity). There is no text in it.

Predictions of an auxiliary task have a file for each task and part. In that the label is as its
column held it (empty: not known), and what follows are `p_NAME`, a probability, or `value`, a
number in the unit of the labels.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mental_health_classifier.contracts import (
    GROUP_PREFIX,
    AuxiliaryPredictions,
    InputError,
    Predictions,
    Task,
)
from mental_health_classifier.contracts.predictions import DECIMALS, are_distributions
from mental_health_classifier.storage.files import open_text_to_read, write_atomically
from mental_health_classifier.storage.spreadsheet_cells import inert

if TYPE_CHECKING:
    import numpy as np

LONGEST_SHOWN = 200
"""Characters of a header that are named where it is not what was expected."""


def write_predictions(predictions: Predictions | AuxiliaryPredictions, path: Path) -> None:
    """Writes the predictions of one task for one part, replacing what was there in one step."""
    task, authors = predictions.task, predictions.authors
    assert authors is None or all(authors), "an author without a name would be lost"
    is_main = isinstance(predictions, Predictions)
    groups = predictions.groups if is_main else {}
    numbers = predictions.probabilities if is_main else predictions.outputs
    columns = [[f"{number:.{DECIMALS}f}" for number in column] for column in numbers.T.tolist()]
    authors = [""] * len(predictions) if authors is None else authors
    labels = map(task.kind.decode, predictions.labels.tolist())
    rows = zip(predictions.post_ids, authors, labels, *columns, *groups.values(), strict=True)
    table = io.StringIO(newline="")
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow([*_header(task), *(f"{GROUP_PREFIX}{name}" for name in groups)])
    writer.writerows(rows)
    write_atomically(path, table.getvalue())


def predictions_table(said: Sequence[Predictions], names: Mapping[str, str]) -> str:
    """Predictions for several parts as one CSV table, for other programs.

    Args:
        names: what posts are called in their corpus, by their keyed hash; empty: no such column.
    """
    table = io.StringIO(newline="")
    writer = csv.writer(table, lineterminator="\n")
    columns = [f"p_{name}" for name in said[0].task.class_names]
    writer.writerow(["post", *(["id"] if names else []), "part", "label", *columns])
    for given in said:
        labels = map(given.task.kind.decode, given.labels.tolist())
        for post, label, row in zip(given.post_ids, labels, given.probabilities, strict=True):
            own = [inert(names.get(post, ""))] if names else []
            numbers = [f"{number:.{DECIMALS}f}" for number in row.tolist()]
            writer.writerow([post, *own, given.part, label, *numbers])
    return table.getvalue()


def read_predictions(path: Path, task: Task) -> Predictions:
    """Reads back the predictions of one part; the part is the name of the file.

    Raises:
        FileNotFoundError: there is no such file.
        InputError: it cannot be read, the columns are not those of the task, a row is incomplete, a
            label is not one of its classes, a post occurs twice, or a row of probabilities does not
            sum to one.
    """
    import numpy as np

    header, *rows = rows_of(path) or [[]]
    expected = _header(task)
    names_of_groups = [name.removeprefix(GROUP_PREFIX) for name in header[len(expected) :]]
    expected += [f"{GROUP_PREFIX}{name}" for name in names_of_groups]
    if header != expected:
        raise InputError(
            f"{path} has the columns {','.join(header)[:LONGEST_SHOWN] or '(none)'}; expected "
            f"{','.join(expected)}. Read it with the classes of the run that wrote it "
            "(classes in data.json)."
        )
    for number, row in enumerate(rows, start=2):
        if len(row) != len(expected):
            raise InputError(
                f"{path}, row {number}: {len(row)} cells, expected {len(expected)}. "
                "The file was cut or changed; restore it from a copy or repeat the run."
            )
    post_ids, authors, names, *columns = zip(*rows, strict=True) if rows else [()] * len(expected)
    columns, groups = columns[: task.num_classes], columns[task.num_classes :]
    index_of = {name: index for index, name in enumerate(task.class_names)}
    unknown = next((row for row, name in enumerate(names, start=2) if name not in index_of), None)
    if unknown is not None:
        raise InputError(
            f"{path}, row {unknown}: the label is none of {', '.join(task.class_names)}. "
            "Read it with the classes of the run that wrote it (classes in data.json)."
        )
    if len(set(post_ids)) != len(post_ids):
        raise InputError(f"{path} names {len(post_ids) - len(set(post_ids))} posts more than once.")
    if any(authors) and not all(authors):
        raise InputError(
            f"{path} names the author in some rows only. Give every row one, or none of them."
        )
    return Predictions(
        part=path.stem,
        task=task,
        post_ids=post_ids,
        authors=authors if any(authors) else None,
        labels=np.array([index_of[name] for name in names], dtype=np.int64),
        probabilities=_probabilities(columns, path),
        groups=dict(zip(names_of_groups, groups, strict=True)),
    )


def read_auxiliary_predictions(path: Path, task: Task) -> AuxiliaryPredictions:
    """Reads back the predictions of one task for one part; the part is the name of the file.

    Raises:
        FileNotFoundError: there is no such file.
        InputError: the file is not as it was written.
    """
    import numpy as np

    header, *rows = rows_of(path) or [[]]
    expected = _header(task)
    if header != expected or any(len(row) != len(header) for row in rows):
        raise InputError(
            f"{path} does not have the columns {','.join(expected)} in every row: it was cut or "
            "changed. Restore it from a copy, or repeat the run."
        )
    try:
        labels = np.array([task.kind.encode(row[2]) for row in rows])
        outputs = np.array([row[3:] for row in rows], dtype=np.float64)
    except ValueError:
        raise InputError(
            f"{path} holds a label or a number that task {task.name} does not have: it was "
            "changed. Restore it from a copy, or repeat the run."
        ) from None
    authors = [row[1] for row in rows]
    return AuxiliaryPredictions(
        part=path.stem,
        task=task,
        post_ids=[row[0] for row in rows],
        authors=authors if any(authors) else None,
        labels=labels.astype(np.float32) if labels.dtype.kind == "f" else labels,
        outputs=outputs.reshape(len(rows), len(header) - 3),
    )


def path_of_auxiliary_predictions(directory: Path, task: Task, part: str) -> Path:
    """Where a run's directory holds the predictions of a task for a part."""
    return directory / "predictions" / "tasks" / task.name / f"{part}.csv"


def stored_auxiliary_predictions(
    directory: Path, tasks: Iterable[Task], parts: Iterable[str]
) -> list[AuxiliaryPredictions]:
    """What the model of a run said in answer to some tasks about some parts.

    A model that learns the main task alone, as the yardstick does, leaves nothing.

    Raises:
        InputError: a file was changed.
    """
    places = [
        (path_of_auxiliary_predictions(directory, task, part), task)
        for task in tasks
        for part in parts
    ]
    return [read_auxiliary_predictions(path, task) for path, task in places if path.exists()]


def rows_of(path: Path) -> list[list[str]]:
    """The rows of a table that a run wrote, the header first; none where the file is empty.

    Raises:
        FileNotFoundError: there is no such file.
        InputError: it cannot be read, or is no such table any more.
    """
    try:
        with open_text_to_read(path) as handle:
            return list(csv.reader(handle))
    except (UnicodeDecodeError, csv.Error):
        raise InputError(
            f"{path} is no table any more: it was cut or changed. Restore it from a copy or repeat "
            "the run."
        ) from None


def _probabilities(columns: list[tuple[str, ...]], path: Path) -> np.ndarray:
    import numpy as np

    try:
        probabilities = np.array(columns, dtype=np.float64).T.copy()
    except ValueError:
        raise InputError(f"{path} holds a probability that is not a number.") from None
    # Every probability may be off by half of its last decimal.
    tolerance = (0.5 * len(columns) + 1) * 10.0**-DECIMALS
    is_good = are_distributions(probabilities, tolerance=tolerance)
    if not is_good.all():
        raise InputError(
            f"{path}, row {int(np.argmin(is_good)) + 2}: the probabilities are not between 0 and 1 "
            "or do not sum to one. The file was changed; restore it or repeat the run."
        )
    return probabilities


def _header(task: Task) -> list[str]:
    prefix = "" if task.kind.names_key is None else "p_"
    return ["post", "author", "label", *(f"{prefix}{name}" for name in task.kind.output_names)]
