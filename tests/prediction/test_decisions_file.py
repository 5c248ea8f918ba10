"""`mhc predict`: a file of posts becomes a file of decisions."""

from __future__ import annotations

import csv
import errno
import os
import shutil
from contextlib import contextmanager
from pathlib import Path
from signal import SIGKILL
from unittest.mock import patch

import pytest
from resealed_runs import reseal
from resuming import in_child
from trained_runs import write_posts

from mental_health_classifier.data.reading import posts_to_judge
from mental_health_classifier.evaluation.calibration import calibrated
from mental_health_classifier.prediction import decisions_file
from mental_health_classifier.prediction.decisions_file import write_decisions
from mental_health_classifier.prediction.predictor import Predictor
from mental_health_classifier.storage.files import read_json, write_json
from mental_health_classifier.storage.json_lines import read_records
from mental_health_classifier.tracking.record.certificates import recorded_predictions

CANARY = "zanzibarcanary"
RUN = "outputs/tfidf_logistic"


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.fixture
def posts(runs, tmp_path) -> Path:
    return write_posts(tmp_path / "posts.csv", runs["tfidf_logistic"], rows=120)


def predict(mhc, posts, *options, output="decisions.csv", run=RUN):
    return mhc(
        *("predict", posts, "--run", run, "--output", output, "--column", "text=body"), *options
    )


def test_every_post_gets_a_decision_and_no_text_is_left(mhc, posts, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(decisions_file, "POSTS_AT_ONCE", 50)
    with posts.open("a", encoding="utf-8") as file:
        file.write(f"{CANARY} is what i feel today and that is all,control,x\n,control,y\n")
    result = predict(mhc, posts, "--audit-sample", "5")
    assert result.exit_code == 0, result.output
    rows = rows_of(tmp_path / "decisions.csv")
    assert len(rows) == 122 and {row["is_certified"] for row in rows} == {"yes"}
    assert (rows[-1]["decision"], rows[-1]["reason"]) == ("refer", "empty_text")
    assert rows[0]["post"] == "posts.csv:2"
    assert sum(float(value) for key, value in rows[0].items() if key[:2] == "p_") == pytest.approx(
        1, abs=1e-5
    )
    (line,) = read_records(tmp_path / RUN / "assessments" / "decisions.jsonl").records
    assert line["posts"] == 122 and sum(line["decisions"].values()) == 122
    assert len(line["model_sha256"]) == 64 and line["promise"]["required_recall"] == 0.9
    audit = [row["post"] for row in rows_of(tmp_path / "decisions-audit.csv")]
    quiet = {row["post"] for row in rows if row["decision"] == "no_alert"}
    assert len(audit) == min(5, len(quiet)) and set(audit) <= quiet
    written = [path for path in tmp_path.rglob("*") if path.is_file() and path != posts]
    assert not [path for path in written if CANARY.encode() in path.read_bytes().lower()]
    assert CANARY not in result.output


def test_a_network_decides_as_its_stored_predictions_say_at_the_temperature_of_val(
    mhc, runs, tmp_path
) -> None:
    run = runs["baseline_micro"]
    posts = write_posts(tmp_path / "posts.csv", run, rows=30)
    result = predict(mhc, posts, "--uncertified", run="outputs/baseline_micro")
    assert result.exit_code == 0, result.output
    temperature = read_json(run.directory / "assessments" / "calibration.json")["temperature"]
    assert temperature != pytest.approx(1)
    stored = calibrated(recorded_predictions(run, ["test"])["test"], temperature)
    decided = rows_of(tmp_path / "decisions.csv")
    for row, expected in zip(decided, stored.priority_scores[:30], strict=True):
        assert float(row["p_suicide"]) == pytest.approx(expected, abs=3e-6)


def test_what_a_killed_command_left_is_swept_by_the_next(mhc, posts, tmp_path) -> None:
    folder = tmp_path / "decided"
    folder.mkdir()

    def die_while_writing() -> None:
        with patch.object(decisions_file, "force_to_disk", lambda _: os.kill(os.getpid(), SIGKILL)):
            predict(mhc, posts, "--uncertified", output=folder / "one.csv")

    assert in_child(die_while_writing) != 0
    (left,) = folder.iterdir()
    assert left.stat().st_size > 0
    assert predict(mhc, posts, "--uncertified", output=folder / "two.csv").exit_code == 0
    assert [path.name for path in folder.iterdir()] == ["two.csv"]


def test_lists_in_place_of_posts_are_told_as_that(mhc, tmp_path) -> None:
    lists, mixed = tmp_path / "lists.jsonl", tmp_path / "mixed.jsonl"
    lists.write_text('{"body": ["a"]}\n{"body": ["b"]}\n')
    result = predict(mhc, lists, "--uncertified", output="lists.csv")
    assert result.exit_code == 1 and "every row holds a list or object" in result.stderr
    mixed.write_text('{"body": "i am sad"}\n{"body": ["b"]}\n')
    assert predict(mhc, mixed, "--uncertified", output="mixed.csv").exit_code == 0
    reasons = [row["reason"] for row in rows_of(tmp_path / "mixed.csv")]
    assert reasons[1] == "unreadable_row" != reasons[0]


def test_an_existing_output_is_not_replaced(mhc, posts, tmp_path) -> None:
    (tmp_path / "decisions.csv").write_text("mine")
    result = predict(mhc, posts)
    assert result.exit_code == 1 and "not replaced" in result.stderr
    assert (tmp_path / "decisions.csv").read_text() == "mine"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("body,label\n", "holds no posts"),
        ("", "no column 'body'"),
        ("body,label\ni slept well,a\nand then it was c", "ends in the middle of row"),
        ("text,label\nx,y\n", "no column 'body'"),
    ],
)
def test_a_bad_file_leaves_nothing_behind(mhc, tmp_path, content, message) -> None:
    (tmp_path / "bad.csv").write_text(content)
    before = {path for path in tmp_path.rglob("*")}
    result = predict(mhc, "bad.csv")
    assert result.exit_code == 1 and message in result.stderr
    assert {path for path in tmp_path.rglob("*")} == before


