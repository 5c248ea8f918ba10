"""Formats of tables by the endings of files."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

from mental_health_classifier.data.reading.columnar import open_arrow, open_parquet
from mental_health_classifier.data.reading.delimited import open_delimited
from mental_health_classifier.data.reading.json_records import open_json, open_json_file
from mental_health_classifier.data.reading.spreadsheets import open_spreadsheet
from mental_health_classifier.data.reading.table_files import Table, TableFile

FORMATS: dict[str, Callable[[TableFile], Table]] = {
    ".csv": open_delimited(","),
    ".tsv": open_delimited("\t"),
    ".jsonl": open_json,
    ".ndjson": open_json,
    ".json": open_json_file,
    ".parquet": open_parquet,
    ".arrow": open_arrow,
    ".feather": open_arrow,
    ".xlsx": open_spreadsheet,
}


def open_table(file: TableFile) -> Table:
    """Opens a file by its ending.

    Rows are numbered as an editor of such files shows them: a header is row 1, JSON Lines count
    lines from 1, arrays, Parquet and Arrow count rows from 1.

    Raises:
        InputError: here or while rows are taken, for a file that is not what its ending says.
    """
    return FORMATS[file.ending](file)


def count_rows(path: Path) -> int | None:
    """How many rows a file holds, quickly, for a progress bar. None: not known before it is read.

    A file that is not what its ending says is not told here but by whoever reads it.
    """
    file = TableFile(path, path.name)
    if file.is_compressed:
        return None
    try:
        if file.ending == ".parquet":
            import pyarrow.parquet as pq

            return pq.read_metadata(path).num_rows
        if file.ending in (".csv", ".tsv"):
            with path.open(encoding="utf-8-sig", newline="") as stream:
                rows = csv.reader(stream, delimiter="," if file.ending == ".csv" else "\t")
                return max(0, sum(any(cells) for cells in rows) - 1)
        if file.ending in (".jsonl", ".ndjson"):
            with path.open("rb") as stream:
                return sum(not line.isspace() for line in stream)
    except (OSError, ValueError, csv.Error):  # an error of Arrow's is one of the first two
        pass
    return None
