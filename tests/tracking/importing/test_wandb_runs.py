"""Logs of Weights & Biases, framed here by the format's description and written by its client."""

from __future__ import annotations

import json
import os
import struct
import subprocess
import sys
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from wandb.proto.wandb_internal_pb2 import Record

from mental_health_classifier.contracts import InputError
from mental_health_classifier.tracking.importing import wandb_runs
from mental_health_classifier.tracking.importing.foreign_run import ForeignRun
from mental_health_classifier.tracking.importing.wandb_runs import NOTHING, read_wandb

START = b":W&B\xe1\xbe\x00"
BLOCK = 32768


def framed(messages: list[bytes]) -> bytes:
    """A log: pieces of at most what is left of a block, which is filled up where 6 bytes are."""
    log = bytearray(START)
    for message in messages:
        rest, is_first = message, True
        while rest or is_first:
            if (left := BLOCK - len(log) % BLOCK) < 7:
                log += bytes(left)
                left = BLOCK
            piece, rest = rest[: left - 7], rest[left - 7 :]
            kind = {(True, True): 1, (True, False): 2, (False, False): 3, (False, True): 4}[
                is_first, not rest
            ]
            checksum = zlib.crc32(piece, zlib.crc32(bytes([kind])))
            log += struct.pack("<IHB", checksum, len(piece), kind) + piece
            is_first = False
    return bytes(log)


def begun(run: str = "abc", **config: Any) -> Record:
    record = Record()
    record.run.run_id, record.run.project, record.run.display_name = run, "posts", "mine"
    record.run.tags.append("pilot")
    record.run.start_time.FromSeconds(1_000_000)
    record.run.host = "somebodys-host"
    for key, value in {"_wandb": {}, **config}.items():
        record.run.config.update.add(key=key, value_json=json.dumps(value))
    return record


def logged(step: int, values: Mapping[str, Any]) -> Record:
    record = Record()
    record.history.step.num = step
    for name, value in {**values, "_step": step, "_timestamp": 1_000_000 + step}.items():
        record.history.item.add(nested_key=name.split("|"), value_json=json.dumps(value))
    return record


def shown(**values: Any) -> Record:
    record = Record()
    for name, value in values.items():
        record.summary.update.add(key=name, value_json=json.dumps(value))
    return record


def ended(code: int = 0) -> Record:
    record = Record()
    record.exit.exit_code, record.exit.runtime = code, 60
    return record


def write(folder: Path, *records: Record, name: str = "offline-run-20260501_000000-abc") -> Path:
    (directory := folder / name).mkdir(parents=True)
    path = directory / f"run-{name.rpartition('-')[2]}.wandb"
    path.write_bytes(framed([record.SerializeToString() for record in records]))
    return path


def only(folder: Path) -> ForeignRun:
    (run,) = read_wandb(folder)
    assert isinstance(run, ForeignRun)
    return run


def test_a_run_has_what_wandb_knows(tmp_path) -> None:
    picture = {"photo|_type": "image-file", "photo|size": 9}
    write(
        tmp_path,
        begun(lr=0.1, net={"width": 8}),
        logged(2, {"val/acc": 0.5, "loss": float("nan"), "inner|f1": 1, "note": "text"} | picture),
        logged(1, {"val/acc": 0.9}),
        shown(best=0.9, _runtime=3, **{"val/acc": 0.5, "is_good": True}),
        ended(),
    )
    run = only(tmp_path)
    assert (run.id, run.name, run.experiment, run.status) == ("abc", "mine", "posts", "completed")
    assert run.params == {"lr": "0.1", "net.width": "8"} and run.tags == ["pilot"]
    assert run.history["val/acc"] == [(1, 0.9), (2, 0.5)]
    assert set(run.history) == {"val/acc", "loss", "inner.f1"} and run.shown == {"best": 0.9}
    assert run.ended is not None and (run.ended - run.began).total_seconds() == 60
    assert "somebody" not in repr(run)


def test_a_run_that_went_on_is_one_run(tmp_path) -> None:
    write(tmp_path, begun(lr=0.1), logged(1, {"loss": 1.0}), ended(1))
    later = "offline-run-20260502_000000-abc"
    write(tmp_path, begun(lr=0.2), logged(2, {"loss": 0.5}), name=later)
    write(tmp_path, begun("xyz"), ended(3), name="run-20260501_000000-xyz")
    first, other = read_wandb(tmp_path)
    assert isinstance(first, ForeignRun) and isinstance(other, ForeignRun)
    assert first.history == {"loss": [(1, 1.0), (2, 0.5)]} and first.params == {"lr": "0.2"}
    assert (first.status, first.was_running) == ("interrupted", True)
    assert other.status == "failed"


