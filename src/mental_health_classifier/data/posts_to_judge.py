"""Posts that a trained model is to judge: with labels to be measured on, or without any."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from mental_health_classifier.contracts import Corpus, InputError, Task
from mental_health_classifier.data.identity import fingerprint_and_key, keyed_hash
from mental_health_classifier.data.posts import read_posts
from mental_health_classifier.data.tables import Columns

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
