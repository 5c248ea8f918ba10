"""A run of another tracker, as every reader of one gives it, and what readers share."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NoReturn

import yaml

from mental_health_classifier.contracts import InputError
from mental_health_classifier.storage.files import decoded, read_content

History = Mapping[str, Sequence[tuple[int, float]]]
_MOST_BYTES_OF_YAML, _MOST_VALUES = 2**20, 10_000


@dataclass(frozen=True, slots=True)
class ForeignRun:
    """A run that another tracker recorded."""

    id: str
    """No other run of this tracker has it."""
    name: str
    experiment: str
    """Under which its tracker lists it."""
    status: str | None
    """completed, failed or interrupted; None: the tracker does not say how runs end."""
    began: datetime
    ended: datetime | None
    params: Mapping[str, str]
    history: History
    """Step and value of each metric, in the order of the steps; the last one is its result."""
    shown: Mapping[str, float] = field(default_factory=dict)
    """Results that are others than the last value of a history, or have none."""
    tags: Sequence[str] = ()
    description: str = ""
    commit: str | None = None
    was_running: bool = False
    """Whether its tracker says that it runs: whoever reads a copy cannot know."""


def files_below(place: Path, is_wanted: Callable[[str], bool]) -> Iterator[Path]:
    """Files at any depth whose names are wanted, in the order of their places, or the file itself
    that is given. No link is followed: it leads out of what was given."""
    if place.is_file():
        yield from [place] if is_wanted(place.name) else []
        return
    for folder, folders, files in os.walk(place, onerror=_unless_missing):
        folders.sort()
        for name in sorted(filter(is_wanted, files)):
            path = Path(folder, name)
            if path.is_file() and not path.is_symlink():
                yield path


def _unless_missing(error: OSError) -> None:
    if not isinstance(error, FileNotFoundError):  # a run without any metric has no folder of them
        refuse_unread(error)


def refuse_unread(error: OSError) -> NoReturn:
    """What a walk through a folder does where one in it cannot be read."""
    raise InputError(f"{error.filename} cannot be read: {error.strerror}. Nothing was imported.")


def moment(time: float, place: Path, *, units: int = 1) -> datetime:
    """A time that a tracker wrote, counted since 1970.

    Args:
        place: the file that says so.
        units: how many of what it is counted in make a second.

    Raises:
        InputError: there is no such time.
    """
    try:
        return datetime.fromtimestamp(time / units, UTC)
    except (OverflowError, ValueError, OSError):
        raise InputError(f"{place} names a time that there is not. Nothing was imported.") from None


def damaged(place: Path, tracker: str) -> InputError:
    """What to raise of a file that cannot be what a tracker writes."""
    return InputError(
        f"{place} is damaged, or of a version of {tracker} that is not known. Nothing was imported."
    )


def flattened(settings: Mapping[str, Any], place: Path) -> dict[str, str]:
    """Settings as texts by their names with dots; a name that begins with _ is the tracker's own.

    Raises:
        InputError: there are too many to be settings of a run.
    """
    texts = {}
    for name, value in _flat(settings, ""):
        texts[name] = value if isinstance(value, str) else json.dumps(value, default=str)
        if len(texts) > _MOST_VALUES:
            raise InputError(
                f"{place} holds more than {_MOST_VALUES:,} settings of one run. "
                "Nothing was imported."
            )
    return texts


def _flat(settings: Mapping[str, Any], before: str) -> Iterator[tuple[str, Any]]:
    for key, value in settings.items():
        if before or not str(key).startswith("_"):
            if isinstance(value, Mapping) and value:
                yield from _flat(value, f"{before}{key}.")
            else:
                yield f"{before}{key}", value


def finite_or_not(value: Any) -> float | None:
    """A metric that a tracker wrote as a number, or as a text such as NaN; None: it is none."""
    if isinstance(value, bool):
        return None
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        return None


def in_steps(points: Iterable[tuple[int, float]]) -> list[tuple[int, float]]:
    """Points in the order of their steps, those of one step in the order in which they came."""
    return sorted(points, key=lambda point: point[0])


def read_mapping_of_json(document: bytes | str, place: Path, tracker: str) -> dict[str, Any]:
    """A JSON object in a file of a tracker.

    Raises:
        InputError: it is none.
    """
    try:
        content = decoded(document.encode() if isinstance(document, str) else document)
    except (ValueError, RecursionError):
        content = None
    if not isinstance(content, dict):
        raise damaged(place, tracker)
    return content


class _Plain(yaml.SafeLoader):
    """Reads an object of Python as the texts, lists and mappings that it is written with."""


def _as_written(loader: yaml.SafeLoader, _suffix: str, node: yaml.Node) -> Any:
    if isinstance(node, yaml.MappingNode):
        return loader.construct_mapping(node, deep=True)
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node, deep=True)
    assert isinstance(node, yaml.ScalarNode)
    return loader.construct_scalar(node)


_Plain.add_multi_constructor("tag:yaml.org,2002:python/", _as_written)


def read_mapping_of_yaml(path: Path, tracker: str) -> dict[str, Any]:
    """A mapping in a YAML file of a tracker; objects of Python in it are data, and nothing runs.

    Raises:
        FileNotFoundError: there is no such file.
        InputError: it holds no mapping, or more than settings of a run.
    """
    content = read_content(path, most_bytes=_MOST_BYTES_OF_YAML)
    try:
        loader = _Plain(content)
        node = loader.get_single_node()
        # A name for a value may stand for it many times, also inside itself.
        is_small = node is not None and _size(node, {}) <= _MOST_VALUES
        settings = loader.construct_document(node) if is_small else None
    except (yaml.YAMLError, ValueError, TypeError, RecursionError):
        settings = None
    if not isinstance(settings, dict):
        raise damaged(path, tracker)
    return settings


def _size(node: yaml.Node, sizes: dict[int, int]) -> int:
    """How many values it is when every name is written out."""
    if id(node) not in sizes:
        sizes[id(node)] = _MOST_VALUES  # of one that holds itself
        parts: list[yaml.Node] = []
        if isinstance(node, yaml.MappingNode):
            parts = [part for pair in node.value for part in pair]
        elif isinstance(node, yaml.SequenceNode):
            parts = node.value
        sizes[id(node)] = 1 + sum(_size(part, sizes) for part in parts)
    return sizes[id(node)]
