"""Tables of posts on disk become checked rows, with an account of what was dropped and why."""

from __future__ import annotations

import csv
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from mental_health_classifier.contracts import InputError
from mental_health_classifier.data.scrubbing import scrub

DELIMITERS = {".csv": ",", ".tsv": "\t"}
MAX_CLASSES = 50
_PART_SPELLINGS = {
    "train": "train", "training": "train", "val": "val", "valid": "val", "validation": "val", "dev": "val",
    "calibration": "calibration", "test": "test", "testing": "test",
}  # fmt: skip
_SHOWN = 10

csv.field_size_limit(2**31 - 1)


@dataclass(frozen=True, slots=True)
class Post:
    id: str
    text: str
    """Scrubbed, white space collapsed, never empty."""
    label: str
    author: str | None
    part: str | None
    """The part that the corpus ships it in, if it ships any."""
    row: str
    """FILE:ROW with the header as row 1, as a spreadsheet counts: how messages refer to the post."""


@dataclass(slots=True)
class Account:
    """Where every row that was read went. Rows are named, never quoted."""

    rows_read: int = 0
    rows_kept: int = 0
    dropped: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    scrubbed: Counter[str] = field(default_factory=Counter)

    def drop(self, row: str, reason: str) -> None:
        self.dropped[reason].append(row)

    def describe(self) -> dict[str, object]:
        return {
            "rows_read": self.rows_read,
            "rows_kept": self.rows_kept,
            "dropped": {
                reason: {"rows": len(rows), "first": rows[:_SHOWN]}
                for reason, rows in sorted(self.dropped.items())
            },
            "scrubbed": dict(sorted(self.scrubbed.items())),
        }


def read_posts(
    path: str | None,
    *,
    files: Mapping[str, str] | None,
    columns: Mapping[str, str | Sequence[str] | None],
    labels: Mapping[str, str] | None,
) -> tuple[list[Post], Account]:
    """Reads every post under `path`, scrubs it and drops what cannot be used.

    Args:
        path: a CSV or TSV file, or the folder that holds `files`.
        files: file name for each part of a corpus that ships a split. None: `path` is one file.
        columns: which columns hold `id`, `text` (several are joined), `label`, `author`, `split`. None: the column
            of that name, where there is one.
        labels: class for each spelling of a label, upper and lower case alike. None: labels are the classes,
            in lower case.

    Returns:
        The posts in the order of the files, without duplicates, and the account.

    Raises:
        InputError: a file, column or label map does not fit.
    """
    spellings = None if labels is None else _fold_spellings(labels)
    account = Account()
    posts: list[Post] = []
    unknown_labels: Counter[str] = Counter()
    for file, part in _files_to_read(path, files):
        for row, cells in _read_rows(file, columns, account):
            account.rows_read += 1
            text, scrubbed = scrub(cells["text"])
            label = cells["label"].strip().casefold()
            if not text:
                account.drop(row, "empty text")
            elif not label:
                account.drop(row, "missing label")
            elif spellings is not None and label not in spellings:
                account.drop(row, "unknown label")
                unknown_labels[label] += 1
            else:
                account.scrubbed.update(scrubbed)
                posts.append(
                    Post(
                        id=cells["id"].strip() or row,
                        text=text,
                        label=label if spellings is None else spellings[label],
                        author=cells["author"].strip() or None,
                        part=part or _shipped_part(cells["split"], row),
                        row=row,
                    )
                )
    if not posts:
        raise InputError(_nothing_left(path, account, unknown_labels, labels))
    posts = _without_duplicates(posts, account)
    account.rows_kept = len(posts)
    _check_classes(posts)
    return _with_unique_ids(posts), account


def _files_to_read(
    path: str | None, files: Mapping[str, str] | None
) -> list[tuple[Path, str | None]]:
    if not path:
        raise InputError(
            "data.path is not set. Give the file with the posts (CSV or TSV), or for a public corpus the folder that "
            "holds its files: data.path=FILE_OR_FOLDER"
        )
    root = Path(path).expanduser()
    if not root.exists():
        raise InputError(
            f"data.path={path} does not exist. Give an existing CSV or TSV file (or corpus folder)."
        )
    if files is None:
        if root.is_dir():
            raise InputError(
                f"data.path={path} is a folder, a file was expected. Name one file, or say which file "
                "holds which part: 'data.files={train: A.csv, test: B.csv}'."
            )
        found = [(root, None)]
    else:
        found = [(root / name, None if part == "all" else part) for part, name in files.items()]
        for file, _ in found:
            if not file.is_file():
                present = (
                    ", ".join(sorted(p.name for p in root.glob("*.[ct]sv"))[:_SHOWN])
                    if root.is_dir()
                    else ""
                )
                raise InputError(
                    f"data.files names {file.name}, which is not in data.path={path} (CSV and TSV files there: "
                    f"{present or 'none'}). Point data.path to the corpus's folder or change data.files."
                )
        wrong = set(files) - set(_PART_SPELLINGS.values()) - {"all"}
        if wrong:
            raise InputError(
                f"data.files has unknown parts {sorted(wrong)}; known: train, val, calibration, test, all."
            )
    for file, _ in found:
        if file.suffix.lower() not in DELIMITERS:
            raise InputError(
                f"{file.name} is neither .csv nor .tsv, the formats read here. Convert it or rename it."
            )
    return found


