"""Tables of posts on disk become checked rows, with an account of what was dropped and why."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from mental_health_classifier.contracts import InputError
from mental_health_classifier.data.scrubbing import scrub
from mental_health_classifier.data.tables import Columns, files_to_read, read_rows

MAX_CLASSES = 50
_PART_SPELLINGS = {
    **dict.fromkeys(("train", "training"), "train"),
    **dict.fromkeys(("val", "valid", "validation", "dev"), "val"),
    "calibration": "calibration",
    **dict.fromkeys(("test", "testing"), "test"),
}
_SHOWN = 10


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
    """FILE:ROW with the header as row 1, as a spreadsheet counts: how messages refer to the
    post."""


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
    columns: Columns,
    labels: Mapping[str, str] | None,
) -> tuple[list[Post], Account]:
    """Reads every post under `path`, scrubs it and drops what cannot be used.

    Args:
        path: a CSV or TSV file, or the folder that holds `files`.
        files: file name for each part of a corpus that ships a split. None: `path` is one file.
        columns: which columns hold `id`, `text` (several are joined), `label`, `author`, `split`.
            None: the column of that name, where there is one.
        labels: class for each spelling of a label, upper and lower case alike. None: labels are the
            classes, in lower case.

    Returns:
        The posts in the order of the files, without duplicates, and the account.

    Raises:
        InputError: a file, column or label map does not fit.
    """
    spellings = None if labels is None else _fold_spellings(labels)
    account = Account()
    posts: list[Post] = []
    unknown_labels: Counter[str] = Counter()
    for file, part in files_to_read(path, files):
        for row, cells in read_rows(file, columns):
            account.rows_read += 1
            if cells is None:
                account.drop(row, "wrong number of cells")
                continue
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


def _fold_spellings(labels: Mapping[str, str]) -> dict[str, str]:
    spellings: dict[str, str] = {}
    for raw, name in labels.items():
        folded = str(raw).strip().casefold()
        if spellings.setdefault(folded, str(name)) != str(name):
            raise InputError(
                f"data.labels gives two classes to {folded!r}: {spellings[folded]} and {name}. "
                "Keep one."
            )
    return spellings


def _shipped_part(cell: str, row: str) -> str | None:
    cell = cell.strip().casefold()
    if cell and cell not in _PART_SPELLINGS:
        raise InputError(
            f"The split column of row {row} holds none of {', '.join(_PART_SPELLINGS)}. "
            "Correct it, or name another column in data.columns.split."
        )
    return _PART_SPELLINGS.get(cell)


def _without_duplicates(posts: Sequence[Post], account: Account) -> list[Post]:
    """Keeps one of each text and none of those that carry two labels.

    Of equal texts in two shipped parts the later part's stays, so that a shipped test part keeps
    its posts and training loses the leak.
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
                reason = "duplicate of a post in another part" if crosses else "duplicate"
                account.drop(posts[i].row, reason)
    return [post for index, post in enumerate(posts) if index in keep]


def _with_unique_ids(posts: list[Post]) -> list[Post]:
    """Ids that repeat name nobody: rows take their place."""
    if len({post.id for post in posts}) == len(posts):
        return posts
    return [replace(post, id=post.row) for post in posts]


def _check_classes(posts: Sequence[Post]) -> None:
    found = sorted({post.label for post in posts})
    if len(found) < 2:
        raise InputError(
            f"All {len(posts)} usable posts have one label; two classes are needed at "
            "least. Check data.columns.label and data.labels."
        )
    if len(found) > MAX_CLASSES:
        raise InputError(
            f"The label column holds {len(found)} different values, {MAX_CLASSES} at most were "
            "expected. Name the right column in data.columns.label, or map spellings to classes "
            "in data.labels."
        )


def _nothing_left(
    path: str | None,
    account: Account,
    unknown_labels: Counter[str],
    labels: Mapping[str, str] | None,
) -> str:
    if not account.rows_read:
        return f"data.path={path} holds no posts: there is no row below the header."
    dropped = sorted(account.dropped.items())
    reasons = ", ".join(f"{reason}: {len(rows)}" for reason, rows in dropped)
    message = f"None of the {account.rows_read} rows of data.path={path} can be used ({reasons})."
    if unknown_labels and labels is not None:
        message += f" data.labels knows {', '.join(map(str, labels))}"
        if names := _namable(unknown_labels):
            message += f"; the column holds {', '.join(names)}"
        message += ". Map its labels in data.labels or name another column in data.columns.label."
    return message


def _namable(values: Counter[str]) -> list[str]:
    """Values that recur and are short are labels; anything else may be a post in a wrong column."""
    names = [name for name, count in values.most_common(_SHOWN) if count > 1 and len(name) <= 30]
    return sorted(names)
