"""Reader of Weights & Biases' folders: `wandb/run-*` and `wandb/offline-run-*`.

A run's log `run-ID.wandb` is seven bytes that say what it is, then messages in the frames of a
LevelDB log: blocks of 32 KiB, and in them pieces, each behind its CRC-32, length and kind (whole,
first, middle or last piece of a message; github.com/google/leveldb, doc/log_format.md). What the
messages are, the library wandb knows. Where the log is not there, as among files from the server,
`config.yaml` and `wandb-summary.json` have settings and results.
"""

from __future__ import annotations

import json
import re
import struct
import zlib
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from mental_health_classifier.contracts import InputError
from mental_health_classifier.storage.files import open_to_read, read_content
from mental_health_classifier.tracking.importing.foreign_run import (
    ForeignRun,
    damaged,
    files_below,
    finite_or_not,
    flattened,
    in_steps,
    moment,
    read_mapping_of_json,
    read_mapping_of_yaml,
)

NOTHING = "nothing was logged"
_TITLE = "Weights & Biases"
_START, _VERSION, _BLOCK = b":W&B\xe1\xbe", 0, 32 * 2**10
_PIECE = struct.Struct("<IHB")
_WHOLE, _FIRST, _MIDDLE, _LAST = 1, 2, 3, 4
_MOST_BYTES = 2**26
_SUMMARY = "wandb-summary.json"


def read_wandb(folder: Path) -> Iterator[ForeignRun | str]:
    """Reads all runs below a folder; logs of one run that went on later are one run.

    Yields:
        A run, or why one is left out.

    Raises:
        InputError: there is a log and wandb is not installed, or a file is not as wandb writes it.
    """
    logs: dict[tuple[str, str], list[Path]] = {}
    for path in logs_below(folder):
        run = next((each.run for each in _messages(path) if each.HasField("run")), None)
        if run is None:
            yield NOTHING
        else:
            logs.setdefault((run.project, run.run_id), []).append(path)
    for paths in logs.values():
        yield _Logged().after(sorted(paths, key=lambda path: path.parent.name))
    for path in files_below(folder, _SUMMARY.__eq__):
        around = path.parent.parent if path.parent.name == "files" else path.parent
        if not any(logs_below(around)):
            yield _from_files(path, around)


def logs_below(folder: Path) -> Iterator[Path]:
    return files_below(folder, lambda name: name.endswith(".wandb"))


def is_wandb(folder: Path) -> bool:
    """Whether a folder holds runs of Weights & Biases."""
    return any(files_below(folder, lambda name: name.endswith(".wandb") or name == _SUMMARY))


class _Logged:
    """What the messages of a run have said so far."""

    def __init__(self) -> None:
        self.config: dict[str, Any] = {}
        self.points: dict[str, list[tuple[int, float]]] = {}
        self.shown: dict[str, float] = {}
        self.began = self.ended = float("nan")
        self.status: str | None = None
        self.run: Any = None
        self.commit: str | None = None

    def after(self, paths: list[Path]) -> ForeignRun:
        """The run, after all of its logs."""
        for path in paths:
            self.status = None  # whoever goes on has not ended
            for message in _messages(path):
                self._take(message, path)
        began = moment(self.began, paths[0])
        history = {name: in_steps(points) for name, points in self.points.items()}
        last = {name: points[-1][1] for name, points in history.items()}
        return ForeignRun(
            id=self.run.run_id,
            name=self.run.display_name or self.run.run_id,
            experiment=self.run.project or "uncategorized",
            status=self.status or "interrupted",
            was_running=self.status is None,
            began=began,
            ended=max(began, moment(self.ended, paths[-1])),
            params=flattened(self.config, paths[0]),
            history=history,
            shown={name: value for name, value in self.shown.items() if last.get(name) != value},
            tags=[*self.run.tags, *filter(None, [self.run.run_group])],
            description=self.run.notes,
            commit=self.commit,
        )

    def _take(self, message: Any, path: Path) -> None:
        kind = message.WhichOneof("record_type")
        if kind == "run":
            if self.run is None:
                self.began = self.ended = message.run.start_time.ToNanoseconds() / 1e9
            self.run = message.run
            self.commit = message.run.git.commit or self.commit
            self._set(message.run.config, path)
        elif kind == "environment":
            self.commit = message.environment.git.commit or self.commit
        elif kind == "config":
            self._set(message.config, path)
        elif kind == "history":
            self._log(message.history)
        elif kind == "summary":
            said = {_name(item): item.value_json for item in message.summary.update}
            self.shown |= _metrics(said)
            for item in message.summary.remove:
                self.shown.pop(_name(item), None)
        elif kind == "exit":
            self.status = "failed" if message.exit.exit_code else "completed"
            self.ended = max(self.ended, self.began + message.exit.runtime)

    def _set(self, changes: Any, path: Path) -> None:
        for item in changes.update:
            place, *names = [self.config, *(item.nested_key or [item.key])]
            for name in names[:-1]:
                inner = place.get(name)
                place[name] = place = inner if isinstance(inner, dict) else {}
            try:
                place[names[-1]] = json.loads(item.value_json)
            except (ValueError, RecursionError):
                raise damaged(path, _TITLE) from None
        for item in changes.remove:
            self.config.pop(item.key, None)

    def _log(self, history: Any) -> None:
        values = {_name(item): item.value_json for item in history.item}
        step = int(finite_or_not(values.get("_step")) or history.step.num)
        self.ended = max(self.ended, finite_or_not(values.get("_timestamp")) or 0.0)
        for name, value in _metrics(values).items():
            self.points.setdefault(name, []).append((step, value))