def _read_rows(
    file: Path, columns: Mapping[str, str | Sequence[str] | None], account: Account
) -> Iterator[tuple[str, dict[str, str]]]:
    """Yields `FILE:ROW` and the cells by role for each row; blank lines are no rows."""
    try:
        with file.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.reader(stream, delimiter=DELIMITERS[file.suffix.lower()])
            header = [name.strip() for name in next(reader, [])]
            places = _find_columns(header, columns, file.name)
            for number, cells in enumerate(reader, start=2):
                row = f"{file.name}:{number}"
                if not any(cells):
                    continue
                if len(cells) != len(header):
                    account.rows_read += 1
                    account.drop(row, "wrong number of cells")
                    continue
                yield (
                    row,
                    {role: "\n".join(cells[i] for i in where) for role, where in places.items()},
                )
    except UnicodeDecodeError as error:
        raise InputError(
            f"{file.name} is not UTF-8 text (byte {error.start} cannot be read). Save it as UTF-8 and try again."
        ) from None
    except csv.Error as error:
        raise InputError(
            f"{file.name} cannot be read as a table near line {reader.line_num}: {error}."
        ) from None


def _find_columns(
    header: Sequence[str], columns: Mapping[str, str | Sequence[str] | None], file: str
) -> dict[str, list[int]]:
    """Places in `header` of the columns of each role; roles without a column have none."""
    repeated = [name for name, count in Counter(header).items() if count > 1]
    places: dict[str, list[int]] = {}
    for role in ("id", "text", "label", "author", "split"):
        named = columns.get(role)
        names = [role] if named is None else [named] if isinstance(named, str) else list(named)
        missing = [name for name in names if name not in header]
        if missing and (named is not None or role in ("text", "label")):
            raise InputError(
                f"{file} has no column {missing[0]!r} for data.columns.{role}. Its columns: {', '.join(header) or 'none'}. "
                f"Say which one holds it: data.columns.{role}=NAME"
            )
        if set(names) & set(repeated):
            raise InputError(
                f"{file} has more than one column {names[0]!r}. Rename one, or set data.columns.{role}."
            )
        places[role] = [] if missing else [header.index(name) for name in names]
    return places


def _fold_spellings(labels: Mapping[str, str]) -> dict[str, str]:
    spellings: dict[str, str] = {}
    for raw, name in labels.items():
        folded = str(raw).strip().casefold()
        if spellings.setdefault(folded, str(name)) != str(name):
            raise InputError(
                f"data.labels gives two classes to {folded!r}: {spellings[folded]} and {name}. Keep one."
            )
    return spellings


def _shipped_part(cell: str, row: str) -> str | None:
    cell = cell.strip().casefold()
    if cell and cell not in _PART_SPELLINGS:
        raise InputError(
            f"The split column of row {row} holds none of {', '.join(_PART_SPELLINGS)}. Correct it, or name another "
            "column in data.columns.split."
        )
    return _PART_SPELLINGS.get(cell)


def _without_duplicates(posts: Sequence[Post], account: Account) -> list[Post]:
    """Keeps one of each text and none of those that carry two labels.

    Of equal texts in two shipped parts the later part's stays, so that a shipped test part keeps its posts
    and training loses the leak.
    """
    order = {None: 0, "train": 0, "val": 1, "calibration": 2, "test": 3}
    by_text: dict[str, list[int]] = defaultdict(list)
    for index, post in enumerate(posts):
        by_text[post.text.casefold()].append(index)
    keep = set()
    for indices in by_text.values():
        if len({posts[i].label for i in indices}) > 1:
            for i in indices:
                account.drop(posts[i].row, "conflicting labels for one text")
            continue
        kept = max(indices, key=lambda i: (order[posts[i].part], -i))
        keep.add(kept)
        for i in indices:
            if i != kept:
                crosses = posts[i].part != posts[kept].part
                account.drop(
                    posts[i].row, "duplicate of a post in another part" if crosses else "duplicate"
                )
    return [post for index, post in enumerate(posts) if index in keep]


def _with_unique_ids(posts: list[Post]) -> list[Post]:
    """Ids that repeat name nobody: rows take their place."""
    if len({post.id for post in posts}) == len(posts):
        return posts
    return [Post(p.row, p.text, p.label, p.author, p.part, p.row) for p in posts]


def _check_classes(posts: Sequence[Post]) -> None:
    found = sorted({post.label for post in posts})
    if len(found) < 2:
        raise InputError(
            f"All {len(posts)} usable posts have the label {found[0]!r}; two classes are needed at least. Check "
            "data.columns.label and data.labels."
        )
    if len(found) > MAX_CLASSES:
        raise InputError(
            f"The label column holds {len(found)} different values, {MAX_CLASSES} at most were expected. Name the right "
            "column in data.columns.label, or map spellings to classes in data.labels."
        )


def _nothing_left(
    path: str | None,
    account: Account,
    unknown_labels: Counter[str],
    labels: Mapping[str, str] | None,
) -> str:
    if not account.rows_read:
        return f"data.path={path} holds no posts: there is no row below the header. Give a table with posts."
    reasons = ", ".join(
        f"{reason}: {len(rows)}" for reason, rows in sorted(account.dropped.items())
    )
    message = f"None of the {account.rows_read} rows of data.path={path} can be used ({reasons})."
    if unknown_labels and labels is not None:
        # A value that recurs and is short is a label; anything else might be a post in the wrong column.
        names = [
            name
            for name, count in unknown_labels.most_common(_SHOWN)
            if count > 1 and len(name) <= 30
        ]
        message += f" data.labels knows {', '.join(map(str, labels))}" + (
            f"; the column holds {', '.join(names)}." if names else "."
        )
        message += " Map its labels in data.labels or name another column in data.columns.label."
    return message
