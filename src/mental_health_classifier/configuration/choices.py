"""What there is to choose from, and what each choice is for, as `train.py --help` tells."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

_INDENT, _COLUMN = 4, 26
_SENTENCE = re.compile(r".*?[.?](?=\s+\W*[A-Z]|$)")


def describe_choices(group: str, *, _root_: Any) -> str:
    """A line for each file of a group: its name, and the first sentence of its first comment.

    Args:
        group: a folder of conf/.
        _root_: the configuration of Hydra that help is written from; it knows where files lie.
    """
    files = _files(group, _root_)
    return "\n".join(
        f"{'':{_INDENT}}{name:<{_COLUMN - _INDENT}}{_purpose(file)}".rstrip()
        for name, file in files.items()
    )


def name_choices(group: str, *, _root_: Any) -> str:
    """The names alone, in one line."""
    return ", ".join(_files(group, _root_))


def _files(group: str, root: Any) -> dict[str, Path]:
    """By name; a file whose name begins with an underscore is a part of others."""
    folders = [
        Path(source.path.removeprefix("file://"), group)
        for source in root.hydra.runtime.config_sources
        if source.schema == "file"
    ]
    found = {file.stem: file for folder in folders for file in sorted(folder.glob("[!_]*.yaml"))}
    return dict(sorted(found.items()))


def _purpose(file: Path) -> str:
    """Empty if the file does not say."""
    for line in file.read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            break
        comment = line.lstrip("# ")
        if not comment.startswith("@package"):
            sentence = _SENTENCE.match(comment)
            # Hydra takes a dollar in its help for a name of its own.
            return (sentence[0].rstrip(".") if sentence else comment).replace("$", "$$")
    return ""
