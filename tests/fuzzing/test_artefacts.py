"""Files of finished runs that were cut, changed, emptied, swapped or put in each other's place."""

from __future__ import annotations

import io
import json
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest
from commands_over_runs import OVER_ALL, run_command
from hypothesis import strategies
from written_runs import write_run

FILES = (
    *("run.json", "data.json", "attempts/001/end.json", "attempts/001/start.json", "metrics.jsonl"),
    *("resources.jsonl", "seen_posts.npz", "checkpoints/best.safetensors", "source/files.json"),
    *("checkpoints/tokenizer.json", "predictions/test.csv", "predictions/val.csv"),
    *("predictions/calibration.csv", "predictions/yardstick/test.csv", "model_card.md"),
    *(f"assessments/{name}.json" for name in ("certificate", "calibration", "triage", "groups")),
    "assessments/reference.json",
)
RUN, OTHER = "outputs/baseline_micro", "outputs/tfidf_logistic"
OVER_ONE = (
    *(("show", RUN), ("show", RUN, "--json"), ("card", RUN), ("diff", RUN, OTHER)),
    *(("evaluate", RUN, "--bootstrap-draws", "20"), ("certify", RUN), ("behaviour", RUN)),
    *(("plot", kind, "--force") for kind in ("seeds", "curves", "clinical", "decision")),
    *(("compare", "--test", RUN, OTHER), ("export", RUN, "run.tar"), ("explain", RUN, "--text=so")),
    *(("ensemble", RUN, OTHER), ("resume", RUN)),
)


def bomb() -> bytes:
    """An .npz whose array says that it has more numbers than any memory holds."""
    header = b"{'descr': '<f8', 'fortran_order': False, 'shape': (1099511627776,), }"
    header += b" " * (118 - len(header) - 1) + b"\n"
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name in ("keys", "hashes", "parts"):
            archive.writestr(f"{name}.npy", b"\x93NUMPY\x01\x00v\x00" + header)
    return packed.getvalue()


CHANGES: dict[str, Callable[[bytes, int], bytes | None]] = {
    "cut": lambda whole, at: whole[: at % max(len(whole), 1)],
    "flipped": lambda whole, at: (
        whole[: at % len(whole)]
        + bytes([whole[at % len(whole)] ^ (1 << at % 8)])
        + whole[at % len(whole) + 1 :]
    ),
    "emptied": lambda whole, at: b"",
    "not text": lambda whole, at: b"\xff\xfe\x00" + whole,
    "of endless numbers": lambda whole, at: bomb(),
    "of an endless header": lambda whole, at: b"\xff" * 7 + b"\x7f" + whole,
    "gone": lambda whole, at: None,
    "a folder": lambda whole, at: None,
    "of another": lambda whole, at: None,
}


class Situation(NamedTuple):
    file: str
    change: str
    at: int
    command: tuple[str, ...]


SITUATIONS = strategies.builds(
    Situation,
    strategies.sampled_from(FILES),
    strategies.sampled_from(sorted(CHANGES)),
    strategies.integers(0, 2**20),
    strategies.sampled_from([*OVER_ALL, *OVER_ONE]),
)


@pytest.fixture
def folder(runs, tmp_path: Path) -> Path:
    for name, run in runs.items():
        shutil.copytree(run.directory, tmp_path / "outputs" / name)
    # Whatever the damaged run loses, two are left that differ in cost: there is a figure of them.
    data = json.loads((tmp_path / RUN / "data.json").read_text(encoding="utf-8"))
    del data["crc32"], data["schema_version"]
    for name, parameters in (("smaller", 1_000), ("larger", 2_000)):
        write_run(
            tmp_path / "outputs" / name,
            run={"model": name, "configuration_hash": name},
            data=data,
            end={"model": {"parameters": parameters}},
        )
    shutil.copytree(tmp_path / "outputs", tmp_path / "whole")
    return tmp_path


def attempt_in(folder: Path) -> Callable[[Situation], None]:
    def attempt(situation: Situation) -> None:
        path = folder / RUN / situation.file
        whole = path.read_bytes()
        path.unlink()
        content = CHANGES[situation.change](whole, situation.at)
        if situation.change == "a folder":
            path.mkdir()
        elif situation.change == "of another":
            others = sorted(each for each in (folder / "whole").rglob("*") if each.is_file())
            shutil.copy(others[situation.at % len(others)], path)
        elif content is not None:
            path.write_bytes(content)
        try:
            run_command(folder, situation.command)
        finally:
            shutil.rmtree(folder / "outputs")
            shutil.copytree(folder / "whole", folder / "outputs")
            (folder / "run.tar").unlink(missing_ok=True)

    return attempt


def test_a_damaged_file_of_a_run_ends_no_command_in_a_traceback(folder: Path, try_many) -> None:
    assert try_many(SITUATIONS, attempt_in(folder), number=10).accepted


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_many_damaged_files_of_runs_end_no_command_in_a_traceback(folder: Path, try_many) -> None:
    assert try_many(SITUATIONS, attempt_in(folder), number=20).accepted