def test_messages_of_any_length_are_read_and_a_cut_one_is_not(tmp_path) -> None:
    records = [begun(), *(logged(step, {"x" * (step * 370 % 70_000): step}) for step in range(400))]
    path = write(tmp_path, *records, logged(7, {"y" * 100_000: 1.0}))
    assert len(only(tmp_path).history) > 300
    path.write_bytes(path.read_bytes()[:-5])
    run = only(tmp_path)
    assert run.was_running and run.status == "interrupted"
    path.write_bytes(START)
    assert list(read_wandb(tmp_path)) == [NOTHING]


@pytest.mark.parametrize(
    ("at", "to"), [(0, 0), (4, 0), (6, 1), (9, 0xFF), (13, 3), (13, 9), (40, 0xFF), (7, 0)]
)
def test_damage_and_a_newer_version_are_named(tmp_path, at, to) -> None:
    path = write(tmp_path, begun(), logged(1, {"loss": 1.0}), ended())
    content = bytearray(path.read_bytes())
    content[at] = to if content[at] != to else to ^ 1
    path.write_bytes(content)
    with pytest.raises(InputError, match="is damaged, or of a version of Weights & Biases"):
        list(read_wandb(tmp_path))


def test_what_is_no_message_is_damage(tmp_path) -> None:
    path = write(tmp_path, begun())
    broken = begun()
    broken.run.config.update.add(key="lr", value_json="[" * 9999)
    for messages in ([b"\xff\xff\xff"], [broken.SerializeToString()]):
        path.write_bytes(framed(messages))
        with pytest.raises(InputError, match="is damaged"):
            list(read_wandb(tmp_path))


def test_files_of_the_server_have_results(tmp_path) -> None:
    files = tmp_path / "run-20260501_000000-abc" / "files"
    files.mkdir(parents=True)
    summary = {"_timestamp": 1000.5, "_runtime": 60.5, "acc": 0.5, "hist": {"_type": "h", "n": 1}}
    (files / "wandb-summary.json").write_text(json.dumps(summary))
    (files / "config.yaml").write_text("lr:\n  value: 0.1\n_wandb:\n  value: {}\n")
    run = only(tmp_path)
    assert (run.id, run.status, run.params, run.shown) == ("abc", None, {"lr": "0.1"}, {"acc": 0.5})
    assert (run.began.timestamp(), run.history) == (940.0, {})
    (files / "wandb-summary.json").write_text("{}")
    assert list(read_wandb(tmp_path)) == [NOTHING]
    for content in ("{", "[]", '{"_timestamp": 1e300}'):
        (files / "wandb-summary.json").write_text(content)
        with pytest.raises(InputError, match=r"wandb-summary\.json (is damaged|names a time)"):
            list(read_wandb(tmp_path))
    write(tmp_path, begun("abc"), ended(), name=files.parent.name + "/later-abc")
    assert only(tmp_path).status == "completed"


def test_links_are_not_followed(tmp_path) -> None:
    path = write(tmp_path / "store", begun(), ended())
    (links := tmp_path / "links").mkdir()
    (links / "latest-run").symlink_to(path.parent)
    (links / "run-abc.wandb").symlink_to(path)
    assert list(read_wandb(links)) == []


def test_without_the_library_the_extra_is_named(tmp_path, monkeypatch) -> None:
    write(tmp_path, begun())
    monkeypatch.setattr(wandb_runs, "find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"mental-health-classifier\[trackers\]"):
        list(read_wandb(tmp_path))


@pytest.mark.slow
def test_what_its_own_client_writes_offline_is_read(tmp_path) -> None:
    script = (
        "import wandb\n"
        "run = wandb.init(project='posts', name='mine', config={'lr': 0.1, 'net': {'width': 8}})\n"
        "for step in range(3000): run.log({'loss': 1 / (step + 1), 'in': {'f1': step}})\n"
        "run.summary['loss'] = 7\n"
    )
    variables = {**os.environ, "WANDB_MODE": "offline", "WANDB_SILENT": "true"}
    command = [sys.executable, "-c", script]
    subprocess.run(command, cwd=tmp_path, env=variables, check=True, capture_output=True)
    run = only(tmp_path / "wandb")
    assert (run.name, run.experiment, run.status) == ("mine", "posts", "completed")
    assert run.params == {"lr": "0.1", "net.width": "8"} and run.shown == {"loss": 7.0}
    assert run.history["in.f1"] == [(step, step) for step in range(3000)]


@pytest.mark.parametrize("left", range(16))
def test_a_message_may_begin_anywhere_in_a_block(left: int, tmp_path) -> None:
    messages = [bytes(BLOCK - len(START) - 7 - left), b"next", bytes(2 * BLOCK), b"last"]
    (path := tmp_path / "run-abc.wandb").write_bytes(framed(messages))
    assert list(wandb_runs._whole(path)) == messages
