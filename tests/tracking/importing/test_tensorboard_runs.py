"""Event files of TensorBoard, written by PyTorch's and by its own writers."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary, SummaryMetadata
from tensorboard.compat.tensorflow_stub.pywrap_tensorflow import masked_crc32c
from tensorboard.plugins.hparams import plugin_data_pb2
from tensorboard.util.tensor_util import make_tensor_proto

from mental_health_classifier.contracts import InputError
from mental_health_classifier.tracking.importing.foreign_run import ForeignRun
from mental_health_classifier.tracking.importing.tensorboard_runs import (
    NOTHING,
    OURS,
    read_tensorboard,
)

NAME = "events.out.tfevents.1795957165.host.6763.0"


def record(content: bytes) -> bytes:
    length = struct.pack("<Q", len(content))
    sums = [struct.pack("<I", masked_crc32c(each)) for each in (length, content)]
    return length + sums[0] + content + sums[1]


def scalar(tag: str, value: float, step: int) -> bytes:
    summary = Summary(value=[Summary.Value(tag=tag, simple_value=value)])
    return record(Event(wall_time=1000 + step, step=step, summary=summary).SerializeToString())


def write(directory: Path, *events: bytes, name: str = NAME) -> Path:
    directory.mkdir(parents=True, exist_ok=True)
    first = record(Event(wall_time=1000, file_version="brain.Event:2").SerializeToString())
    (path := directory / name).write_bytes(first + b"".join(events))
    return path


def only(folder: Path) -> ForeignRun:
    (run,) = read_tensorboard(folder)
    assert isinstance(run, ForeignRun)
    return run


def test_a_run_of_lightning_has_its_settings(tmp_path) -> None:
    version = tmp_path / "lightning_logs" / "version_0"
    write(version, scalar("val_acc", 0.9, 2), scalar("val_acc", 0.8, 1), scalar("lr", 0.1, 1))
    (version / "hparams.yaml").write_text("optimizer:\n  lr: 0.1\nseed: 3\n")
    run = only(tmp_path / "lightning_logs")
    assert (run.name, run.experiment, run.status) == ("version_0", "lightning_logs", None)
    assert run.params == {"optimizer.lr": "0.1", "seed": "3"}
    assert run.history == {"val_acc": [(1, 0.8), (2, 0.9)], "lr": [(1, 0.1)]}
    assert (run.ended.timestamp(), run.began.timestamp()) == (1002, 1000)
    assert only(version) == ForeignRun(**{**_fields(run), "experiment": "lightning_logs"})
    assert "host" not in run.id


def _fields(run: ForeignRun) -> dict:
    return {name: getattr(run, name) for name in run.__slots__}


def test_parts_and_settings_beside_a_run_are_its_own(tmp_path) -> None:
    told = plugin_data_pb2.HParamsPluginData()
    for name, value in {"seed": 3.0, "lr": 0.5}.items():
        told.session_start_info.hparams[name].number_value = value
    told.session_start_info.hparams["model"].string_value = "bert"
    metadata = SummaryMetadata()
    metadata.plugin_data.plugin_name = "hparams"
    metadata.plugin_data.content = told.SerializeToString()
    start = Summary.Value(tag="_hparams_/session_start_info", metadata=metadata)
    settings = record(Event(wall_time=1001, summary=Summary(value=[start])).SerializeToString())
    scalars = SummaryMetadata()
    scalars.plugin_data.plugin_name = "scalars"
    kerass = Summary.Value(tag="epoch_acc", metadata=scalars, tensor=make_tensor_proto(0.25))
    keras = record(
        Event(wall_time=1001, step=1, summary=Summary(value=[kerass])).SerializeToString()
    )
    write(tmp_path / "a", scalar("loss", 1.0, 0))
    write(tmp_path / "a" / "1795957166.81", settings, scalar("hparam/f1", 0.5, 0))
    write(tmp_path / "b" / "train", keras)
    write(tmp_path / "b" / "validation", scalar("epoch_acc", 0.75, 1))
    first, second = read_tensorboard(tmp_path)
    assert isinstance(first, ForeignRun) and isinstance(second, ForeignRun)
    assert (first.name, first.params) == ("a", {"seed": "3", "lr": "0.5", "model": "bert"})
    assert set(first.history) == {"loss", "hparam/f1"}
    assert second.name == "b"
    assert second.history == {
        "train/epoch_acc": [(1, 0.25)],
        "validation/epoch_acc": [(1, 0.75)],
    }


def test_a_killed_process_leaves_what_it_wrote(tmp_path) -> None:
    path = write(tmp_path / "a", scalar("loss", 1.0, 0), scalar("loss", float("nan"), 1))
    path.write_bytes(path.read_bytes()[:-3])
    assert only(tmp_path).history == {"loss": [(0, 1.0)]}
    path.write_bytes(b"")
    assert list(read_tensorboard(tmp_path)) == [NOTHING]


@pytest.mark.parametrize("at", [0, 9, 30, 60])
def test_damage_is_named_and_not_passed_over(tmp_path, at) -> None:
    path = write(tmp_path / "a", scalar("loss", 1.0, 0), scalar("loss", 0.5, 1))
    content = bytearray(path.read_bytes())
    content[at] ^= 0xFF
    path.write_bytes(content)
    with pytest.raises(InputError, match="damaged, or of a version of TensorBoard"):
        list(read_tensorboard(tmp_path))
    path.write_bytes(record(b"\xff\xff"))
    with pytest.raises(InputError, match="damaged"):
        list(read_tensorboard(tmp_path))


def test_runs_of_ours_and_links_are_left_out(tmp_path) -> None:
    path = write(tmp_path / "run" / "tensorboard", scalar("loss", 1.0, 0))
    (tmp_path / "run" / "run.json").write_text("{}")
    assert list(read_tensorboard(tmp_path)) == [OURS]
    (links := tmp_path / "links").mkdir()
    (links / NAME).symlink_to(path)
    (links / "all").symlink_to(tmp_path / "run")
    assert list(read_tensorboard(links)) == []


def test_ten_thousand_steps_are_all_there(tmp_path) -> None:
    write(tmp_path, *(scalar("loss", step / 2, step) for step in range(10_000)))
    points = only(tmp_path).history["loss"]
    assert len(points) == 10_000 and points[-1] == (9999, 4999.5)
