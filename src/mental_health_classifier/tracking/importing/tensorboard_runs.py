"""Reader of TensorBoard's event files, which Lightning, Keras and PyTorch write.

A folder with files `*.tfevents.*` is a run, with two exceptions: `train/` and `validation/` below
one, as Keras writes them, are parts of the run around them, and so is a folder named by a time, in
which PyTorch's `add_hparams` leaves settings and results. An event file is a list of events, each
behind its length and with masked CRC-32C of both (TFRecord). Lightning puts settings of a run into
`hparams.yaml` beside it.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from mental_health_classifier.storage.files import open_to_read
from mental_health_classifier.tracking.importing.foreign_run import (
    ForeignRun,
    damaged,
    files_below,
    flattened,
    in_steps,
    moment,
    read_mapping_of_yaml,
)

NOTHING, OURS = "no numbers were logged", "recorded here, as runs of this project"
_TITLE = "TensorBoard"
_PARTS = ("train", "val", "valid", "validation", "dev", "eval", "test")
_OF_HPARAMS = re.compile(r"\d{9,}(\.\d+)?")
_HPARAMS, _SETTINGS = "hparams", "_hparams_/session_start_info"
_LONGEST_OF_NUMBERS = 2**16
"""Bytes; longer events hold pictures, sounds, graphs and the like, and are passed over."""


@dataclass(slots=True)
class _Logged:
    """What the event files of a run say."""

    points: dict[str, list[tuple[int, float]]] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)
    times: list[float] = field(default_factory=list)


def read_tensorboard(folder: Path) -> Iterator[ForeignRun | str]:
    """Reads all runs below a folder: one of runs, `lightning_logs`, or a single run.

    Yields:
        A run, or why one is left out.

    Raises:
        InputError: a file is not as TensorBoard writes it.
    """
    files: dict[Path, list[Path]] = {}
    for path in event_files(folder):
        files.setdefault(path.parent, []).append(path)
    runs: dict[Path, list[Path]] = {}
    for directory in files:
        runs.setdefault(_run_of(directory, folder, files), []).append(directory)
    for run, directories in runs.items():
        if any((around / "run.json").exists() for around in (run, *run.parents)[:3]):
            yield OURS
            continue
        logged = _Logged()
        for directory in directories:
            part = directory.name if directory != run and directory.name in _PARTS else None
            for path in files[directory]:
                _read(path, logged, before="" if part is None else f"{part}/")
        first = files[directories[0]][0]
        yield _run(run, folder, first, logged) if logged.points else NOTHING


def event_files(folder: Path) -> Iterator[Path]:
    return files_below(folder, lambda name: ".tfevents." in name)


def is_tensorboard(folder: Path) -> bool:
    """Whether a folder holds event files of TensorBoard."""
    return any(event_files(folder))


def _run_of(directory: Path, folder: Path, files: dict[Path, list[Path]]) -> Path:
    is_of_hparams = _OF_HPARAMS.fullmatch(directory.name) and directory.parent in files
    is_part = directory.name in _PARTS or is_of_hparams
    return directory.parent if is_part and directory != folder else directory


def _run(run: Path, folder: Path, first: Path, logged: _Logged) -> ForeignRun:
    try:
        settings = read_mapping_of_yaml(run / "hparams.yaml", _TITLE)
    except FileNotFoundError:
        settings = {}
    name = run.relative_to(folder).as_posix() if run.is_relative_to(folder) else "."
    whole = folder.resolve()
    return ForeignRun(
        # The name of an event file says when, on which machine and by which process it was begun,
        # and stays when the folder is copied.
        id=sha256(
            f"{run.resolve().name}/{first.name}".encode(errors="surrogateescape")
        ).hexdigest(),
        name=run.resolve().name if name == "." else name,
        experiment=whole.parent.name if name == "." else whole.name,
        status=None,
        began=moment(min(logged.times), first),
        ended=moment(max(logged.times), first),
        params=flattened(settings | logged.settings, first),
        history={name: in_steps(points) for name, points in logged.points.items()},
    )


def _read(path: Path, logged: _Logged, *, before: str) -> None:
    from google.protobuf.message import DecodeError
    from numpy import float32
    from tensorboard.compat.proto import event_pb2

    scalars: set[str] = set()
    for message in _messages(path):
        try:
            event = event_pb2.Event.FromString(message)  # pyright: ignore[reportAttributeAccessIssue]
        except DecodeError:
            raise damaged(path, _TITLE) from None
        logged.times.append(event.wall_time)
        for value in event.summary.value:
            plugin = value.metadata.plugin_data
            if plugin.plugin_name == "scalars":  # said with the first value of a tag alone
                scalars.add(value.tag)
            if plugin.plugin_name == _HPARAMS and value.tag == _SETTINGS:
                logged.settings |= _settings(plugin.content, path)
            number = None
            if value.HasField("simple_value"):
                number = float(str(float32(value.simple_value)))  # .9, not .8999999762
            elif value.tag in scalars and value.HasField("tensor"):
                number = _scalar(value.tensor, path)
            if number is not None:
                logged.points.setdefault(before + value.tag, []).append((event.step, number))


def _scalar(tensor: Any, path: Path) -> float:
    from tensorboard.util.tensor_util import make_ndarray

    try:
        return float(make_ndarray(tensor).item())
    except (TypeError, ValueError):
        raise damaged(path, _TITLE) from None


def _settings(content: bytes, path: Path) -> dict[str, Any]:
    from google.protobuf.message import DecodeError
    from tensorboard.plugins.hparams import plugin_data_pb2

    try:
        data = plugin_data_pb2.HParamsPluginData  # pyright: ignore[reportAttributeAccessIssue]
        said = data.FromString(content).session_start_info.hparams
    except DecodeError:
        raise damaged(path, _TITLE) from None
    settings = {}
    for name, value in said.items():
        kind = value.WhichOneof("kind")
        one = None if kind is None else getattr(value, kind)
        # Whole numbers are kept there as broken ones.
        settings[name] = int(one) if isinstance(one, float) and one.is_integer() else one
    return settings


def _messages(path: Path) -> Iterator[bytes]:
    """The events of a file; a process that was killed leaves the last one cut, which is no harm.

    Raises:
        InputError: one before the last is damaged.
    """
    from tensorboard.compat.tensorflow_stub.pywrap_tensorflow import masked_crc32c

    with open_to_read(path) as handle:
        content = memoryview(handle.readall())
    place = 0
    while place + 12 <= len(content):
        length, checksum = struct.unpack_from("<QI", content, place)
        if masked_crc32c(content[place : place + 8]) != checksum:
            raise damaged(path, _TITLE)
        event = content[place + 12 : place + 12 + length]
        place += 16 + length
        if place > len(content):
            return
        if length <= _LONGEST_OF_NUMBERS:
            if masked_crc32c(event) != struct.unpack_from("<I", content, place - 4)[0]:
                raise damaged(path, _TITLE)
            yield bytes(event)
