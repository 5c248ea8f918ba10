import pytest
from typer.testing import CliRunner
from written_runs import write_failed_run, write_run

from mental_health_classifier.cli.app import app


@pytest.fixture
def mhc(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return lambda *arguments: CliRunner().invoke(app, list(arguments))


def test_the_page_is_written_and_named(mhc, tmp_path):
    write_run(tmp_path / "outputs" / "a")
    result = mhc("report")
    assert result.exit_code == 0, result.output
    assert "1 run, see report.html." in result.stderr
    assert (tmp_path / "report.html").read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["outputs", "report.html"]
    again = mhc("report")
    assert again.exit_code == 1 and "Give --force" in again.stderr
    assert mhc("report", "--force").exit_code == 0


def test_a_condition_chooses_runs(mhc, tmp_path):
    write_run(tmp_path / "outputs" / "a", recall=0.9, run={"name": "chosen"})
    write_run(tmp_path / "outputs" / "b", recall=0.5, run={"name": "left_out"})
    assert mhc("report", "--where", "final_recall_at_spec80 > 0.8").exit_code == 0
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "chosen" in page and "left_out" not in page
    none = mhc("report", "--where", "seed == 99", "--output", "b.html")
    assert none.exit_code == 1 and "none of the 2 runs is like that" in none.stderr
    unknown = mhc("report", "--where", "final_acuracy > 1", "--output", "b.html")
    assert unknown.exit_code == 1 and "Similar: final_accuracy" in unknown.stderr
    assert not (tmp_path / "b.html").exists()


def test_more_runs_than_a_browser_opens_are_refused_with_what_to_do(mhc, tmp_path, monkeypatch):
    monkeypatch.setattr("mental_health_classifier.cli.report.MOST_RUNS", 1)
    for name in "ab":
        write_run(tmp_path / "outputs" / name, run={"name": name})
    result = mhc("report")
    assert result.exit_code == 1
    assert "A page about 2 runs is more than a browser opens; at most 1 go into" in result.stderr
    assert not (tmp_path / "report.html").exists()
    assert mhc("report", "--where", "experiment_name == 'a'").exit_code == 0


def test_a_table_to_be_read_ends_after_the_best_runs_and_files_have_all(mhc, tmp_path, monkeypatch):
    monkeypatch.setattr("mental_health_classifier.cli.compare.MOST_LINES", 2)
    for name, recall in (("low", 0.1), ("high", 0.9), ("middle", 0.5)):
        run = {"name": name, "configuration_hash": name * 4}
        write_run(tmp_path / "outputs" / name, recall=recall, run=run)
    table = mhc("compare")
    assert table.exit_code == 0
    assert "high" in table.stdout and "middle" in table.stdout and "low" not in table.stdout
    assert "1 more; all: --csv - or --json, some: --where." in table.stderr
    assert "low" not in mhc("compare", "--runs").stdout
    for whole in (("--json",), ("--csv", "-"), ("--markdown",)):
        assert all(name in mhc("compare", *whole).stdout for name in ("low", "high", "middle"))


def test_without_runs_nothing_is_written(mhc, tmp_path):
    result = mhc("report")
    assert result.exit_code == 1 and "No runs in outputs, multirun yet" in result.stderr
    assert not list(tmp_path.iterdir())


def test_only_failed_runs_give_a_page(mhc, tmp_path):
    write_failed_run(tmp_path / "outputs" / "a")
    assert mhc("report").exit_code == 0
    assert "InputError: data.path=x is gone" in (tmp_path / "report.html").read_text()
