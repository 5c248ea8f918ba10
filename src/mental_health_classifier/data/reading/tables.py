"""Tables on disk as rows of cells by role: which files, which columns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path

from mental_health_classifier.contracts import PARTS, InputError
from mental_health_classifier.data.reading.names import are_column_names
from mental_health_classifier.data.reading.shipped_parts import part_of_name, parts_of_files
from mental_health_classifier.data.reading.spellings import folded
from mental_health_classifier.data.reading.table_files import (
    COMPRESSED,
    NO_TEXT,
    ListCell,
    Note,
    Table,
    TableFile,
    require_encoding,
)
from mental_health_classifier.data.reading.table_formats import FORMATS, open_table
from mental_health_classifier.data.reading.written_folders import (
    require_finished,
    require_same_columns,
)

Columns = Mapping[str, str | Sequence[str] | None]

ROLES = ("id", "text", "label", "author", "split", "severity")
GROUPS = "groups"
"""The role of columns that are not joined but stand one by one after those of `ROLES`."""
NO_COLUMN = "[]"
"""How a command line says that no column holds a role."""
_SHOWN_COLUMNS = 40
_ROWS_THAT_TELL_A_HEADER = 1000


def files_to_read(
    path: str | None, files: Mapping[str, str] | None, encoding: str | None = None
) -> list[tuple[TableFile, str | None]]:
    """The files of a corpus, each with the part that it holds, or None where it holds all.

    Those of a folder are called `file 1` and so on in the order of their names, see `TableFile`,
    and hold the parts that their names say, see `parts_of_files`.

    Args:
        path: a file, a folder of files of one kind that are read one after the other in the order
            of their names, or the folder of `files`.
        files: names by part; `all` is a file that is not a part.
        encoding: of their text, see `TableFile`.

    Raises:
        InputError: a file is missing or of a format that is not read; or there is no such encoding.
    """
    require_encoding(encoding)
    if not path:
        raise InputError(
            "data.path is not set. Give the file with the posts (CSV, TSV, JSON, Parquet, Arrow or "
            "a spreadsheet), a folder of such files, or for a public corpus the folder that holds "
            "its files: data.path=FILE_OR_FOLDER"
        )
    root = Path(path).expanduser()
    if not root.exists():
        raise InputError(f"data.path={path} does not exist. Give an existing file or folder.")
    found: list[tuple[TableFile, str | None]]
    if files is not None:
        found = [
            (TableFile(root / name, Path(name).name), None if part == "all" else part)
            for part, name in files.items()
        ]
        _check_files(root, found)
    elif root.is_dir():
        shards = _shards(root)
        parts = parts_of_files(shards, root)
        found = [
            (TableFile(file, f"file {number}"), part)
            for number, (file, part) in enumerate(zip(shards, parts, strict=True), start=1)
        ]
        require_same_columns([file for file, _ in found])
    else:
        if not root.is_file():
            raise InputError(
                f"data.path={path} is a pipe or a device. Write the posts into a file first."
            )
        found = [(TableFile(root, root.name), None)]
    found = [(file._replace(encoding=encoding), part) for file, part in found]
    for file, _ in found:
        if file.ending not in FORMATS:
            if file.ending in (*COMPRESSED, ".tar"):
                raise InputError(
                    f"{file.name} is packed twice, or holds an archive; one file of posts was "
                    "expected in it. Unpack it."
                )
            holds = "holds a file with" if file.is_compressed else "has"
            raise InputError(
                f"{file.name} {holds} none of the endings {', '.join(FORMATS)}, the formats read "
                "here. Convert it, or rename it by what it is."
            )
    return found


_BESIDE_ARROW = ("dataset_dict.json", "dataset_info.json", "state.json")
"""What `datasets` writes beside its tables."""


def _shards(folder: Path) -> list[Path]:
    """The files of a folder by name, without what is hidden or only marks the end of a job; of a
    folder of folders that are called like parts those of each."""
    require_finished(folder)
    there = sorted(p for p in folder.iterdir() if p.name[0] not in "._")
    shards = [p for p in there if p.is_file() and p.name not in _BESIDE_ARROW]
    folders = [p for p in there if p.is_dir() and part_of_name(p.name)]
    if not shards and folders:
        shards = [shard for each in folders for shard in _shards(each)]
    kinds = sorted({TableFile(shard, "A file of the folder").ending for shard in shards})
    if len(kinds) != 1 or (kinds[0] not in FORMATS and any(p.is_dir() for p in there)):
        came = f"files of the kinds {', '.join(kinds)}" if kinds else "none"
        raise InputError(
            f"data.path={folder} is a folder, so files of one kind were expected in it, "
            f"{', '.join(FORMATS)}; it holds {came}. Name one file, the folder within it that "
            "holds such files, or which file holds which part: "
            "'data.files={train: A.csv, test: B.csv}'."
        )
    return shards


def num_unread_folders(path: str | None, files: Sequence[TableFile]) -> int:
    """How many folders lie beside files that are read from a folder, and are not looked into."""
    root = Path(path or "").expanduser()
    if not root.is_dir():
        return 0
    read = {root, *(file.path.parent for file in files)}
    within = (each for folder in read for each in folder.iterdir() if each.name[0] not in "._")
    return sum(each.is_dir() and each not in read for each in within)


def _check_files(root: Path, found: Sequence[tuple[TableFile, str | None]]) -> None:
    for file, part in found:
        if part is not None and part not in PARTS:
            raise InputError(
                f"data.files has the unknown part {part!r}; known are {', '.join(PARTS)} and all."
            )
        if not file.path.is_file():
            known = (*FORMATS, *COMPRESSED)
            present = sum(p.suffix.lower() in known for p in root.glob("*"))
            raise InputError(
                f"data.files names {file.name}, which is not in data.path={root} (files of posts "
                f"there: {present}). Point data.path to the corpus's folder or change data.files."
            )


def read_rows(
    file: TableFile, columns: Columns, kept: Mapping[str, str], note: Note = lambda *_: None
) -> Iterator[tuple[int, list[str] | str]]:
    """Yields the number of each row that is not blank and its cells in the order of `ROLES`, then
    those of the columns of `GROUPS`, then those of `kept`.

    Several columns of one role are joined, a role without a column gives empty cells. Instead of
    cells, a string says why the row cannot be used.

    Args:
        file: to read.
        columns: which columns hold each role.
        kept: further columns, each with the configuration key that names it.
        note: takes what there is to say of a row that is used all the same.

    Raises:
        InputError: a column is missing, or the file is not what its ending says.
    """
    table = _with_columns(open_table(file), columns, kept)
    names_of = _find_columns(table, columns, file.name)
    _check_kept(table, kept, file.name)
    for name in {*names_of["text"], *names_of["id"]}.intersection(table.lists):
        raise InputError(
            f"Column {name!r} of {file.name} holds lists. Write it as text, or name another column."
        )
    joined = [*(names_of[role] for role in ROLES), *([n] for n in (*names_of[GROUPS], *kept))]
    wanted = list(dict.fromkeys(name for names in joined for name in names))
    places = [[wanted.index(name) for name in names] for names in joined]
    of_texts = places[ROLES.index("text")]
    for number, cells in table.rows(wanted, note):
        if isinstance(cells, str):
            yield number, cells
        elif any(isinstance(cells[place], ListCell) for place in of_texts):
            yield number, NO_TEXT
        else:
            yield number, ["\n".join([cells[place] for place in where]) for where in places]


def has_labels(
    path: str | None,
    files: Mapping[str, str] | None,
    columns: Columns,
    encoding: str | None = None,
) -> bool:
    """Whether a column of labels is named, or the first file has one of that name.

    Raises:
        InputError: as `files_to_read`, or the file cannot be read.
    """
    named = _named(columns, "label")
    if named is not None:
        return bool(named)
    (file, _), *_others = files_to_read(path, files, encoding)
    table = _with_columns(open_table(file), columns, {"label": ""})
    return column_of_role("label", table.columns) in table.columns


def _with_columns(table: Table, columns: Columns, kept: Mapping[str, str]) -> Table:
    """The table with all that its rows further down may bring."""
    if table.later_columns is None:
        return table
    named = [name for role in (*ROLES, GROUPS) for name in _named(columns, role) or ()]
    is_all_there = {*named, *kept} <= {*table.columns}
    return table if is_all_there else table._replace(columns=table.later_columns())


def _named(columns: Columns, role: str) -> list[str] | None:
    """The columns that the configuration names for a role; None: it names none."""
    named = columns.get(role, [] if role == GROUPS else None)
    if named is None:
        return None
    # A name such as 0 or 2023 is a number in YAML.
    return [named] if isinstance(named, str) else [str(name) for name in named]


def _find_columns(table: Table, columns: Columns, file: str) -> dict[str, list[str]]:
    """Columns of each role; a role without a column has none."""
    header = table.columns
    repeated = {name for name, count in Counter(header).items() if count > 1}
    names_of: dict[str, list[str]] = {}
    for role in (*ROLES, GROUPS):
        named = _named(columns, role)
        names = [column_of_role(role, header)] if named is None else named
        is_needed = named is not None or role in ("text", "label")
        # Where rows further down can bring a column it is always asked for.
        is_open = table.later_columns is not None and not is_needed
        missing = [name for name in names if name not in header and not is_open]
        if missing and is_needed:
            raise InputError(
                f"{file} has no column {missing[0]!r} for {role}. "
                f"{describe_header(table)}. Say which one holds it: data.columns.{role}=NAME"
            )
        if several := [name for name in names if name in repeated]:
            raise InputError(
                f"{file} has more than one column {several[0]!r}. Rename one, or set "
                f"data.columns.{role}."
            )
        names_of[role] = [] if missing else names
    return names_of


def column_of_role(role: str, header: Sequence[str]) -> str:
    """The column that is called like a role, in any spelling where there is but one."""
    alike = [name for name in header if folded(name) == role]
    return alike[0] if role not in header and len(alike) == 1 else role


def _check_kept(table: Table, kept: Mapping[str, str], file: str) -> None:
    for name, key in kept.items():
        if table.columns.count(name) != 1:
            many = "no column" if name not in table.columns else "more than one column"
            raise InputError(
                f"{file} has {many} {name!r} for {key}. {describe_header(table)}. Name another "
                "column there, or leave it out."
            )


def describe_header(table: Table) -> str:
    """The columns by name, unless the first row may be a post rather than names."""
    header = table.columns
    if not header:
        return "It has no columns"
    every_row = table.rows(list(dict.fromkeys(header)), lambda *_: None)
    rows = list(islice(every_row, _ROWS_THAT_TELL_A_HEADER))
    cells_below = [cells for _, cells in rows if not isinstance(cells, str)]
    # A row that most others do not resemble is no header but a part of something.
    is_like_others = 2 * len(cells_below) >= len(rows)
    if not is_like_others or not are_column_names(list(dict.fromkeys(header)), cells_below):
        return (
            f"Its first row does not hold names of columns, as it should: it has {len(header)} "
            f"cells, the longest of {max(map(len, header))} characters, and they are not shown "
            "because they may be those of a post"
        )
    names = [name for name in header if name]
    more = f" and {len(names) - _SHOWN_COLUMNS} more" if len(names) > _SHOWN_COLUMNS else ""
    return f"Its columns: {', '.join(names[:_SHOWN_COLUMNS])}{more}"
