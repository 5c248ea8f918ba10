"""First pass over a corpus, on every processor: rows are scrubbed and hashed, chunk by chunk.

Each finished chunk is kept on disk, so that an interrupted pass goes on where it stopped.
"""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from mental_health_classifier.console.progress import counting
from mental_health_classifier.contracts import InputError
from mental_health_classifier.data.preparing.duplicates import band_keys, hash_shingles, num_bands
from mental_health_classifier.data.reading.account import Account
from mental_health_classifier.data.reading.identity import DIGEST_BYTES
from mental_health_classifier.data.reading.posts import Post, RawRow, Source, clean_rows, hash64
from mental_health_classifier.storage.cache import finished_chunk

_ROWS = 8192
_CHARACTERS = 2**22
_WORTH_A_POOL = 12_000_000  # characters: starting workers takes about as long as these do
_SECONDS_BETWEEN_LOOKS = 0.5
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
    workers = num_processes(num_workers)
    folder.mkdir(exist_ok=True)
    chunks = enumerate(cut_chunks(source.rows(account)))
    first, characters = [], 0
    while characters < _WORTH_A_POOL and (chunk := next(chunks, None)):
        first.append(chunk)
        characters += sum(_characters(row) for row in chunk[1])
    numbered = chain(first, chunks)
    finished: list[Path] = []
    with counting("Reading and scrubbing posts", total=None) as advance:
        if workers == 1 or characters < _WORTH_A_POOL:
            paths = (_write_chunk(folder, number, rows, source) for number, rows in numbered)
        else:
            paths = _in_parallel(folder, numbered, source, workers)
        for path, num_rows in paths:
            finished.append(path)
            advance(num_rows)
    return finished


def _in_parallel(
    folder: Path, numbered: Iterable[tuple[int, list[RawRow]]], source: Source, workers: int
) -> Iterator[tuple[Path, int]]:
    """Path and number of rows of each chunk, in order, from worker processes."""
    from joblib import Parallel, delayed
    from joblib.externals.loky import get_reusable_executor

    pool: Any = Parallel(
        n_jobs=workers,
        return_as="generator",
        pre_dispatch="2*n_jobs",
        initializer=_depend_on_the_parent,
        initargs=(os.getpid(),),
    )
    try:
        yield from pool(
            delayed(_write_chunk)(folder, number, rows, source) for number, rows in numbered
        )
    finally:
        # They would wait for more work, with all they imported in memory, while others train.
        get_reusable_executor().shutdown(wait=False, kill_workers=True)


def _depend_on_the_parent(parent: int) -> None:
    """Makes a worker one that ends with its parent, whatever ended that, and not before.

    A terminal sends Ctrl-C to every process; the parent ends the workers. A parent that was killed
    can end nothing, so that each worker looks after it.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_after, args=(parent,), daemon=True).start()


def _end_after(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_SECONDS_BETWEEN_LOOKS)
    os._exit(1)


def num_processes(num_workers: int | None) -> int:
    """Workers that were asked for, or one for each processor that this process may use.

    Raises:
        InputError: not a whole number above 0.
    """
    if num_workers is None:
        return len(os.sched_getaffinity(0))
    if type(num_workers) is not int or num_workers < 1:
        raise InputError(
            f"data.num_workers={num_workers}: a whole number above 0 was expected, or null for one "
            "process for each processor."
        )
    return num_workers


def cut_chunks(rows: Iterator[RawRow]) -> Iterator[list[RawRow]]:
    """Cuts rows into lists of a bounded number and length."""
    chunk: list[RawRow] = []
    characters = 0
    for row in rows:
        chunk.append(row)
        characters += _characters(row)
        if len(chunk) == _ROWS or characters >= _CHARACTERS:
            yield chunk
            chunk, characters = [], 0
    if chunk:
        yield chunk


def _characters(row: RawRow) -> int:
    return len(row.cells[1]) if isinstance(row.cells, list) else 0


def _write_chunk(
    folder: Path, number: int, rows: Sequence[RawRow], source: Source
) -> tuple[Path, int]:
    return finished_chunk(folder, number, lambda: _chunk_content(rows, source)), len(rows)


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
