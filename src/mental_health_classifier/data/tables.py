"""Tables on disk become rows of cells by role: which files, which columns, which lines."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from mental_health_classifier.contracts import PARTS, InputError

Columns = Mapping[str, str | Sequence[str] | None]

DELIMITERS = {".csv": ",", ".tsv": "\t"}
ROLES = ("id", "text", "label", "author", "split")
_SHOWN = 10

csv.field_size_limit(2**31 - 1)


def files_to_read(
    path: str | None, files: Mapping[str, str] | None
) -> list[tuple[Path, str | None]]:
    """The files of a corpus, each with the part that it holds, or None where it holds all.

    Args:
        path: a file, or the folder of `files`.
        files: names by part; `all` is a file that is not a part.

    Raises:
        InputError: a file is missing or of a format that is not read.
    """
    if not path:
        raise InputError(
            "data.path is not set. Give the file with the posts (CSV or TSV), or for a public "
            "corpus the folder that holds its files: data.path=FILE_OR_FOLDER"
        )
    root = Path(path).expanduser()
    if not root.exists():
        raise InputError(f"data.path={path} does not exist. Give an existing file or folder.")
    if files is None:
        if root.is_dir():
            raise InputError(
                f"data.path={path} is a folder, a file was expected. Name one file, or say which "
                "file holds which part: 'data.files={train: A.csv, test: B.csv}'."
            )
        found: list[tuple[Path, str | None]] = [(root, None)]
    else:
        found = [(root / name, None if part == "all" else part) for part, name in files.items()]
        _check_files(root, found)
    for file, _ in found:
        if file.suffix.lower() not in DELIMITERS:
            raise InputError(
                f"{file.name} is neither .csv nor .tsv, the formats read here. Convert it."
            )
    return found


def _check_files(root: Path, found: Sequence[tuple[Path, str | None]]) -> None:
    for file, part in found:
        if part is not None and part not in PARTS:
            raise InputError(
                f"data.files has the unknown part {part!r}; known are {', '.join(PARTS)} and all."
            )
        if not file.is_file():
            present = sorted(p.name for p in root.glob("*.[ct]sv"))[:_SHOWN]
            raise InputError(
                f"data.files names {file.name}, which is not in data.path={root} (CSV and TSV "
                f"files there: {', '.join(present) or 'none'}). Point data.path to the corpus's "
                "folder or change data.files."
            )


def read_rows(file: Path, columns: Columns) -> Iterator[tuple[str, dict[str, str] | None]]:
    """Yields `FILE:ROW` and the cells by role of each row that is not blank.

    The header is row 1, as a spreadsheet counts. Instead of its cells, None stands for a row that
    has more or fewer of them than the header.

    Raises:
        InputError: a column is missing, or the file is not a table in UTF-8.
    """
    try:
        with file.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.reader(stream, delimiter=DELIMITERS[file.suffix.lower()])
            header = [name.strip() for name in next(reader, [])]
            places = _find_columns(header, columns, file.name)
            for number, cells in enumerate(reader, start=2):
                if not any(cells):
                    continue
                is_whole = len(cells) == len(header)
                yield f"{file.name}:{number}", _by_role(cells, places) if is_whole else None
    except UnicodeDecodeError as error:
        raise InputError(
            f"{file.name} is not UTF-8 text (byte {error.start} cannot be read). "
            "Save it as UTF-8 and try again."
        ) from None
    except csv.Error as error:
        raise InputError(
            f"{file.name} cannot be read as a table near line {reader.line_num}: {error}."
        ) from None


def _by_role(cells: Sequence[str], places: Mapping[str, Sequence[int]]) -> dict[str, str]:
    return {role: "\n".join(cells[i] for i in where) for role, where in places.items()}


def _find_columns(header: Sequence[str], columns: Columns, file: str) -> dict[str, list[int]]:
    """Places in `header` of the columns of each role; a role without a column has none."""
    repeated = {name for name, count in Counter(header).items() if count > 1}
    places: dict[str, list[int]] = {}
    for role in ROLES:
        named = columns.get(role)
        names = [role] if named is None else [named] if isinstance(named, str) else list(named)
        missing = [name for name in names if name not in header]
        if missing and (named is not None or role in ("text", "label")):
            raise InputError(
                f"{file} has no column {missing[0]!r} for data.columns.{role}. Its columns: "
                f"{', '.join(header) or 'none'}. Say which one holds it: data.columns.{role}=NAME"
            )
        if repeated.intersection(names):
            raise InputError(
                f"{file} has more than one column {names[0]!r}. Rename one, or set "
                f"data.columns.{role}."
            )
        places[role] = [] if missing else [header.index(name) for name in names]
    return places