def test_a_damaged_row_is_referred(mhc, tmp_path) -> None:
    (tmp_path / "some.csv").write_text("body,label\na,b,c,d\ni slept well today my friend,x\n")
    assert predict(mhc, "some.csv").exit_code == 0
    first = rows_of(tmp_path / "decisions.csv")[0]
    assert (first["decision"], first["reason"]) == ("refer", "unreadable_row")
    assert not any(value for name, value in first.items() if name.startswith("p_"))
    assert first["post"] == "some.csv:2"


def test_without_a_certificate_every_row_says_so(mhc, posts, tmp_path) -> None:
    shutil.rmtree(tmp_path / RUN / "assessments")
    reseal(tmp_path / RUN)
    refused = predict(mhc, posts)
    assert refused.exit_code == 1 and "--uncertified" in refused.stderr
    assert not (tmp_path / "decisions.csv").exists()
    allowed = predict(mhc, posts, "--uncertified")
    assert allowed.exit_code == 0 and "nothing is promised" in allowed.stderr
    assert {row["is_certified"] for row in rows_of(tmp_path / "decisions.csv")} == {"no"}


def test_posts_of_another_kind_void_the_certificate(mhc, posts, tmp_path) -> None:
    with (tmp_path / "other.csv").open("w", encoding="utf-8") as file:
        file.write("body\n" + "i had a long day of this and of that and of it all. " * 20 + "\n")
        file.writelines(
            f"i had a day of {n} and of that and of it all {'so ' * 99}\n" * 1 for n in range(200)
        )
    result = predict(mhc, "other.csv")
    assert result.exit_code == 0 and "certificate is void" in result.stderr
    # Rows and audit line say the same.
    assert {row["is_certified"] for row in rows_of(tmp_path / "decisions.csv")} == {"no"}
    (line,) = read_records(tmp_path / RUN / "assessments" / "decisions.jsonl").records
    assert line["is_void"] and line["is_drifting"] and not line["is_certified"]
    assert line["promise"] is not None
    assert "Warning" not in predict(mhc, posts, output="same.csv").stderr


