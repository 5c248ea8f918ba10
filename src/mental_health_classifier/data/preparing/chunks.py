"""First pass over a corpus, on every processor: rows are scrubbed and hashed, chunk by chunk.

Each finished chunk is kept on disk, so that an interrupted pass goes on where it stopped.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from mental_health_classifier.console.progress import counting
from mental_health_classifier.data.preparing.duplicates import band_keys, hash_shingles, num_bands
from mental_health_classifier.data.preparing.row_chunks import Chunk, over_chunks
from mental_health_classifier.data.reading.account import Account
from mental_health_classifier.data.reading.identity import DIGEST_BYTES
from mental_health_classifier.data.reading.posts import Post, clean_rows, hash64
from mental_health_classifier.data.reading.source import RawRow, Source
from mental_health_classifier.storage.cache import finished_chunk

_TYPES = {
    "id": pa.large_string(),
    "text": pa.large_string(),
    "label": pa.string(),
    "author": pa.large_string(),
    "part": pa.int8(),
    "severity": pa.int8(),
    "file": pa.int32(),
    "row": pa.int64(),
    "text_hash": pa.uint64(),
    "content": pa.binary(DIGEST_BYTES),
    "groups": pa.list_(pa.string()),
}


def write_chunks(
    folder: Path, source: Source, account: Account, *, num_workers: int | None
) -> list[Path]:
    """Makes the chunks that are not in `folder` yet; returns all of them in the order of the rows.

    What a chunk holds does not depend on the number of workers. `open_chunks` says what that is.
    The account takes what the files themselves give reason to note.

    Raises:
        InputError: the source holds what cannot be read, or `num_workers` is below 1.
    """
    folder.mkdir(exist_ok=True)
    work = partial(_write_chunk, folder=folder, source=source)
    finished: list[Path] = []
    with counting("Reading and scrubbing posts", total=None) as advance:
        for path, num_rows in over_chunks(work, source.rows(account), num_workers=num_workers):
            finished.append(path)
            advance(num_rows)
    return finished


def _write_chunk(chunk: Chunk, *, folder: Path, source: Source) -> tuple[Path, int]:
    path = finished_chunk(folder, chunk.number, lambda: _chunk_content(chunk.rows, source))
    return path, len(chunk.rows)


def _chunk_content(rows: Sequence[RawRow], source: Source) -> memoryview:
    """An Arrow file of clean rows with what the second pass compares them by."""
    clean = clean_rows(rows, source)
    columns: dict[str, pa.Array] = {
        name: pa.array([post[Post._fields.index(name)] for post in clean.posts], kind)
        for name, kind in _TYPES.items()
    }
    columns |= {
        kept_column(name): pa.array([post.kept[place] for post in clean.posts], pa.large_string())
        for place, name in enumerate(source.kept_columns)
    }
    columns["id_hash"] = pa.array([hash64(post.id) for post in clean.posts], pa.uint64())
    columns["author_hash"] = pa.array(
        [hash64(post.author_key) if post.author_key else 0 for post in clean.posts], pa.uint64()
    )
    columns["author_spelling"] = pa.array(
        [hash64(post.author) for post in clean.posts], pa.uint64()
    )
    shingles = hash_shingles([post.text for post in clean.posts])
    columns["shingles"] = pa.LargeListArray.from_arrays(
        shingles.indptr.astype(np.int64), shingles.indices.astype(np.int32)
    )
    keys = band_keys(shingles)
    columns |= {f"band_{band}": pa.array(keys[:, band]) for band in range(num_bands())}
    account = json.dumps(clean.account.describe())
    table = pa.table(columns).replace_schema_metadata({"account": account})
    sink = pa.BufferOutputStream()
    with pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)
    return memoryview(sink.getvalue())


def kept_column(name: str) -> str:
    """Under which name a table holds a column that is kept as it is."""
    return f"column/{name}"


def open_chunks(paths: Sequence[Path]) -> tuple[pa.Table, list[dict[str, Any]]]:
    """All chunks as one table that stays on disk until it is looked at, and the account of the rows
    of each.

    A row of the table is a post: the fields of `Post`, each kept column under the name that
    `kept_column` gives it, hashes of id, author (0: not known) and its spelling, shingles and keys
    of bands.
    """
    readers = [pa.ipc.open_file(pa.memory_map(str(path))) for path in paths]
    accounts = [json.loads(reader.schema.metadata[b"account"]) for reader in readers]
    tables = [reader.read_all().replace_schema_metadata(None) for reader in readers]
    return pa.concat_tables(tables), accounts
