"""One damaged run among others: it is shown as that, and every command goes on with the others."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result
from written_predictions import complete_run
from written_runs import write_run

from mental_health_classifier.cli.app import app
from mental_health_classifier.tracking.provenance.environment import DETERMINISM

COMMANDS = (
    *(["runs"], ["compare"], ["compare", "--csv", "-"], ["best"], ["clean", "--keep-last", "9"]),
    *(["report", "--force"], ["compare", "--where", "final_accuracy > 0.1", "--json"]),
)


@pytest.fixture
def good(tmp_path: Path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for variable, value in DETERMINISM.items():
        # Set already, they do not make a command start Python, and with it the tests, once more.
        monkeypatch.setenv(variable, value)
    return complete_run(write_run(Path("outputs/good"), run={"name": "sound"}))


def mhc(*arguments: str) -> Result:
    result = CliRunner().invoke(app, list(arguments))
    assert result.exit_code == 0, (arguments, result.output, result.exception)
    return result


@pytest.mark.slow
@pytest.mark.parametrize("where", ["folder", "name"])
def test_a_byte_that_is_no_character_stops_nothing(good: Path, where: str) -> None:
    odd = "caf\udce9"
    directory = Path(os.fsdecode(b"outputs/caf\xe9") if where == "folder" else "outputs/odd")
    complete_run(write_run(directory, run={"name": odd, "tags": [odd], "description": odd}))
    for command in COMMANDS:
        mhc(*command)
    rows = json.loads(mhc("runs", "--json").stdout)
    assert {row["experiment_name"] for row in rows} == {"sound", "caf\\udce9"}
    for command in ("show", "card"):
        mhc(command, str(directory))
    mhc("diff", str(directory), "outputs/good")


@pytest.mark.parametrize("content", [b"", b"\xff", b'{"id": "caf\xe9"}', b"[" * 5000, b'{"id": 1}'])
@pytest.mark.parametrize("name", ["run.json", "data.json", "attempts/001/end.json"])
def test_a_damaged_file_is_shown_and_stops_nothing(good: Path, name: str, content: bytes) -> None:
    damaged = write_run(Path("outputs/damaged"))
    (damaged / name).write_bytes(content)
    rows = {row["directory"]: row for row in json.loads(mhc("runs", "--json").stdout)}
    assert rows["outputs/good"]["status"] == "completed"
    assert rows["outputs/damaged"]["status"] == "damaged"
    assert name.rpartition("/")[2] in rows["outputs/damaged"]["problem"]
    mhc("compare")


def put_special(path: Path, kind: str) -> None:
    """A file that would be waited for, never end, or fill the memory."""
    path.unlink(missing_ok=True)
    path.parent.mkdir(exist_ok=True)
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "device":
        path.symlink_to("/dev/zero")
    else:
        path.touch()
        os.truncate(path, 2**40)


@pytest.mark.timeout(60)
@pytest.mark.parametrize("kind", ["pipe", "device", "huge"])
def test_a_file_that_never_ends_is_shown_and_stops_nothing(good: Path, kind: str) -> None:
    names = ("run.json", "data.json", "attempts/001/end.json", "attempts/001/start.json")
    for number, name in enumerate(names):
        left_out = ("end.json",) if name.endswith("start.json") else ()
        put_special(write_run(Path(f"outputs/{number}"), left_out=left_out) / name, kind)
    put_special(Path("outputs/.run-index.json"), kind)
    for command in (["runs"], ["runs", "--json"], ["compare"], ["best"]):
        printed = mhc(*command)
        Path("outputs/.run-index.json").unlink()
        put_special(Path("outputs/.run-index.json"), kind)
        if command == ["runs", "--json"]:
            rows = {row["directory"]: row for row in json.loads(printed.stdout)}
            assert rows.pop("outputs/good")["status"] == "completed"
            assert {row["status"] for row in rows.values()} == {"damaged"} and len(rows) == 4
    write_run(Path("outputs/4"), left_out=("end.json",))
    put_special(Path("outputs/4/attempts/001/lock"), "pipe")
    mhc("runs")
    for number in range(5):
        for command in ("show", "resume"):
            result = CliRunner().invoke(app, [command, f"outputs/{number}"])
            assert isinstance(result.exception, SystemExit | None), result.exception


@pytest.mark.slow
@pytest.mark.timeout(100)
@pytest.mark.parametrize("kind", ["pipe", "device", "huge"])
@pytest.mark.parametrize(
    "place", ["predictions/test.csv", "metrics.jsonl", "seen_posts.npz", "assessments/groups.json"]
)
def test_a_file_of_results_that_never_ends_stops_nothing(good: Path, place: str, kind: str) -> None:
    odd = complete_run(write_run(Path("outputs/odd")))
    put_special(odd / place, kind)
    for command in (*COMMANDS, ["show", str(odd)], ["card", str(odd)]):
        mhc(*command)
    result = CliRunner().invoke(app, ["evaluate", str(odd)])
    assert isinstance(result.exception, SystemExit | None), result.exception


@pytest.mark.slow
def test_a_flipped_bit_in_predictions_leaves_the_report_of_all_runs(good: Path) -> None:
    flipped = complete_run(write_run(Path("outputs/flipped")))
    path = flipped / "predictions" / "test.csv"
    for place in (3, 900):
        whole = bytearray(path.read_bytes())
        whole[place] ^= 0x80
        path.write_bytes(whole)
        mhc("report", "--force")
        mhc("plot", "clinical", "--force")
        assert CliRunner().invoke(app, ["evaluate", str(flipped)]).exit_code == 1


@pytest.mark.slow
@pytest.mark.parametrize("place", ["predictions/test.csv", "metrics.jsonl", "seen_posts.npz"])
def test_a_folder_in_the_place_of_a_file_stops_nothing(good: Path, place: str) -> None:
    odd = complete_run(write_run(Path("outputs/odd")))
    (odd / place).unlink(missing_ok=True)
    (odd / place).mkdir()
    for command in (*COMMANDS, ["show", str(odd)], ["card", str(odd)]):
        mhc(*command)
