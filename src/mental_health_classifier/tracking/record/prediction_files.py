"""Predictions as CSV files, one row a post.

One row a post: `post,author,label,p_CLASS,...,group_NAME,...`, with hashes in place of posts and
authors, the label as the name of its class, probabilities with six decimals, and what the post is
in each of the groups that were named (gender, source, severity). There is no text in it.
"""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import TYPE_CHECKING

from mental_health_classifier.contracts import GROUP_PREFIX, InputError, Predictions, Task
from mental_health_classifier.contracts.predictions import are_distributions
from mental_health_classifier.storage.files import open_text_to_read, write_atomically

if TYPE_CHECKING:
    import numpy as np

DECIMALS = 6
LONGEST_SHOWN = 200
"""Characters of a header that are named where it is not what was expected."""


def write_predictions(predictions: Predictions, path: Path) -> None:
    """Writes the predictions of one part, replacing what was there in one step."""
    names = predictions.task.class_names
    authors = [""] * len(predictions) if predictions.authors is None else predictions.authors
    assert predictions.authors is None or all(authors), "an author without a name would be lost"
    columns = [
        [f"{probability:.{DECIMALS}f}" for probability in column]
        for column in predictions.probabilities.T.tolist()
    ]
    table = io.StringIO(newline="")
    writer = csv.writer(table, lineterminator="\n")
    groups = predictions.groups
    writer.writerow([*_header(predictions.task), *(f"{GROUP_PREFIX}{name}" for name in groups)])
    labels = [names[label] for label in predictions.labels.tolist()]
    writer.writerows(
        zip(predictions.post_ids, authors, labels, *columns, *groups.values(), strict=True)
    )
    write_atomically(path, table.getvalue())


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
    return ["post", "author", "label", *(f"p_{name}" for name in task.class_names)]
