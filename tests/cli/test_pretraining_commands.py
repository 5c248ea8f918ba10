"""Commands over folders in which runs of masked tokens lie beside classifiers."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result
from written_runs import write_pretraining_run, write_run

from mental_health_classifier.analysis.model_analyzer import ModelAnalyzer
from mental_health_classifier.analysis.model_card import model_card
from mental_health_classifier.cli.app import app
from mental_health_classifier.tracking.record.run_summary import read_run

Command = Callable[..., Result]


@pytest.fixture
def mhc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    monkeypatch.chdir(tmp_path)
    for recall, name in ((0.9, "a"), (0.5, "b")):
        hashed = {"configuration_hash": name * 16, "name": name}
        end = {"model": {"parameters": 1000 if name == "a" else 2000}}
        write_run(tmp_path / "outputs" / name, recall=recall, run=hashed, end=end)
    write_pretraining_run(tmp_path / "outputs" / "masked")
    return lambda *arguments: CliRunner().invoke(app, list(arguments))


@pytest.mark.parametrize(
    "command", ["compare", "best", "report", "plot architecture", "plot seeds"]
)
def test_what_compares_leaves_them_out_and_says_so(mhc: Command, command: str) -> None:
    result = mhc(*command.split())
    assert result.exit_code == 0, result.output
    assert "Left out: 1 run of objective=masked_tokens" in result.stderr
    assert "pretraining" not in result.stdout


def test_no_number_of_others_changes(mhc: Command, tmp_path: Path) -> None:
    together = mhc("compare", "--runs", "--json")
    assert [row["experiment_name"] for row in json.loads(together.stdout)] == ["a", "b"]
    (sentences, table) = (ModelAnalyzer().conclusions(), ModelAnalyzer().groups())
    (tmp_path / "outputs" / "masked").rename(tmp_path / "masked")
    assert mhc("compare", "--runs", "--json").stdout == together.stdout
    assert ModelAnalyzer().conclusions() == sentences and ModelAnalyzer().groups().equals(table)


def test_its_own_pages_show_what_it_has(mhc: Command) -> None:
    assert "pretraining" in mhc("runs").stdout
    shown = mhc("show", "outputs/masked")
    assert shown.exit_code == 0 and "with loss 3.20 and accuracy .400" in shown.stdout
    card = model_card(read_run(Path("outputs/masked")))
    assert "with loss 3.20" in card and "mhc certify" not in card
    assert "reviewers" not in card and "Precision" not in card
    assert mhc("diff", "outputs/a", "outputs/masked").exit_code == 0


@pytest.mark.parametrize(
    "command",
    [
        *("evaluate {}", "certify {} --recall .9 --confidence .9", "shortcuts {}", "behaviour {}"),
        *("explain {}", "explain {} --text hello", "ensemble {} outputs/a", "compare --test {} a"),
    ],
)
def test_what_needs_a_model_that_judges_refuses_them(mhc: Command, command: str) -> None:
    result = mhc(*command.format("outputs/masked").split())
    assert result.exit_code == 1
    (sentence,) = result.stderr.splitlines()[-1:]
    assert "judges no post. Begin a run with its encoder, model=pretrained" in sentence


def test_a_file_of_posts_is_not_judged(mhc: Command, tmp_path: Path) -> None:
    (tmp_path / "posts.csv").write_text("id,text\n1,hello\n")
    result = mhc("predict", "posts.csv", "--run", "outputs/masked", "--output", "decided.csv")
    assert result.exit_code == 1 and "judges no post" in result.stderr
    assert not (tmp_path / "decided.csv").exists()


@pytest.mark.parametrize("command", ["compare", "best", "report"])
def test_where_there_are_no_others_that_is_said(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write_pretraining_run(tmp_path / "outputs" / "masked")
    said = CliRunner().invoke(app, [command]).stderr
    assert "No run in outputs, multirun has a model that judges posts" in said
