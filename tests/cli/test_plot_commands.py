import json
import os

import pytest
from typer.testing import CliRunner
from written_predictions import complete_run
from written_runs import write_failed_run, write_run

from mental_health_classifier.analysis.figures.kinds import KINDS
from mental_health_classifier.cli.app import app


@pytest.fixture
def mhc(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return lambda *arguments: CliRunner().invoke(app, list(map(str, arguments)))


@pytest.fixture
def two_runs(tmp_path):
    complete_run(write_run(tmp_path / "outputs" / "a", recall=0.8, run={"name": "good"}))
    other = {"name": "fair", "configuration_hash": "b" * 16}
    end = {"model": {"parameters": 1_200_000}}
    run = write_run(tmp_path / "multirun" / "b" / "0", recall=0.7, run=other, end=end)
    complete_run(run, skill=1.0)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_figure_is_drawn_where_the_command_says(mhc, two_runs, tmp_path, kind):
    result = mhc("plot", kind)
    assert (result.exit_code, result.stdout, result.stderr) == (0, f"{kind}.png\n", "")
    assert (tmp_path / f"{kind}.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("suffix", "beginning"), [("svg", b"<?xml"), ("pdf", b"%PDF"), ("PNG", b"\x89PNG")]
)
def test_the_suffix_says_what_it_will_be(mhc, two_runs, tmp_path, suffix, beginning):
    result = mhc("plot", "seeds", "--metric", "final_accuracy", "--output", f"x.{suffix}")
    assert result.exit_code == 0
    assert (tmp_path / f"x.{suffix}").read_bytes().startswith(beginning)


def test_the_same_runs_give_the_same_bytes(mhc, two_runs, tmp_path):
    for suffix in ("svg", "pdf", "png"):
        files = [tmp_path / f"{name}.{suffix}" for name in "ab"]
        for file in files:
            assert mhc("plot", "curves", "--output", file).exit_code == 0
        assert files[0].read_bytes() == files[1].read_bytes()


def test_runs_are_named_by_folder_id_or_folder_of_runs(mhc, two_runs):
    for references in (["outputs/a"], ["multirun"], ["outputs", "multirun"]):
        assert mhc("plot", "confusion", *references, "--force").exit_code == 0
    identifier = json.loads(mhc("runs", "--json").stdout)[0]["run_id"]
    assert mhc("plot", "confusion", identifier, "--force").exit_code == 0
    result = mhc("plot", "confusion", "nowhere", "--force")
    assert result.exit_code == 1 and "No run nowhere among the 2 below outputs" in result.stderr


def test_a_file_that_exists_is_replaced_only_when_asked_for(mhc, two_runs, tmp_path):
    path = tmp_path / "seeds.png"
    path.write_bytes(b"mine")
    result = mhc("plot", "seeds")
    assert result.exit_code == 1 and "Give --force to replace it." in result.stderr
    assert path.read_bytes() == b"mine"
    assert mhc("plot", "seeds", "--force").exit_code == 0
    assert path.read_bytes() != b"mine"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["pie"], "mhc plot pie: expected one of architecture, efficiency, seeds, curves"),
        (["seeds", "--output", "x.jpg"], "expected a file that ends in .png, .svg, .pdf"),
        (["seeds", "--output", "x"], "expected a file that ends in .png, .svg, .pdf"),
        (["seeds", "--output", "nowhere/x.png"], "expected a file in a folder that exists"),
        (["seeds", "--metric", "final_acuracy"], "Similar: final_accuracy,"),
        (["seeds", "--metric", "model"], "There are: final_accuracy"),
        (["curves", "--metric", "train/los"], "Similar: train/loss"),
        (["confusion", "--metric", "final_accuracy"], "confusion shows none, architecture,"),
    ],
)
def test_what_cannot_be_drawn_is_said_in_one_message_and_leaves_nothing(
    mhc, two_runs, tmp_path, arguments, message
):
    before = set(os.listdir(tmp_path))
    result = mhc("plot", *arguments)
    assert result.exit_code == 1 and message in result.stderr and result.stdout == ""
    assert set(os.listdir(tmp_path)) == before


@pytest.mark.parametrize("kind", KINDS)
def test_no_runs_and_only_failed_ones_are_refused(mhc, tmp_path, kind):
    result = mhc("plot", kind)
    assert (
        result.exit_code == 1 and "There are no runs that judge posts to draw yet" in result.stderr
    )
    write_failed_run(tmp_path / "outputs" / "a")
    (write_run(tmp_path / "outputs" / "b") / "run.json").write_text("{", encoding="utf-8")
    result = mhc("plot", kind)
    assert result.exit_code == 1 and "Of 2 runs none completed" in result.stderr


@pytest.mark.parametrize("kind", KINDS)
def test_a_damaged_record_among_good_ones_is_left_out(mhc, two_runs, tmp_path, kind):
    damaged = complete_run(write_run(tmp_path / "outputs" / "c"))
    (damaged / "attempts" / "001" / "end.json").write_text("{", encoding="utf-8")
    result = mhc("plot", kind)
    assert result.exit_code == 0
    assert "Left out: 1 run that did not complete." in result.stderr


def test_without_a_priority_class_clinical_figures_are_refused(mhc, tmp_path):
    complete_run(write_run(tmp_path / "outputs" / "a", priority_class=None))
    for kind in ("clinical", "decision"):
        result = mhc("plot", kind)
        assert result.exit_code == 1 and "priority class" in result.stderr
    for kind in ("seeds", "confusion"):
        assert mhc("plot", kind).exit_code == 0


def test_a_folder_where_nothing_can_be_written_is_said_to_be_one(mhc, two_runs):
    result = mhc("plot", "seeds", "--output", "/proc/seeds.png")
    assert result.exit_code == 1
    assert "--output=/proc/seeds.png cannot be written: " in result.stderr