def test_cells_that_a_spreadsheet_would_run_are_shown_in_place(mhc, tmp_path) -> None:
    ids = ["=1+1", "+cmd", "-x", "@sum", "-5", "'=1", "plain"]
    lines = [f"{each},i slept well today my friend" for each in ids]
    (tmp_path / "some.csv").write_text("\n".join(["id,body", *lines]) + "\n")
    assert predict(mhc, "some.csv").exit_code == 0
    found = [row["post"] for row in rows_of(tmp_path / "decisions.csv")]
    assert found == ["'=1+1", "'+cmd", "'-x", "'@sum", "-5", "''=1", "plain"]


def test_columns_are_called_as_in_the_run(mhc, tmp_path) -> None:
    path = tmp_path / RUN / "run.json"
    content = read_json(path)
    content["config"]["data"]["columns"] = {"text": ["title", "body"], "id": "number"}
    write_json(path, content)
    reseal(tmp_path / RUN)
    (tmp_path / "some.csv").write_text("number,title,body\nn1,a good day,i slept well today\n")
    asked = ("predict", "some.csv", "--run", RUN, "--output", "d.csv")
    result = mhc(*asked)
    assert result.exit_code == 0, result.output
    assert rows_of(tmp_path / "d.csv")[0]["post"] == "n1"
    (tmp_path / "other.csv").write_text("a,b\n1,2\n")
    refused = mhc("predict", "other.csv", "--run", RUN, "--output", "e.csv")
    assert refused.exit_code == 1 and "--column text=NAME" in refused.stderr
    assert "data.columns" not in refused.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("predict", "folder", "--run", RUN, "--output", "d.csv"), "folder is not a file"),
        (("predict", "none.csv", "--run", RUN, "--output", "d.csv"), "does not exist"),
        (("explain", "outputs/baseline_micro", "--file", "folder", "--row", "3"), "not a file"),
        (("evaluate", RUN, "folder/a.csv", "--column", "txt=text"), "txt is nothing that"),
        (("predict", "folder/a.csv", "--run", RUN, "--output", "folder"), "not replaced"),
        (("predict", "folder/a.csv", "--run", RUN, "--output", "folder/a.csv/x"), "file lies"),
    ],
)
def test_what_cannot_be_decided_about_is_told_in_a_sentence(
    mhc, tmp_path, arguments, message
) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "a.csv").write_text("text\ni slept well today my friend\n")
    result = mhc(*arguments)
    assert result.exit_code == 1 and message in " ".join(result.stderr.split()), result.output


def test_a_record_that_takes_no_audit_line_is_found_before_a_post_is_read(
    mhc, posts, tmp_path, monkeypatch
) -> None:
    # As root, whom no permission stops; a folder in place of the file cannot be appended to.
    (tmp_path / RUN / "assessments" / "decisions.jsonl").mkdir()
    monkeypatch.setattr(posts_to_judge, "read_unlabelled", None)
    with pytest.raises(OSError, match=r"decisions\.jsonl"):
        write_decisions(
            Predictor.load(tmp_path / RUN), posts, tmp_path / "d.csv", columns={"text": "body"}
        )
    assert not (tmp_path / "d.csv").exists() and not list(tmp_path.glob(".tmp-*"))


def test_a_disk_that_is_full_leaves_neither_decisions_nor_audit_line(
    mhc, posts, tmp_path, monkeypatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(decisions_file, "append_record", full)
    result = predict(mhc, posts, "--audit-sample", "3")
    assert result.exit_code == 1 and "the disk is full" in result.stderr
    assert not list(tmp_path.glob("decisions*")) and not list(tmp_path.glob(".tmp-*"))
    assert not read_records(tmp_path / RUN / "assessments" / "decisions.jsonl").records


def test_of_two_with_one_output_one_decides_and_leaves_an_audit_line(
    mhc, posts, tmp_path, monkeypatch
) -> None:
    lock = decisions_file._alone_in

    @contextmanager
    def late(folder: Path):
        (tmp_path / "decisions.csv").write_text("of the other")
        with lock(folder):
            yield

    monkeypatch.setattr(decisions_file, "_alone_in", late)
    result = predict(mhc, posts)
    assert result.exit_code == 1 and "not replaced" in result.stderr
    assert (tmp_path / "decisions.csv").read_text() == "of the other"
    assert not (tmp_path / RUN / "assessments" / "decisions.jsonl").exists()
