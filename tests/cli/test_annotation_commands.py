import json

import pytest
from typer.testing import CliRunner
from written_runs import write_pretraining_run, write_run

from mental_health_classifier.cli.app import app
from mental_health_classifier.tracking.provenance.environment import DETERMINISM
from mental_health_classifier.tracking.record.run_summary import read_run
from mental_health_classifier.tracking.tracker import Tracker


@pytest.fixture
def mhc(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("COLUMNS", raising=False)
    for variable, value in DETERMINISM.items():
        monkeypatch.setenv(variable, value)
    return lambda *arguments: CliRunner().invoke(app, arguments)


@pytest.fixture
def two_runs(tmp_path):
    """The better one is to be archived."""
    named = {"name": "winner", "tags": ["old"]}
    best = write_run(tmp_path / "outputs" / "a", recall=0.9, run=named)
    other = write_run(
        tmp_path / "outputs" / "b", run={"name": "other", "configuration_hash": "f" * 16}
    )
    return best, other


def test_notes_tags_and_names_are_shown_wherever_the_run_is(mhc, two_runs, tmp_path):
    markup = "<b>[red]bold[/]</b> &amp;"
    said = mhc("note", "outputs/a", markup, "--by", "Anna").stdout
    assert said.endswith("has 1 note.\n")
    assert "has tags: paper" in mhc("tag", "outputs/a", "paper", "--remove", "old").stdout
    assert "is called final model" in mhc("rename", "outputs/a", "final model").stdout
    shown = mhc("show", "outputs/a").stdout
    assert shown.startswith("final model") and "Tags: paper" in shown
    assert "Recorded as: winner; renamed 20" in shown
    assert f"UTC by Anna: {markup}" in shown
    (record,) = json.loads(mhc("show", "outputs/a", "--json").stdout)
    assert record["run"]["name"] == "winner" and len(record["annotations"]) == 4
    for command in (("runs",), ("compare",)):
        listed = mhc(*command).stdout
        assert "final model" in listed and markup in listed and "paper" in listed
    assert mhc("report", "--where", "'paper' in tags").exit_code == 0
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "final model" in page and "&lt;b&gt;[red]bold[/]&lt;/b&gt; &amp;amp;" in page
    assert markup not in page


def test_tags_given_later_choose_runs(mhc, two_runs):
    assert mhc("tag", "outputs/b", "paper", "two words").exit_code == 0

    def chosen(*arguments):
        return [row["experiment_name"] for row in json.loads(mhc(*arguments, "--json").stdout)]

    assert chosen("compare", "--where", "'two words' in tags") == ["other"]
    assert chosen("compare", "--where", "'paper' not in tags") == ["winner"]
    assert chosen("compare", "--where", "'pap' in tags or seed == 2") == []
    assert chosen("compare", "--tag", "paper") == ["other"]
    assert chosen("runs", "--tag", "paper", "--tag", "two words") == ["other"]
    result = mhc("compare", "--where", "3 in tags")
    assert result.exit_code == 1 and "3 is no tag" in result.stderr


def test_an_archived_run_is_hidden_counted_and_brought_back(mhc, two_runs):
    assert "is archived" in mhc("archive", "outputs/a").stdout
    for command in ("runs", "compare"):
        result = mhc(command)
        assert "other" in result.stdout and "winner" not in result.stdout
        assert "Left out: 1 archived run; --archived shows them." in result.stderr
        assert "winner" in mhc(command, "--archived").stdout
    result = mhc("report")
    assert "Left out: 1 archived run" in result.stderr and "1 run, see" in result.stderr
    assert "Archived: 20" in mhc("show", "outputs/a").stdout
    assert "is archived already" in mhc("archive", "outputs/a").stderr
    assert "listed again" in mhc("archive", "outputs/a", "--undo").stdout
    assert "winner" in mhc("runs").stdout
    assert "is listed" in mhc("archive", "outputs/a", "--undo").stderr


def test_an_archived_run_is_never_best_nor_cleaned_away_but_was_looked_at(mhc, two_runs, tmp_path):
    best, other = map(read_run, two_runs)
    first = json.loads(mhc("best", "--json").stdout)[0]
    assert (first["run"], first["looked_at"]) == (best.id, 2)
    mhc("archive", "outputs/a")
    result = mhc("best", "--json")
    first = json.loads(result.stdout)[0]
    assert (first["run"], first["looked_at"]) == (other.id, 2)
    assert "1 archived run: none is chosen" in result.stderr
    models = Tracker([tmp_path / "outputs"]).get_best_models()
    assert models["highest_accuracy"]["run"] == other.id
    assert mhc("clean", "--status", "completed").stdout == ""


def test_where_all_runs_are_archived_that_is_said(mhc, tmp_path):
    write_run(tmp_path / "outputs" / "a")
    mhc("archive", "outputs/a")
    assert "All runs in outputs, multirun are archived" in mhc("runs").stderr
    result = mhc("report")
    assert result.exit_code == 1 and "All runs in outputs, multirun are archived" in result.stderr
    assert "No run that judges posts" in mhc("best").stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("note", "nobody", "x"), "No run nobody"),
        (("note", "outputs/a", "\x1b[2J"), r"cannot be seen ('\x1b[2J')"),
        (("tag", "outputs/a"), "Give a tag to add"),
        (("tag", "outputs/a", "--remove", "none"), "has no tag none. It has: old."),
        (("tag", "outputs/a", "a,b"), "holds a comma"),
        (("rename", "outputs/a", ""), "The name is empty"),
        (("note", "outputs/a", "x", "--by", "y" * 61), "The name of a writer has 61"),
    ],
)
def test_bad_input_is_one_sentence_and_changes_nothing(mhc, two_runs, arguments, said):
    result = mhc(*arguments)
    assert result.exit_code == 1 and said in result.stderr.replace("\\\\", "\\")
    assert not (two_runs[0] / "annotations.jsonl").exists()


def test_what_judges_no_posts_can_be_annotated_too(mhc, tmp_path):
    write_pretraining_run(tmp_path / "outputs" / "p")
    mhc("rename", "outputs/p", "reads much")
    assert "reads much" in mhc("runs").stdout
