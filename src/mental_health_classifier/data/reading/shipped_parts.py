"""Parts that a corpus ships: how columns, files and folders call them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from mental_health_classifier.contracts import InputError

PART_SPELLINGS = {
    **dict.fromkeys(("train", "training"), "train"),
    **dict.fromkeys(("val", "valid", "validation", "dev"), "val"),
    "calibration": "calibration",
    **dict.fromkeys(("test", "testing"), "test"),
}
# As `datasets` finds them: a word of its own, train-00000-of-00001.parquet, dreaddit-train.csv.
_IN_NAME = re.compile(rf"(?<![a-z])({'|'.join(PART_SPELLINGS)})(?![a-z])")


def part_of_name(name: str) -> str | None:
    """The part that the name of a file or folder says; None: none, or more than one."""
    found = {PART_SPELLINGS[word] for word in _IN_NAME.findall(name.casefold())}
    return found.pop() if len(found) == 1 else None


def pooled_parts(parts: Sequence[str | None], files: Sequence[Path]) -> str | None:
    """What to say of files that are called like parts and yet make up one pool, because none is
    called training part. None: there is nothing to say."""
    found = sorted({part for file in files if (part := part_of_name(file.name))})
    if len(found) < 2 or any(parts):
        return None
    return (
        f"Files of data.path are called like the parts {', '.join(found)}, and none is called "
        "train: they are one pool, divided anew. 'data.files={train: A.csv, test: B.csv}' keeps "
        "them apart."
    )


def parts_of_files(files: Sequence[Path], folder: Path) -> list[str | None]:
    """The part that each file of a folder holds by its name or that of its own folder; None for all
    where none of them is called training part.

    Raises:
        InputError: some are called like parts and others are not.
    """
    parts = [
        part_of_name(file.name) or (part_of_name(file.parent.name) if within else None)
        for file, within in ((file, file.parent != folder) for file in files)
    ]
    found = {part for part in parts if part is not None}
    if "train" not in found or len(found) == 1:
        return [None] * len(files)
    if None in parts:
        raise InputError(
            f"data.path={folder}: {parts.count(None)} of its {len(files)} files are called like no "
            f"part, the others like {', '.join(sorted(found))}. Say which file holds which part: "
            "'data.files={train: A.csv, test: B.csv}'."
        )
    return parts
