"""A record from elsewhere is data: no command runs what its configuration names."""

import os
import pickle
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from resealed_runs import reseal
from trained_runs import write_posts
from typer.testing import CliRunner
from written_runs import write_run

from mental_health_classifier.cli.app import app
from mental_health_classifier.console.logs import RunLogFile
from mental_health_classifier.contracts import InputError
from mental_health_classifier.experiment import run as experiment
from mental_health_classifier.prediction.decisions_file import write_decisions
from mental_health_classifier.storage.files import read_json, write_json
from mental_health_classifier.storage.json_lines import open_records
from mental_health_classifier.tracking.provenance.environment import DETERMINISM
from mental_health_classifier.tracking.record.assessments import write_assessment
from mental_health_classifier.tracking.record.attempts import declare_gone
from mental_health_classifier.tracking.record.resumption import resumed_run
from mental_health_classifier.tracking.record.run_summary import read_run

COMMANDS = {
    "predict": "predict posts.csv --run RUN --output out.csv --uncertified --column text=body",
    "explain": "explain RUN",
    "behaviour": "behaviour RUN",
    "shortcuts": "shortcuts RUN",
    "certify": "certify RUN",
    "evaluate": "evaluate RUN posts.csv --column text=body",
    "ensemble": "ensemble RUN RUN2",
    "resume": "resume RUN",
}


class Payload:
    """What leaves a file behind when it is unpickled."""

    def __init__(self, left: Path) -> None:
        self.left = left

    def __reduce__(self):
        return os.mkdir, (str(self.left),)


def audit(run: Path) -> None:
    predictor: Any = SimpleNamespace(run=read_run(run))
    write_decisions(predictor, run / "posts.csv", run.parent / "decisions.csv", columns={})


WRITERS: dict[str, tuple[str, Callable[[Path], object]]] = {
    "an assessment": ("assessments", lambda run: write_assessment(run, "behaviour", {})),
    "an audit line": ("assessments/decisions.jsonl", audit),
    "an attempt": ("attempts", resumed_run),
    "a checkpoint": ("checkpoints/last.safetensors", resumed_run),
    "that it is gone": ("attempts", lambda run: declare_gone(run / "attempts" / "001")),
    "a log": ("logs/train.log", lambda run: CliRunner().invoke(app, ["resume", str(run)])),
    "a line": ("metrics.jsonl", lambda run: open_records(run / "metrics.jsonl")),
    "a message": ("logs/train.log", lambda run: RunLogFile(run / "logs" / "train.log")),
}


@pytest.mark.parametrize("what", WRITERS)
def test_nothing_is_written_through_a_link_in_a_record(
    what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable, value in DETERMINISM.items():
        # Set already, they do not make a command start Python, and with it the tests, once more.
        monkeypatch.setenv(variable, value)
    name, act = WRITERS[what]
    place, target = write_run(tmp_path / "run", left_out=("end.json",)) / name, tmp_path / "other"
    if place.is_dir():
        place.rename(target)
    elif Path(name).suffix:
        place.parent.mkdir(exist_ok=True)
        target.write_text("mine")
    else:
        target.mkdir()
    place.symlink_to(target)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    try:
        told = act(tmp_path / "run")
    except (InputError, OSError) as error:
        told = error
    told = getattr(told, "stderr", str(told))
    assert f"{place} is a link" in told or "symbolic links" in told
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


def test_a_resumed_run_does_not_say_where_posts_are_prepared(
    compose_config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, elsewhere = tmp_path / "here", tmp_path / "elsewhere"
    here.mkdir()
    elsewhere.mkdir()
    config = experiment.resolved(compose_config(["cache_dir=.cache", "model=tfidf_logistic"]))
    run = write_run(tmp_path / "run", run={"config": config}, left_out=("end.json",))
    start = run / "attempts" / "001" / "start.json"
    write_json(start, {**read_json(start), "folder": str(elsewhere)})
    monkeypatch.chdir(here)
    monkeypatch.setattr(experiment, "resumed_run", lambda directory: directory)
    monkeypatch.setattr(experiment, "conduct", lambda config, _: (config.cache_dir, Path.cwd()))
    assert experiment.resume_experiment(run) == (str(here / ".cache"), elsewhere)


@pytest.mark.parametrize("name", ["$(id)", "../x", "a b", "-", "", "a" * 300, "a/b"])
def test_an_id_that_nothing_here_gives_is_damage(name: str, tmp_path: Path) -> None:
    run = read_run(write_run(tmp_path / "run", run={"id": name}))
    assert (run.status, run.id) == ("damaged", None)


@pytest.mark.parametrize("data", [{}, None])
def test_a_record_that_does_not_say_how_posts_are_read_is_told(data, mhc, runs, tmp_path) -> None:
    run = tmp_path / "outputs" / "baseline_micro"
    content = read_json(run / "run.json")
    content["config"]["data"] = data
    write_json(run / "run.json", content)
    reseal(run)
    for command in ("shortcuts", "explain", "behaviour"):
        result = mhc(*COMMANDS[command].replace("RUN", str(run)).split())
        assert result.exit_code == 1 and isinstance(result.exception, SystemExit)
        assert "data._target_ is missing in run.json" in result.stderr


@pytest.mark.slow
@pytest.mark.parametrize("command", COMMANDS)
def test_no_command_runs_what_a_record_names(command, mhc, runs, tmp_path) -> None:
    left, payload = tmp_path / "it_ran", tmp_path / "payload.npy"
    payload.write_bytes(pickle.dumps(Payload(left)))
    write_posts(tmp_path / "posts.csv", runs["baseline_micro"])
    run = tmp_path / "outputs" / "baseline_micro"
    content = read_json(run / "run.json")
    evil = {
        "_target_": "mental_health_classifier.data.tokens.token_cache.np.load",
        "file": str(payload),
        "allow_pickle": True,
    }
    config = content["config"]
    config["network"]["pooling"] = config["data"] = evil
    config["evaluation"]["yardstick"] = config["token_streams"]["x"] = evil
    config["trainer"] = config["tokenizer"] = config["callbacks"]["x"] = evil
    write_json(run / "run.json", content)
    if command == "resume":
        (run / "attempts" / "001" / "end.json").unlink()
    words = COMMANDS[command].replace("RUN2", "outputs/tfidf_logistic").replace("RUN", str(run))
    result = mhc(*words.split())
    assert not left.exists()
    assert result.exception is None or isinstance(result.exception, SystemExit)
    # The payload works.
    np.load(payload, allow_pickle=True)
    assert left.exists() and read_run(run).configuration
