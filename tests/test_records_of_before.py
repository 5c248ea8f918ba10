"""A run that an earlier version recorded, with the commands of today."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from omegaconf import OmegaConf
from typer.testing import CliRunner

from mental_health_classifier.cli.app import app
from mental_health_classifier.configuration.check import checked
from mental_health_classifier.configuration.recorded import recorded_configuration
from mental_health_classifier.configuration.registry import CLASSES
from mental_health_classifier.storage.files import read_json, write_json
from mental_health_classifier.tracking.provenance.configuration_hash import (
    configuration_hash,
    job_hash,
)
from mental_health_classifier.tracking.provenance.environment import DETERMINISM, read_hardware
from mental_health_classifier.tracking.provenance.replay import HARDWARE
from mental_health_classifier.tracking.record.run_summary import read_run

PROJECT = Path(__file__).resolve().parent.parent
RECORD = PROJECT / "tests" / "records" / "of_4ab3bfd"
COMMIT = "4ab3bfd"
OTHER_PROCESSOR = 2e-6
"""How far predictions of another kind of processor may lie, which sums in another order."""


def is_of_this_processor() -> bool:
    """Whether the record was made on a processor of this kind, so that bits can be repeated."""
    recorded, here = read_json(RECORD / "run.json")["hardware"], read_hardware()
    return all(recorded[key] == here[key] for key in HARDWARE)


@pytest.fixture
def mhc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Runs a command beside a copy of the record, in outputs/old."""
    monkeypatch.chdir(tmp_path)
    for variable, value in DETERMINISM.items():
        monkeypatch.setenv(variable, value)
    shutil.copytree(RECORD, tmp_path / "outputs" / "old")

    def ran(*arguments: object, code: int = 0) -> str:
        done = CliRunner().invoke(app, list(map(str, arguments)))
        assert done.exit_code == code, done.output
        return done.output

    return ran


def test_it_is_shown_and_compared(mhc) -> None:
    assert "completed" in mhc("show", "outputs/old")
    (row,) = json.loads(mhc("compare", "--runs", "--json"))
    assert row["status"] == "completed" and row["final_recall_at_spec80"] == pytest.approx(4 / 13)


def test_it_predicts(mhc, tmp_path: Path) -> None:
    (tmp_path / "posts.csv").write_text("id,text\n1,I cannot sleep\n2,a fine day\n")
    mhc("predict", "posts.csv", "--run", "outputs/old", "--output", "out.csv", "--uncertified")
    assert len((tmp_path / "out.csv").read_text().splitlines()) == 3


def test_it_travels(mhc, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mhc("export", "outputs/old", "old.tar.gz")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    mhc("import", tmp_path / "old.tar.gz")
    (found,) = Path("outputs").rglob("run.json")
    assert read_run(found.parent).status == "completed"


@pytest.mark.slow
def test_it_is_explained(mhc) -> None:
    rows = json.loads(mhc("explain", "outputs/old", "--posts", 3, "--json"))
    assert len(rows) == 1 and rows[0]["n"] == 3


@pytest.mark.slow
def test_cut_off_it_goes_on_once_its_process_is_known_to_be_gone(mhc, tmp_path: Path) -> None:
    directory = tmp_path / "outputs" / "old"
    attempt = directory / "attempts" / "001"
    (attempt / "end.json").unlink()
    elsewhere = {"host": "node07", "boot_id": "theirs"}
    write_json(attempt / "start.json", read_json(attempt / "start.json") | elsewhere)
    assert "may still be running on node07" in mhc("resume", "outputs/old", code=1)
    mhc("gone", "outputs/old")
    mhc("resume", "outputs/old")
    if is_of_this_processor():
        for file in ("checkpoints/best.safetensors", "predictions/test.csv", "metrics.jsonl"):
            assert (directory / file).read_bytes() == (RECORD / file).read_bytes(), file
    else:
        found, recorded = (
            pd.read_csv(each / "predictions" / "test.csv") for each in (directory, RECORD)
        )
        pd.testing.assert_frame_equal(found, recorded, rtol=0, atol=OTHER_PROCESSOR)
    assert read_run(directory).status == "completed"


def test_its_parts_are_those_of_today_and_its_hash_is_the_same(compose_config) -> None:
    run = read_run(RECORD)
    config = OmegaConf.to_container(recorded_configuration(run))
    assert set(targets_in(config)) <= set(CLASSES)
    overrides = [each for each in run.run["overrides"] if not each.startswith("cache_dir")]
    today = OmegaConf.to_container(checked(compose_config([*overrides, "cache_dir=.cache"])))
    # The one thing that became another on purpose: what stands beside a run.
    today["evaluation"]["yardstick"] = config["evaluation"]["yardstick"]
    for values in (run.configuration, config, today):
        assert configuration_hash(values) == run.configuration_hash
        assert job_hash(values) == job_hash(run.configuration)


def targets_in(values: object) -> list[str]:
    if not isinstance(values, dict):
        return []
    own = [values["_target_"]] if "_target_" in values else []
    return own + [target for inner in values.values() for target in targets_in(inner)]


def test_beside_a_run_of_today_nothing_but_what_was_chosen_differs(mhc, tmp_path: Path) -> None:
    other = tmp_path / "outputs" / "other"
    shutil.copytree(RECORD, other)
    run = read_json(other / "run.json")
    config = OmegaConf.to_container(recorded_configuration(read_run(other)))
    write_json(other / "run.json", run | {"id": "f" * 12, "config": config})
    differences = json.loads(mhc("diff", "outputs/old", "outputs/other", "--json"))
    assert [each for each in differences if each["kind"] == "configuration"] == []


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_it_is_reproduced_with_its_own_source(mhc) -> None:
    known = subprocess.run(["git", "cat-file", "-e", COMMIT], cwd=PROJECT, check=False)
    if known.returncode:
        pytest.skip(f"this checkout does not have commit {COMMIT}")
    if is_of_this_processor():
        assert "identical, bit for bit" in mhc("reproduce", "outputs/old")
    else:
        said = mhc("reproduce", "outputs/old", code=1)
        assert "Environment: cpu_model was" in said or "Environment: cpu_flags was" in said
        differences = [
            float(each)
            for each in re.findall(r"prediction file .* differs by up to (\S+)\.\n", said)
        ]
        assert differences and max(differences) <= OTHER_PROCESSOR
