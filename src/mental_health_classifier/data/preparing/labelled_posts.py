"""Labelled posts that predictions of another program are judged on, as a corpus without texts to
learn from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from mental_health_classifier.contracts import PARTS, Corpus, InputError, Task
from mental_health_classifier.data.preparing.duplicates import find_duplicates
from mental_health_classifier.data.preparing.groups import group_column, told_apart_by
from mental_health_classifier.data.preparing.prepared_posts import MAX_CLASSES, in_order
from mental_health_classifier.data.reading.account import Account
from mental_health_classifier.data.reading.identity import fingerprint_and_key, keyed_hash
from mental_health_classifier.data.reading.names import unlike_names
from mental_health_classifier.data.reading.posts import clean_rows
from mental_health_classifier.data.reading.source import Source, fold_labels
from mental_health_classifier.data.reading.spellings import spelled_as
from mental_health_classifier.data.reading.tables import Columns

NO_PART = "test"
"""Where posts are that nothing says the part of: nothing is chosen on them."""

PARTS_AS_GIVEN = (
    "Parts are as somebody else made them: nobody looked for authors or near-duplicates that are "
    "in two of them."
)


@dataclass(frozen=True, slots=True)
class LabelledPosts:
    corpus: Corpus
    """Each post in the part that its file says, else `NO_PART`."""
    ids: list[str]
    """Of each post as the file has it, or FILE:ROW."""
    rows: list[str]
    """FILE:ROW of each post."""
    are_parts_given: bool
    """Whether the file says of every post which part it is in."""


def read_labelled_posts(
    path: Path,
    *,
    columns: Columns,
    labels: Mapping[str, str] | None,
    priority_class: str | None,
    encoding: str | None = None,
) -> LabelledPosts:
    """Reads posts with what people said of each; ids, fingerprint and duplicates are as in a run
    that learns from the same file.

    Args:
        path: a file or folder as `data.path` takes it.
        columns: see `Source.of`.
        labels: class of each spelling that is none itself.
        priority_class: the class whose misses cost most, in any spelling. None: no class matters
            more than the others.

    Raises:
        InputError: the posts cannot be used, or no class is called like that.
    """
    source = Source.of(str(path), columns=columns, encoding=encoding)
    account = Account()
    rows = list(source.rows(account))
    clean = clean_rows(rows, source)
    if labels:  # spellings that are not mapped are classes as they are
        spelled = {post.label: post.label for post in clean.posts}
        source = Source.of(
            str(path), columns=columns, labels=spelled | fold_labels(labels), encoding=encoding
        )
        clean = clean_rows(rows, source)
    account.include(clean.account.describe())
    posts = clean.posts
    if not posts:
        raise InputError(
            f"{path} holds no posts that can be used: {account.rows_read} rows were read."
        )
    names = in_order(list({post.label for post in posts}), source)
    duplicates, _ = find_duplicates(
        np.array([post.text_hash for post in posts], np.uint64),
        np.array([names.index(post.label) for post in posts]),
        np.array([max(post.part, 0) for post in posts]),
    )
    left_out = {place for places in duplicates.values() for place in places.tolist()}
    for reason, places in duplicates.items():
        for place in places.tolist():
            account.drop(reason, source.reference(posts[place].file, posts[place].row))
    posts = [post for place, post in enumerate(posts) if place not in left_out]
    account.rows_kept = len(posts)
    names = [name for name in names if any(post.label == name for post in posts)]
    strange = unlike_names(names)
    if strange is not None or not 2 <= len(names) <= MAX_CLASSES:
        found = f"{len(names)} different ones" if strange is None else strange
        raise InputError(
            f"The labels of {path.name} were expected to be a few names of classes; there are "
            f"{found}. Name the right column, --column label=NAME, or map them, --label "
            "SPELLING=CLASS."
        )
    priority = spelled_as(priority_class, names)
    if priority is not None and priority not in names:
        raise InputError(
            f"{path.name} has no posts of class {priority}: the class whose misses cost most was "
            f"expected to be one of {', '.join(names)}. Give --priority CLASS, or --priority none "
            "where no class matters more than the others."
        )
    task = Task.categorical("condition", tuple(names), priority)
    fingerprint, key = fingerprint_and_key(post.content for post in posts)
    ids = [post.id for post in posts]
    row_ids = [source.row_id(post.file, post.row) for post in posts]
    hashed = ids if len(set(ids)) == len(ids) else row_ids  # as where a run is prepared
    spelled = {post.author_key: post.author for post in reversed(posts)}
    told_apart = told_apart_by(
        pa.array([post.groups for post in posts], pa.list_(pa.string())), source.group_names
    )
    severity = [post.severity for post in posts]
    corpus = Corpus(
        name=path.name,
        posts=pd.DataFrame(
            {
                "id": [keyed_hash(each, key) for each in hashed],
                "text": [post.text for post in posts],
                "label": np.array([names.index(post.label) for post in posts], dtype=np.int64),
                "author": [
                    keyed_hash(spelled[p.author_key], key) if p.author_key else None for p in posts
                ],
                **({"severity": severity} if max(severity) >= 0 else {}),
                **{group_column(name): values.to_pandas() for name, values in told_apart.items()},
                "part": [PARTS[post.part] if post.part >= 0 else NO_PART for post in posts],
            }
        ),
        task=task,
        fingerprint=fingerprint,
        key=fingerprint,
        account=account.describe(),
        warnings=[PARTS_AS_GIVEN],
        is_synthetic=False,
        truncate="head",
    )
    return LabelledPosts(
        corpus=corpus,
        ids=ids,
        rows=[source.reference(post.file, post.row) for post in posts],
        are_parts_given=all(post.part >= 0 for post in posts),
    )
