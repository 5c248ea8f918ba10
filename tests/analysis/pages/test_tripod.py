"""The TRIPOD+AI list of a run."""

from __future__ import annotations

import csv
from io import StringIO
from itertools import groupby
from pathlib import Path

import pytest
import written_runs
from typer.testing import CliRunner
from written_runs import write_failed_run, write_pretraining_run, write_run

from mental_health_classifier.analysis.pages.tripod import tripod
from mental_health_classifier.cli.app import app
from mental_health_classifier.contracts import InputError
from mental_health_classifier.tracking.record.run_summary import read_run

ONLY_AUTHORS_KNOW = {"1", "3b", "5b", "6a", "8b", "17", "18a", "18b", "19", "25", "26", "27c"}


def listed(run: Path) -> dict[str, str]:
    _, items, _, _, shown, reported = [column.cells for column in tripod(read_run(run))]
    assert not any(reported)
    return dict(zip(map(str, items), map(str, shown), strict=True))


def test_every_item_is_there_once_and_in_order(tmp_path: Path) -> None:
    items = [*listed(write_run(tmp_path / "run"))]
    assert [n for n, _ in groupby(int(each.rstrip("abcdefg")) for each in items)] == [*range(1, 28)]
    assert len(items) == 52


def test_items_say_whether_they_are_about_development_or_evaluation(tmp_path: Path) -> None:
    columns = tripod(read_run(write_run(tmp_path / "run")))
    about = dict(zip(columns[1].cells, columns[2].cells, strict=True))
    # As Table 2 of the statement marks them.
    assert {item for item, study in about.items() if study == "D"} == {
        *("9a", "12a", "12b", "12c", "15", "22", "27a", "27b"),
    }
    assert {item for item, study in about.items() if study == "E"} == {"12f", "12g", "20c", "24"}
    assert {*about.values()} == {"D", "E", "D;E"}


def test_what_the_record_shows_is_filled_in_and_nothing_else(tmp_path: Path) -> None:
    found = listed(write_run(tmp_path / "run", recall=0.8))
    assert "recall at specificity .80: .800 [.76, .83]." in found["23a"]
    assert "The class that must not be missed: suicide." in found["8a"]
    assert "A probability of each class." in found["15"]
    assert {item for item in ONLY_AUTHORS_KNOW if found[item]} == set()


def test_rows_that_were_left_out_are_told_with_their_reasons(tmp_path: Path, monkeypatch) -> None:
    dropped = {"duplicate": {"rows": 13}, "no text": {"rows": 1}}
    monkeypatch.setitem(written_runs.ACCOUNT, "dropped", dropped)
    monkeypatch.setitem(written_runs.ACCOUNT, "scrubbed", {"user": 8})
    found = listed(write_run(tmp_path / "run"))
    assert found["11"] == "13 rows dropped: duplicate. 1 row dropped: no text."
    assert found["7"].startswith(f"{found['11']} Replaced in texts: user 8.")


def test_it_is_printed_as_markdown_and_csv_and_leaves_the_record(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run")
    before = sorted(tmp_path.rglob("*"))
    printed = CliRunner().invoke(app, ["card", str(run), "--format", "tripod"]).output
    assert printed.startswith("| section | item |") and "BMJ 2024" in printed
    rows = CliRunner().invoke(app, ["card", str(run), "--format", "tripod-csv"]).output
    assert {len(row) for row in csv.reader(StringIO(rows))} == {6}
    assert sorted(tmp_path.rglob("*")) == before
    refused = CliRunner().invoke(app, ["card", str(run), "--format", "word"])
    assert "expected markdown, huggingface, tripod or tripod-csv" in refused.output


@pytest.mark.parametrize(
    ("write", "said"),
    [(write_failed_run, "only a completed run"), (write_pretraining_run, "masked tokens")],
)
def test_a_run_without_predictions_has_none(tmp_path: Path, write, said: str) -> None:
    with pytest.raises(InputError, match=said):
        tripod(read_run(write(tmp_path / "run")))


def test_a_run_of_another_tracker_has_none(tmp_path: Path) -> None:
    imported = {"imported": {"from": "mlflow", "experiment": "x", "run": "y"}}
    with pytest.raises(InputError, match="imported from mlflow"):
        tripod(read_run(write_run(tmp_path / "run", run=imported)))
