"""Posts that a trained model is to judge: with labels to be measured on, or without any."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from mental_health_classifier.contracts import Corpus, InputError, Task
from mental_health_classifier.data.identity import fingerprint_and_key, keyed_hash
from mental_health_classifier.data.posts import read_posts
from mental_health_classifier.data.tables import Columns, files_to_read, read_rows

EXTERNAL = "external"
"""The part that posts from elsewhere make up."""


def read_external_corpus(
    path: Path, *, task: Task, columns: Columns, labels: Mapping[str, str] | None
) -> Corpus:
    """Reads labelled posts from elsewhere, all of them one part.

    Args:
        path: a file as `data.path` takes it.
        task: what the model answers.
        columns, labels: see `read_posts`.

    Raises:
        InputError: the file cannot be used, or a label is none of the model's classes.
    """
    posts, account = read_posts(str(path), files=None, columns=columns, labels=labels)
    unknown = sorted({post.label for post in posts} - set(task.class_names))
    if unknown:
        raise InputError(
            f"{path.name} has {len(unknown)} labels that the model does not know, among them "
            f"{unknown[0]!r}; it knows {', '.join(task.class_names)}. Map them with --labels "
            "'{spelling: class, ...}'."
        )
    fingerprint, key = fingerprint_and_key(
        (post.text, post.label, post.author or "", post.part or "") for post in posts
    )
    return Corpus(
        name=path.name,
        posts=pd.DataFrame(
            {
                "id": [keyed_hash(post.id, key) for post in posts],
                "text": [post.text for post in posts],
                "label": np.array([task.class_names.index(p.label) for p in posts], dtype=np.int64),
                "author": [keyed_hash(p.author, key) if p.author else None for p in posts],
                "part": EXTERNAL,
            }
        ),
        task=task,
        fingerprint=fingerprint,
        account=account.describe(),
        warnings=(),
        is_synthetic=False,
    )


class UnlabelledPost(NamedTuple):
    row: str
    """FILE:ROW, as a spreadsheet counts."""
    id: str
    """As the file gives it, or the row."""
    text: str | None
    """Not scrubbed. None: the row cannot be read."""


def read_unlabelled(path: Path, *, columns: Columns) -> Iterator[UnlabelledPost]:
    """Yields the posts of a file, one at a time, so that its size does not matter.

    Args:
        path: a file as `data.path` takes it.
        columns: which columns hold `id` and `text`.

    Raises:
        InputError: the file cannot be used, holds no posts, or ends in the middle of a row.
    """
    ((file, _part),) = files_to_read(str(path), None)
    # A label is not needed; where a role needs a column, that of the text will do.
    roles = {**columns, "label": columns.get("label") or columns.get("text") or "text"}
    last = None
    for row, cells in read_rows(file, roles):
        last = UnlabelledPost(row, "", None)
        if cells is not None:
            last = UnlabelledPost(row, cells["id"].strip() or row, cells["text"])
        yield last
    if last is None:
        raise InputError(f"{path} holds no posts: there is no row below the header.")
    if last.text is None:
        raise InputError(
            f"{path} ends in the middle of row {last.row}: the file was cut, or its last row is "
            "damaged. Give the whole file."
        )
