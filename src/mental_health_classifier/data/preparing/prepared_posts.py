"""Second pass over a corpus: a table of posts without duplicates, with hashes in place of names.

Exact duplicates leave, near-duplicates are found, ids and authors become keyed hashes. The table
opens without being read.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
from scipy.sparse import csr_array

from mental_health_classifier.console.progress import counting, showing
from mental_health_classifier.contracts import InputError
from mental_health_classifier.data.preparing.chunks import kept_column, open_chunks, write_chunks
from mental_health_classifier.data.preparing.duplicates import (
    cluster_near_duplicates,
    find_duplicates,
    join_groups,
    num_bands,
    shingle_table,
)
from mental_health_classifier.data.preparing.groups import group_column, told_apart_by
from mental_health_classifier.data.reading.account import Account
from mental_health_classifier.data.reading.identity import fingerprint_and_key, keyed_hash
from mental_health_classifier.data.reading.names import (
    A_NAME,
    is_name,
    unlike_classes,
    unlike_names,
)
from mental_health_classifier.data.reading.posts import UNKNOWN_LABEL
from mental_health_classifier.data.reading.source import UNLABELLED, Source
from mental_health_classifier.data.reading.spellings import look_alikes, num_look_alikes

MAX_CLASSES = 50
RESPELLED = "author spelled in another way before, taken for the same one"
DOUBLED_ID = "id of another post, too, so that rows stand for the ids of all posts"
_TABLE = "posts.arrow"
_ABOUT = "about.json"
_SHOWN = 10


def prepare_posts(folder: Path, source: Source, *, num_workers: int | None) -> None:
    """Writes what `open_posts` and `read_about` read into `folder`.

    Raises:
        InputError: the source cannot be used.
    """
    chunks = folder / "chunks"
    account = Account()
    paths = write_chunks(chunks, source, account, num_workers=num_workers)
    if not paths:
        raise InputError(_nothing_left(account, source))
    posts, accounts = open_chunks(paths)
    for each in accounts:
        account.include(each)
    if not len(posts):
        raise InputError(_nothing_left(account, source))

    found = posts["label"].unique().to_pylist()
    class_names = in_order(found, source)
    labels = pd.Index(class_names).get_indexer(posts["label"].to_numpy(zero_copy_only=False))
    shipped = np.maximum(posts["part"].to_numpy(), 0)
    duplicates, num_crossing = find_duplicates(posts["text_hash"].to_numpy(), labels, shipped)
    is_kept = np.ones(len(posts), bool)
    for reason, places in duplicates.items():
        is_kept[places] = False
        if len(places):
            account.drop(reason, *_references(posts, places, source), num_rows=len(places))
    account.rows_kept = int(is_kept.sum())
    if not account.rows_kept:
        raise InputError(_nothing_left(account, source))
    if source.labels != UNLABELLED:
        _check_classes(class_names, labels[is_kept])
    if source.labels is None:
        _check_names(class_names, labels, posts, source)
    # A class may have lost its last post to a conflict of labels.
    is_left = np.isin(np.arange(len(class_names)), labels[is_kept])
    class_names = [name for name, is_in in zip(class_names, is_left, strict=True) if is_in]
    labels = (np.cumsum(is_left) - 1)[labels]

    told_apart = told_apart_by(posts["groups"].filter(pa.array(is_kept)), source.group_names)
    with showing("Looking for near-duplicates"):
        clusters = _clusters(posts, np.flatnonzero(is_kept))
    authors = _known_authors(posts, is_kept)
    leak_groups = join_groups(clusters, authors.one_a_post())
    respelled = np.flatnonzero(is_kept)[authors.is_respelled]
    if len(respelled):
        rows = _references(posts, respelled, source)
        account.note(RESPELLED, *rows, num_rows=len(respelled))
    id_hashes = posts["id_hash"].to_numpy()
    doubled = doubled_ids(id_hashes, is_kept)
    if len(doubled):
        rows = _references(posts, doubled, source)
        account.note(DOUBLED_ID, *rows, num_rows=len(doubled))
    fingerprint = _write_table(
        folder / _TABLE,
        posts,
        is_kept,
        source,
        labels=labels,
        clusters=clusters,
        leak_groups=leak_groups,
        authors=authors,
        told_apart=told_apart,
        are_ids_unique=not len(doubled),
    )
    about = {
        "fingerprint": fingerprint,
        "class_names": class_names,
        "are_names_given": source.labels is not None,
        "files": [file.name for file, _ in source.files],
        "has_severity": bool((posts["severity"].to_numpy()[is_kept] >= 0).any()),
        "groups": list(source.group_names),
        "account": account.describe(),
        "warnings": _warnings(class_names, authors, source),
        "texts_in_several_parts": num_crossing,
    }
    (folder / _ABOUT).write_text(json.dumps(about), encoding="utf-8")
    del posts  # lets go of the chunks
    shutil.rmtree(chunks)


def read_about(folder: Path) -> dict[str, Any]:
    """What is known of the posts as a whole: `fingerprint`, `class_names`, `are_names_given` (by
    the configuration), `has_severity`, `groups` (names), `files` (as messages call them),
    `account`, `warnings`, `texts_in_several_parts`."""
    return json.loads((folder / _ABOUT).read_text(encoding="utf-8"))


def open_posts(folder: Path, columns: Sequence[str]) -> pd.DataFrame:
    """Some columns of the posts in the order of the source: id, text, label, author, shipped_part
    (place in PARTS or -1), severity, cluster (of near-duplicates), leak_group, file (place among
    the names of `read_about`), row, and `group_column` of each of the groups by which posts are
    told apart.

    Texts stay on disk until they are looked at. `open_cells` opens columns kept as they are.
    """
    with pa.memory_map(str(folder / _TABLE)) as file:
        table = pa.ipc.open_file(file).read_all().select(list(columns))
        return table.to_pandas(split_blocks=True)


def open_cells(folder: Path, column: str) -> tuple[list[str], np.ndarray]:
    """A column that was kept as it is: its different cells, and for each post the place among them
    of its own, shape `(posts,)`.

    The table itself stays on disk, so what is in memory grows with the number of different cells.
    """
    with pa.memory_map(str(folder / _TABLE)) as file:
        cells = pa.ipc.open_file(file).read_all()[kept_column(column)]
        encoded = cells.dictionary_encode().combine_chunks()
        return encoded.dictionary.to_pylist(), encoded.indices.to_numpy()


def in_order(found: Sequence[str], source: Source) -> list[str]:
    """Classes in the order of the label map, else by name."""
    if source.labels is None:
        return sorted(found)
    return [name for name in dict.fromkeys(source.labels.values()) if name in found]


def doubled_ids(id_hashes: np.ndarray, is_kept: np.ndarray) -> np.ndarray:
    """Places of the kept posts whose id another one has, too, both of shape `(posts,)`."""
    kept = np.flatnonzero(is_kept)
    return kept[pd.Series(id_hashes[kept]).duplicated(keep=False).to_numpy()]


def _clusters(posts: pa.Table, kept: np.ndarray) -> np.ndarray:
    """The number of the near-duplicate cluster of each kept post."""
    bands = (posts[f"band_{band}"].to_numpy()[kept] for band in range(num_bands()))

    def shingles_of(places: np.ndarray) -> csr_array:
        shingles = posts["shingles"].take(kept[places]).combine_chunks()
        return shingle_table(shingles.offsets.to_numpy(), shingles.values.to_numpy())

    return cluster_near_duplicates(bands, shingles_of=shingles_of, num_posts=len(kept))


class _Authors(NamedTuple):
    """Authors of the kept posts."""

    numbers: np.ndarray
    """Of the author of each post, -1 where nobody is known, shape `(posts,)`."""
    names: pa.Array
    """Of each author, as the first of its posts spells it."""
    is_respelled: np.ndarray
    """Whether a post spells its author in another way, bool, shape `(posts,)`."""

    def one_a_post(self) -> np.ndarray:
        """A number for each post; one without a known author stands for itself."""
        numbers, is_unknown = self.numbers.copy(), self.numbers < 0
        numbers[is_unknown] = len(self.names) + np.arange(is_unknown.sum())
        return numbers


def _known_authors(posts: pa.Table, is_kept: np.ndarray) -> _Authors:
    hashes = posts["author_hash"].to_numpy()[is_kept]
    spellings = posts["author_spelling"].to_numpy()[is_kept]
    is_known = hashes > 0
    numbers = np.full(len(hashes), -1, np.int64)
    _, first, numbers[is_known] = np.unique(
        hashes[is_known], return_index=True, return_inverse=True
    )
    is_respelled = np.zeros(len(hashes), bool)
    known = spellings[is_known]
    is_respelled[is_known] = known != known[first][numbers[is_known]]
    names = posts["author"].take(np.flatnonzero(is_kept)[is_known][first]).combine_chunks()
    return _Authors(numbers, names, is_respelled)


def _warnings(class_names: Sequence[str], authors: _Authors, source: Source) -> list[str]:
    """What looks like one thing and is counted as several, or the other way round."""
    found = [
        f"The classes {' and '.join(map(repr, alike))} look alike. If they are one, say so: "
        "data.labels={SPELLING: CLASS, ...}"
        for alike in look_alikes(class_names)
    ]
    if what := unlike_classes(class_names):
        found.append(
            f"The labels look like {what}, and each is a class of its own: does data.columns.label "
            "name the right column?"
        )
    if number := num_look_alikes(authors.names.to_pylist()):
        found.append(
            f"Authors whose names look like that of another one: {number}. If they are one "
            "person, posts of one author may be in several parts."
        )
    if source.pooled_parts:
        found.append(source.pooled_parts)
    return found


def _write_table(
    path: Path,
    posts: pa.Table,
    is_kept: np.ndarray,
    source: Source,
    *,
    labels: np.ndarray,
    clusters: np.ndarray,
    leak_groups: np.ndarray,
    authors: _Authors,
    told_apart: Mapping[str, pa.Array],
    are_ids_unique: bool,
) -> str:
    """Writes the kept posts chunk by chunk, with keyed hashes for ids and authors; returns the
    fingerprint."""
    contents = posts["content"].filter(pa.array(is_kept)).to_pylist()
    fingerprint, key = fingerprint_and_key(contents)
    del contents
    authors_hashed = _strings(keyed_hash(name, key) for name in authors.names.to_pylist())
    writer = None
    start = first = 0
    with path.open("wb") as stream, counting("Writing posts", total=len(leak_groups)) as advance:
        for batch in posts.to_batches():
            kept = is_kept[start : start + len(batch)]
            rows = slice(first, first + int(kept.sum()))
            chosen = batch.filter(pa.array(kept))
            names = chosen["id"].to_pylist()
            if not are_ids_unique:  # those that repeat name nobody
                places = zip(chosen["file"].to_pylist(), chosen["row"].to_pylist(), strict=True)
                names = [source.row_id(*place) for place in places]
            numbers = authors.numbers[rows]
            hashed = pa.table(
                {
                    "id": _strings(keyed_hash(name, key) for name in names),
                    "text": chosen["text"],
                    "label": labels[start : start + len(batch)][kept],
                    "author": authors_hashed.take(pa.array(numbers, mask=numbers < 0)),
                    "shipped_part": chosen["part"],
                    "severity": chosen["severity"],
                    "cluster": clusters[rows].astype(np.int32),
                    "leak_group": leak_groups[rows].astype(np.int32),
                    "file": chosen["file"],
                    "row": chosen["row"],
                    **{
                        group_column(name): values[rows.start : rows.stop]
                        for name, values in told_apart.items()
                    },
                    **{c: chosen[c] for c in map(kept_column, source.kept_columns)},
                }
            )
            writer = writer or pa.ipc.new_file(stream, hashed.schema)
            writer.write_table(hashed)
            start, first = start + len(batch), rows.stop
            advance(rows.stop - rows.start)
        assert writer is not None
        writer.close()
    return fingerprint


def _strings(values: Iterator[str | None]) -> pa.Array:
    return pa.array(values, pa.large_string())


def _check_classes(class_names: Sequence[str], labels: np.ndarray) -> None:
    num_classes = len(np.unique(labels))
    if num_classes < 2:
        raise InputError(
            f"All {len(labels)} usable posts have one label; two classes are needed at "
            "least. Check data.columns.label and data.labels."
        )
    if num_classes > MAX_CLASSES:
        raise InputError(
            f"The label column holds {num_classes} different values, {MAX_CLASSES} at most were "
            "expected. Name the right column in data.columns.label, or map spellings to classes "
            "in data.labels."
        )


def _check_names(
    class_names: Sequence[str], labels: np.ndarray, posts: pa.Table, source: Source
) -> None:
    """Raises InputError where what would be recorded as a class may be a post."""
    if said := unlike_names(class_names):
        unlike = [place for place, name in enumerate(class_names) if not is_name(name)]
        rows = _references(posts, np.flatnonzero(np.isin(labels, unlike)), source)
        raise InputError(
            f"Not every label looks like the name of a class: {said} (see {', '.join(rows)}). Have "
            f"the cells of these rows slipped? {A_NAME}. Correct the rows, name the right column "
            "in data.columns.label, or map the labels in data.labels."
        )


def _references(posts: pa.Table, places: np.ndarray, source: Source) -> list[str]:
    """How messages refer to the first few of some posts."""
    first = posts.select(["file", "row"]).take(places[:_SHOWN]).to_pydict()
    return [source.reference(*each) for each in zip(*first.values(), strict=True)]


def _nothing_left(account: Account, source: Source) -> str:
    where = ", ".join(file.name for file, _ in source.files[:_SHOWN])
    if not account.rows_read:
        return f"data.path holds no posts: there is no row below the header of {where}."
    dropped = account.describe()["dropped"]
    reasons = ", ".join(f"{reason}: {rows['rows']}" for reason, rows in dropped.items())
    message = f"None of the {account.rows_read} rows of {where} can be used ({reasons})."
    if UNKNOWN_LABEL in dropped and source.labels is not None:
        message += (
            f" data.labels knows {', '.join(source.labels)}; the column holds something else in "
            f"{', '.join(dropped[UNKNOWN_LABEL]['first'])}. Map its labels in data.labels or name "
            "another column in data.columns.label."
        )
    return message
