"""Reader of posts for a trained model: with labels to be measured on, or without any."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa

from mental_health_classifier.contracts import Corpus, InputError, Task
from mental_health_classifier.data.preparing.duplicates import find_duplicates
from mental_health_classifier.data.preparing.groups import group_column, told_apart_by
from mental_health_classifier.data.reading.account import Account
from mental_health_classifier.data.reading.identity import fingerprint_and_key, keyed_hash
from mental_health_classifier.data.reading.posts import Post, clean_rows
from mental_health_classifier.data.reading.source import SOURCE, Source
from mental_health_classifier.data.reading.spellings import folded
from mental_health_classifier.data.reading.table_files import HEADER_AGAIN, NO_TEXT
from mental_health_classifier.data.reading.table_formats import count_rows, open_table
from mental_health_classifier.data.reading.tables import (
    GROUPS,
    NO_COLUMN,
    ROLES,
    Columns,
    column_of_role,
    describe_header,
    files_to_read,
    read_rows,
)

ENCODING = "encoding"
"""Beside the columns of a file, by role: what its text is encoded in, where that is stated."""
EXTERNAL = "external"
"""The part that posts from elsewhere make up."""
SEEN = "post that the model has seen"
"""Why posts of such a corpus are left out."""
UNNAMED_ROLE = "--column {role}={name}: {role} is nothing that a column can be named for here; "


def read_external_corpus(
    path: Path,
    *,
    task: Task,
    columns: Columns,
    labels: Mapping[str, str] | None,
    are_seen: Callable[[Sequence[str]], np.ndarray],
) -> Corpus:
    """Reads labelled posts from elsewhere, all of them one part.

    Posts that the model has seen are left out, and counted in the account under `SEEN`.

    Args:
        path: a file as `data.path` takes it.
        task: what the model answers.
        columns, labels: see `Source.of`; `columns_in` says what goes with them.
        are_seen: for scrubbed texts whether the model has seen each.

    Raises:
        InputError: the file cannot be used, a label is none of the model's classes, or the model
            has seen every post.
    """
    if labels is not None:
        if strange := sorted(set(labels.values()) - set(task.class_names)):
            raise InputError(
                f"--label ...={strange[0]}: the model has no such class; it knows "
                f"{', '.join(task.class_names)}."
            )
        # Who maps one spelling does not give up those that are classes already.
        labels = {**dict(zip(task.class_names, task.class_names, strict=True)), **labels}
    # All of it is one part, whatever a column says.
    source = Source.of(
        str(path), columns={**columns, "split": []}, labels=labels, encoding=_encoding_in(columns)
    )
    account = Account()
    clean = clean_rows(list(source.rows(account)), source)
    clean.account.noted.update(account.noted)
    class_of = {folded(name): name for name in task.class_names}
    clean.posts = [
        post._replace(label=class_of.get(folded(post.label), post.label)) for post in clean.posts
    ]
    # One of each text, as in a corpus, and none of those that carry two labels.
    duplicates, _ = find_duplicates(
        np.array([post.text_hash for post in clean.posts], np.uint64),
        pd.factorize(np.array([post.label for post in clean.posts], object))[0],
        np.zeros(len(clean.posts), np.int8),
    )
    posts = _without(duplicates, clean.posts, clean.account, source)
    if not posts:
        raise InputError(
            f"{path} holds no posts that can be used: {clean.account.rows_read} rows were read."
        )
    unknown = sorted({post.label for post in posts} - set(task.class_names))
    if unknown:
        known = ", ".join(task.class_names)
        raise InputError(
            f"{path.name} has {len(unknown)} labels that the model does not know; it knows {known}."
            " Map them: --label SPELLING=CLASS, once for each spelling in the file."
        )
    spelled = {post.author_key: post.author for post in reversed(posts)}
    fingerprint, key = fingerprint_and_key(post.content for post in posts)
    seen = np.flatnonzero(are_seen([post.text for post in posts]))
    posts = _without({SEEN: seen}, posts, clean.account, source)
    if not posts:
        raise InputError(
            f"The model has seen every post of {path}: numbers on them would flatter. Give other "
            "posts."
        )
    told_apart = told_apart_by(
        pa.array([post.groups for post in posts], pa.list_(pa.string())), source.group_names
    )
    return Corpus(
        name=path.name,
        posts=pd.DataFrame(
            {
                "id": [keyed_hash(source.row_id(post.file, post.row), key) for post in posts],
                "text": [post.text for post in posts],
                "label": np.array([task.class_names.index(p.label) for p in posts], dtype=np.int64),
                "author": [
                    keyed_hash(spelled[p.author_key], key) if p.author_key else None for p in posts
                ],
                "part": EXTERNAL,
                **{group_column(name): values.to_pandas() for name, values in told_apart.items()},
            }
        ),
        task=task,
        fingerprint=fingerprint,
        key=fingerprint,
        account=clean.account.describe(),
        warnings=(),
        is_synthetic=False,
        truncate="head",
    )


def _without(
    left_out: Mapping[str, np.ndarray], posts: Sequence[Post], account: Account, source: Source
) -> list[Post]:
    """The posts but for those at some places, which are told by reason in the account."""
    is_kept = np.ones(len(posts), bool)
    for reason, places in left_out.items():
        is_kept[places] = False
        for place in places.tolist():
            account.drop(reason, source.reference(posts[place].file, posts[place].row))
    account.rows_kept = int(is_kept.sum())
    return [post for post, kept in zip(posts, is_kept, strict=True) if kept]


def columns_in(
    path: Path,
    *,
    given: Mapping[str, str],
    recorded: Mapping[str, Any],
    roles: Sequence[str],
    encoding: str | None = None,
) -> dict[str, Any]:
    """Which columns of a file hold what: what the user says, else what the run learned from where
    the file has that too, else the column of the role's own name.

    Args:
        path: a file, or where labels are read a folder of files.
        given: from `--column ROLE=NAME`.
        recorded: `data.columns` of the run.
        roles: that the command reads.
        encoding: of the file, see `files_to_read`; it goes with the columns, under `ENCODING`.

    Raises:
        InputError: there is no such file, role or column, or a column is there twice.
    """
    if unknown := sorted(given.keys() - set(roles)):
        raise InputError(
            UNNAMED_ROLE.format(role=unknown[0], name=given[unknown[0]])
            + f"{', '.join(roles)} are. --column text=NAME says that column NAME holds the posts."
        )
    if not path.exists():
        raise InputError(f"{path} does not exist. Give a file of posts.")
    is_judged_blind = "label" not in roles
    if is_judged_blind and not path.is_file():
        raise InputError(f"{path} is not a file. Give one file of posts, for example one in it.")
    (file, _part), *_others = files_to_read(str(path), None, encoding)
    table = open_table(file)
    header = list(table.columns)
    chosen: dict[str, Any] = {r: [] if name == NO_COLUMN else name for r, name in given.items()}
    for role in ("id", "text", "label", "author"):
        named = recorded.get(role)
        names = [named] if isinstance(named, str) else list(named or ())
        if role in roles and role not in given and names and set(names) <= set(header):
            chosen[role] = names
    needed = {
        role: column_of_role(role, header)
        for role in ("text", "label")
        if not (role == "label" and is_judged_blind)
    }
    chosen = needed | chosen
    for role, named in chosen.items():
        for name in [named] if isinstance(named, str) else named:
            if header.count(name) != 1:
                many = "no column" if name not in header else "more than one column"
                raise InputError(
                    f"{file.name} has {many} {name!r} for {role}. {describe_header(table)}. Say "
                    f"which one holds it: --column {role}=NAME"
                )
    return chosen | ({} if encoding is None else {ENCODING: encoding})


def _encoding_in(columns: Columns) -> str | None:
    stated = columns.get(ENCODING)
    return stated if isinstance(stated, str) else None


ROLES_WITHOUT_LABEL = ("id", "text")
"""What `read_unlabelled` reads of a file."""
ROLES_WITH_LABEL = (*(role for role in ROLES if role != "split"), SOURCE, GROUPS)
"""What `read_external_corpus` reads of a file."""


class UnlabelledPost(NamedTuple):
    row: str
    """FILE:ROW, as a spreadsheet counts."""
    id: str
    """As the file gives it, or the row."""
    text: str | None
    """Not scrubbed. None: the row cannot be read."""


def count_posts(path: Path) -> int | None:
    """How many posts `read_unlabelled` will find in a file; None: not known."""
    return count_rows(path) if path.is_file() else None


def read_unlabelled(path: Path, *, columns: Columns, account: Account) -> Iterator[UnlabelledPost]:
    """Yields the posts of a file, one at a time, so that its size does not matter.

    Args:
        path: a file as `data.path` takes it.
        columns: which columns hold `id` and `text`; `columns_in` says what goes with them.
        account: takes what there is to say of rows, such as one that may be several.

    Raises:
        InputError: the file cannot be used, holds no posts, or ends in the middle of a row.
    """
    ((file, _part),) = files_to_read(str(path), None, _encoding_in(columns))
    # A label is not needed; where a role needs a column, that of the text will do.
    roles = {**columns, "label": columns.get("label") or columns.get("text") or "text"}
    place, last = {role: ROLES.index(role) for role in ("id", "text")}, None
    problem, is_any_read = None, False

    def note(reason: str, row: int) -> None:
        account.note(reason, f"{file.name}:{row}")

    for number, cells in read_rows(file, roles, {}, note):
        row = f"{file.name}:{number}"
        last = UnlabelledPost(row, row, None)
        problem = cells if isinstance(cells, str) else None
        if not isinstance(cells, str):
            is_any_read = True
            last = UnlabelledPost(row, cells[place["id"]].strip() or row, cells[place["text"]])
        yield last
    if last is None:
        raise InputError(f"{path} holds no posts: there is no row below the header.")
    if problem == NO_TEXT and not is_any_read:
        raise InputError(f"{path}: every row holds {problem}. Write it as text.")
    if problem not in (None, NO_TEXT, HEADER_AGAIN):
        raise InputError(
            f"{path} ends in the middle of row {last.row}: the file was cut, or its last row is "
            "damaged. Give the whole file."
        )