def _name(item: Any) -> str:
    return ".".join(item.nested_key) or item.key


def _metrics(values: Mapping[str, str]) -> dict[str, float]:
    """What of the values is a metric. Names that begin with _ are those of wandb itself, such as
    the time of a step; pictures and histograms are described by numbers too, beside their type."""
    files = tuple(name.removesuffix("_type") for name in values if name.endswith("._type"))
    numbers = {name: finite_or_not(value) for name, value in values.items()}
    return {
        name: value
        for name, value in numbers.items()
        if value is not None and not name.startswith(("_", *files))
    }


def _messages(path: Path) -> Iterator[Any]:
    """The messages of a log; a process that was killed leaves the last one cut, which is no harm.

    Raises:
        InputError: a message before the last is damaged, or the log is of a newer version.
    """
    if find_spec("wandb") is None:
        raise InputError(
            f"{path} is read with the library wandb, which is not installed: pip install "
            "'mental-health-classifier[trackers]'. Nothing was imported."
        )
    from google.protobuf.message import DecodeError
    from wandb.proto import wandb_internal_pb2

    try:
        for message in _whole(path):
            yield wandb_internal_pb2.Record.FromString(message)  # pyright: ignore[reportAttributeAccessIssue]
    except DecodeError:
        raise damaged(path, _TITLE) from None


def _whole(path: Path) -> Iterator[bytes]:
    with open_to_read(path) as handle:
        content = memoryview(handle.readall())
    if len(content) < len(_START) + 1:
        return  # began, and was killed
    if content[: len(_START)] != _START or content[len(_START)] != _VERSION:
        raise damaged(path, _TITLE)
    place, message, is_begun = len(_START) + 1, bytearray(), False
    while place + _PIECE.size <= len(content):
        if (left := _BLOCK - place % _BLOCK) < _PIECE.size:
            place += left  # no piece begins this late in a block
            continue
        checksum, length, kind = _PIECE.unpack_from(content, place)
        piece = content[place + _PIECE.size : place + _PIECE.size + length]
        if len(piece) < length:
            return
        # Not by what is held: the first piece is empty where a block has room for no more than it.
        is_next = kind in ((_MIDDLE, _LAST) if is_begun else (_WHOLE, _FIRST))
        if not is_next or zlib.crc32(piece, zlib.crc32(bytes([kind]))) != checksum:
            raise damaged(path, _TITLE)
        message += piece
        is_begun = kind in (_FIRST, _MIDDLE)
        if not is_begun:
            yield bytes(message)
            message.clear()
        place += _PIECE.size + length


def _from_files(path: Path, around: Path) -> ForeignRun | str:
    """A run of which only the files that go to the server are here."""
    found = read_mapping_of_json(read_content(path, most_bytes=_MOST_BYTES), path, _TITLE)
    when, took = (finite_or_not(found.get(key)) for key in ("_timestamp", "_runtime"))
    if when is None:
        return NOTHING
    try:
        said = read_mapping_of_yaml(path.with_name("config.yaml"), _TITLE)
    except FileNotFoundError:
        said = {}
    settings = {
        key: each["value"] if isinstance(each, Mapping) and "value" in each else each
        for key, each in said.items()
    }
    name = around.resolve().name
    named = re.fullmatch(r"(?:offline-)?run-\d{8}_\d{6}-(\w+)", name)
    return ForeignRun(
        id=named[1] if named else name,
        name=name,
        experiment=around.resolve().parent.name,
        status=None,
        began=moment(when - max(0.0, took or 0.0), path),
        ended=moment(when, path),
        params=flattened(settings, path),
        history={},
        shown=_metrics(flattened(found, path)),
    )
