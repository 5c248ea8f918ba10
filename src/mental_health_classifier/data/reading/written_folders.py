"""Folders of parts as Spark, Ray Data and others write them: whether all of it is there."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from mental_health_classifier.contracts import InputError
from mental_health_classifier.data.reading.columnar import parquet_columns
from mental_health_classifier.data.reading.table_files import TableFile

_UNFINISHED = ("_temporary", ".spark-staging")
"""Folders of parts that a job has not put into their place: of a job that runs, or was killed."""
_TRANSACTIONS = "_delta_log"
"""Says which of the parts still count; to read them all would be wrong."""


def require_finished(folder: Path) -> None:
    """Raises InputError for a folder that a job still writes to, or of which not all counts."""
    for each in sorted(folder.iterdir()):
        if each.name.startswith(_UNFINISHED):
            raise InputError(
                f"data.path={folder} holds {each.name}: the job that writes it runs, or was killed "
                "before all parts were in their place. Wait for it, or let it write a new folder."
            )
        if each.name == _TRANSACTIONS:
            raise InputError(
                f"data.path={folder} is a Delta table, which keeps parts that were deleted. "
                "Export its posts as plain Parquet, and give that folder."
            )


def require_same_columns(files: Sequence[TableFile]) -> None:
    """Raises InputError where Parquet files of one folder differ in their columns, as after a job
    of an older version: such a column would be empty for some posts, and nobody would see it."""
    parts = [file for file in files if file.ending == ".parquet"]
    if len(parts) < 2:
        return
    first, columns = parts[0], set(parquet_columns(parts[0]))
    for part in parts[1:]:
        there = set(parquet_columns(part))
        if there == columns:
            continue
        lacking, further = sorted(columns - there), sorted(there - columns)
        differences = [
            f"{what} {', '.join(map(repr, names))}"
            for what, names in (("lacks", lacking), ("has further", further))
            if names
        ]
        raise InputError(
            f"{part.name} of the folder {' and '.join(differences)}, compared "
            f"with {first.name}. Write all parts with the same columns."
        )
