"""Predictions of auxiliary tasks as CSV files, one for each task and part.

One row a post: `post,author,label,OUTPUT,...`, with hashes in place of posts and authors, a label
as its column held it (empty: not known), and outputs with six decimals: `p_NAME`, a probability, or
`value`, a number in the unit of the labels. There is no text in it.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from pathlib import Path

from mental_health_classifier.contracts import AuxiliaryPredictions, AuxiliaryTask, InputError
from mental_health_classifier.storage.files import write_atomically
from mental_health_classifier.tracking.record.prediction_files import DECIMALS, rows_of


def path_of_auxiliary_predictions(directory: Path, task: AuxiliaryTask, part: str) -> Path:
    """Where a run's directory holds the predictions of a task for a part."""
    return directory / "predictions" / "tasks" / task.name / f"{part}.csv"


def stored_auxiliary_predictions(
    directory: Path, tasks: Iterable[AuxiliaryTask], parts: Iterable[str]
) -> list[AuxiliaryPredictions]:
    """What the model of a run said in answer to some tasks about some parts.

    A model that learns the main task alone, as the yardstick does, leaves nothing.

    Raises:
        InputError: a file was changed.
    """
    pairs = (
        (task, path_of_auxiliary_predictions(directory, task, part))
        for task in tasks
        for part in parts
    )
    return [read_auxiliary_predictions(path, task) for task, path in pairs if path.exists()]


def write_auxiliary_predictions(predictions: AuxiliaryPredictions, path: Path) -> None:
    """Writes the predictions of one task for one part, replacing what was there in one step."""
    task = predictions.task
    authors = [""] * len(predictions) if predictions.authors is None else predictions.authors
    labels = [task.kind.decode(label) for label in predictions.labels]
    columns = [[f"{x:.{DECIMALS}f}" for x in column] for column in predictions.outputs.T.tolist()]
    table = io.StringIO(newline="")
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(_header(task))
    writer.writerows(zip(predictions.post_ids, authors, labels, *columns, strict=True))
    write_atomically(path, table.getvalue())


def read_auxiliary_predictions(path: Path, task: AuxiliaryTask) -> AuxiliaryPredictions:
    """Reads back the predictions of one task for one part; the part is the name of the file.

    Raises:
        FileNotFoundError: there is no such file.
        InputError: the file is not as it was written.
    """
    import numpy as np

    header, *rows = rows_of(path) or [[]]
    if header != _header(task) or any(len(row) != len(header) for row in rows):
        raise InputError(
            f"{path} does not have the columns {','.join(_header(task))} in every row: it was cut "
            "or changed. Restore it from a copy, or repeat the run."
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


def _header(task: AuxiliaryTask) -> list[str]:
    names = task.kind.output_names
    is_number = task.kind.names_key is None
    return ["post", "author", "label", *(name if is_number else f"p_{name}" for name in names)]
