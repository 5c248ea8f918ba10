"""Runs of MLflow's file store and database, written as its client writes them."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from mental_health_classifier.analysis.model_card import model_card
from mental_health_classifier.cli.app import app
from mental_health_classifier.contracts import InputError
from mental_health_classifier.tracking.importing.foreign_records import (
    Imported,
    import_foreign,
    name_here,
)
from mental_health_classifier.tracking.importing.foreign_run import ForeignRun
from mental_health_classifier.tracking.importing.mlflow_runs import DELETED, read_mlflow
from mental_health_classifier.tracking.importing.trackers import runs_of
from mental_health_classifier.tracking.provenance.replay import refuse_external
from mental_health_classifier.tracking.record.assessments import task_of
from mental_health_classifier.tracking.record.resumption import resumable_run
from mental_health_classifier.tracking.run_index import find_runs
from mental_health_classifier.tracking.selection.candidates import (
    candidates_among,
    comparable_runs,
)

ID = "a575c68d7e642bc9ce34ffcf5813bc9"


def write_store(folder: Path, *, runs: int = 1, **changes: Any) -> Path:
    """A store with one experiment; returns the folder of its last run."""
    experiment = folder / "mlruns" / "6004"
    experiment.mkdir(parents=True)
    (experiment / "meta.yaml").write_text(
        yaml.safe_dump({"name": "pilot", "experiment_id": "6004"})
    )
    for number in range(runs):
        run = experiment / f"{number}{ID}"
        meta = {
            **{"run_id": f"{number}{ID}", "run_name": "tuned", "status": 3},
            **{"start_time": 1795949806621, "end_time": 1795949808121, "user_id": "somebody"},
            **{"lifecycle_stage": "active", **changes},
        }
        files = {
            "meta.yaml": yaml.safe_dump(meta),
            "params/model": "roberta-base",
            "params/random_state": str(number),
            "params/optimizer.name": "adamw\n",
            "metrics/val/acc": "5 0.7 2\n4 0.6 1\n",
            "metrics/test_f1": "6 0.5 0\n7 nan 1\n",
            "metrics/f1": "6 0.4 0\n",
            "tags/mlflow.note.content": "a pilot",
            "tags/mlflow.user": "somebody",
            "tags/mlflow.source.git.commit": "a1b2c3",
            "tags/stage": "first",
        }
        for name, content in files.items():
            (run / name).parent.mkdir(parents=True, exist_ok=True)
            (run / name).write_text(content)
    return experiment / f"{runs - 1}{ID}"


def write_database(path: Path, *, runs: int = 1) -> Path:
    """The runs of `write_store` in the tables of MLflow that matter here."""
    path.parent.mkdir(exist_ok=True)
    pairs = "(key TEXT, value TEXT, run_uuid TEXT)"
    change(
        path,
        "CREATE TABLE experiments (experiment_id INTEGER, name TEXT)",
        "INSERT INTO experiments VALUES (6004, 'pilot')",
        "CREATE TABLE runs (run_uuid TEXT, name TEXT, status TEXT, start_time BIGINT, "
        "end_time BIGINT, lifecycle_stage TEXT, experiment_id INTEGER)",
        f"CREATE TABLE params {pairs}; CREATE TABLE tags {pairs}",
        "CREATE TABLE metrics (key TEXT, value FLOAT, timestamp BIGINT, run_uuid TEXT, "
        "step BIGINT, is_nan BOOLEAN)",
        *(statement for number in range(runs) for statement in statements(number)),
    )
    return path


def statements(number: int) -> list[str]:
    run = f"'{number}{ID}'"
    return [
        f"INSERT INTO runs VALUES ({run}, 'tuned', 'FINISHED', 1795949806621, 1795949808121, "
        "'active', 6004)",
        f"INSERT INTO params VALUES ('model', 'roberta-base', {run}), "
        f"('optimizer.name', 'adamw', {run}), ('random_state', '{number}', {run})",
        f"INSERT INTO tags VALUES ('mlflow.note.content', 'a pilot', {run}), "
        f"('mlflow.source.git.commit', 'a1b2c3', {run}), ('mlflow.user', 'somebody', {run}), "
        f"('stage', 'first', {run})",
        f"INSERT INTO metrics VALUES ('f1', 0.4, 6, {run}, 0, 0), "
        f"('test_f1', 0.5, 6, {run}, 0, 0), ('test_f1', 0, 7, {run}, 1, 1), "
        f"('val/acc', 0.7, 5, {run}, 2, 0), ('val/acc', 0.6, 4, {run}, 1, 0)",
    ]


def change(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.executescript(";".join(statements))


def test_a_run_has_what_mlflow_knows_and_no_more(tmp_path) -> None:
    write_store(tmp_path)
    found = list(read_mlflow(tmp_path / "mlruns"))
    wanted = {"f1": "test/f1/suicide"}
    imported = import_foreign(found, tmp_path / "out", tracker="mlflow", metrics=wanted)
    assert len(found) == 1 and imported == Imported(num_new=1)
    (run,) = find_runs(tmp_path / "out")
    assert (run.status, run.problems, run.id) == ("completed", (), f"0{ID[:11]}")
    assert (run.name, run.model, run.seed, run.tags) == (
        "tuned",
        "roberta-base",
        0,
        ("stage=first",),
    )
    assert (run.description, run.commit, run.is_dirty) == ("a pilot", "a1b2c3", None)
    # The last value of test_f1 was not a number, which an earlier one does not make up for.
    assert run.metrics == {"val/accuracy": 0.7, "test/f1": None, "test/f1/suicide": 0.4}
    assert run.duration_seconds == 1.5 and run.created_at == "2026-11-29T10:56:46.621000+00:00"
    assert run.configuration["params"] == {"model": "roberta-base", "optimizer.name": "adamw"}
    lines = (run.directory / "metrics.jsonl").read_text().splitlines()
    assert len(lines) == 3 and '"val/accuracy":0.6' in lines[1].replace(" ", "")
    assert "somebody" not in "".join(p.read_text() for p in run.directory.rglob("*.json*"))
    card = model_card(run)
    assert "mlflow has no predictions" in card and "They have no intervals" in card


def test_runs_come_once_and_seeds_share_their_configuration(tmp_path) -> None:
    write_store(tmp_path, runs=3)
    found = list(read_mlflow(tmp_path))
    out = tmp_path / "out"
    assert import_foreign(found, out, tracker="mlflow", metrics={}) == Imported(num_new=3)
    runs = find_runs(out)
    assert len({run.configuration_hash for run in runs}) == 1
    assert import_foreign(found, out, tracker="mlflow", metrics={}) == Imported(num_there=3)
    with pytest.raises(InputError, match="same first 12 signs"):
        import_foreign([*found, *found], out, tracker="mlflow", metrics={})


@pytest.mark.parametrize(
    ("status", "said"), [(4, "failed"), ("KILLED", "interrupted"), (1, "interrupted")]
)
def test_what_did_not_finish_there_is_not_completed_here(tmp_path, status, said) -> None:
    write_store(tmp_path, status=status, end_time=None)
    import_foreign(read_mlflow(tmp_path), tmp_path / "out", tracker="mlflow", metrics={})
    (run,) = find_runs(tmp_path / "out")
    assert run.status == said and "mlflow" in (run.problem or "")
    with pytest.raises(InputError, match="imported from mlflow"):
        resumable_run(run.directory)


def test_a_run_that_still_runs_may_have_half_a_line_and_percent_are_no_shares(tmp_path) -> None:
    run = write_store(tmp_path, status=1, end_time=None)
    (run / "metrics" / "val" / "acc").write_text("4 60.0 1\n5 70.0 2\n6 7")
    import_foreign(read_mlflow(tmp_path), tmp_path / "out", tracker="mlflow", metrics={})
    (found,) = find_runs(tmp_path / "out")
    assert found.metrics["val/accuracy_percent"] == 70 and "val/accuracy" not in found.metrics


def test_half_a_run_is_not_passed_over(tmp_path) -> None:
    run = write_store(tmp_path, runs=2)
    (run / "meta.yaml").unlink()
    with pytest.raises(InputError, match=r"holds a run without its meta\.yaml"):
        list(read_mlflow(tmp_path))


def test_nothing_is_asked_of_an_imported_run_that_it_has_not(tmp_path) -> None:
    write_store(tmp_path)
    import_foreign(read_mlflow(tmp_path), tmp_path / "out", tracker="mlflow", metrics={})
    (run,) = find_runs(tmp_path / "out")
    assert comparable_runs([run]) == [] and candidates_among([run]) == []
    for ask in (task_of, refuse_external):
        with pytest.raises(InputError, match="imported from mlflow"):
            ask(run)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("metrics/test_f1", "6 0.5\n", r"test_f1:1 is no line of time, value and step"),
        ("meta.yaml", "run_id: [", "damaged"),
        ("meta.yaml", "run_id: ../../x\nstatus: 3\nstart_time: 1\n", "does not say id"),
        ("meta.yaml", f"run_id: 0{ID}\nstatus: 9\nstart_time: 1\n", "does not say id"),
        (
            "meta.yaml",
            f"run_id: 0{ID}\nstatus: 3\nstart_time: {10**20}\n",
            "time that there is not",
        ),
        ("meta.yaml", "!!python/object/apply:os.getcwd []", "damaged"),
    ],
)
def test_a_damaged_run_is_named_and_nothing_is_imported(tmp_path, name, content, message) -> None:
    run = write_store(tmp_path)
    (run / name).write_text(content)
    with pytest.raises(InputError, match=message):
        list(read_mlflow(tmp_path))


def test_a_deleted_run_is_left_out(tmp_path) -> None:
    write_store(tmp_path, lifecycle_stage="deleted")
    assert list(read_mlflow(tmp_path)) == [DELETED]


def test_a_run_is_the_same_in_a_database_and_in_files(tmp_path) -> None:
    write_store(tmp_path, runs=2)
    path = write_database(tmp_path / "database" / "mlflow.db", runs=2)
    before = path.read_bytes()
    assert list(read_mlflow(path)) == list(read_mlflow(path.parent))
    assert repr([*read_mlflow(path)]) == repr([*read_mlflow(tmp_path / "mlruns")])  # NaN is NaN
    assert path.read_bytes() == before and [*path.parent.iterdir()] == [path]


def test_infinite_values_and_deleted_runs_are_told_in_a_database(tmp_path) -> None:
    path = write_database(tmp_path / "store.sqlite3", runs=2)
    change(
        path,
        "UPDATE metrics SET value = -1.7976931348623157e308 WHERE key = 'f1'",
        f"UPDATE runs SET lifecycle_stage = 'deleted' WHERE run_uuid = '1{ID}'",
    )
    run, deleted = read_mlflow(tmp_path)
    assert isinstance(run, ForeignRun) and deleted == DELETED
    assert run.history["f1"] == [(0, float("-inf"))]


def test_what_a_killed_process_had_begun_to_write_is_taken_back(tmp_path) -> None:
    path = write_database(tmp_path / "made.db")
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA cache_spill=1")
        connection.execute("PRAGMA cache_size=1")
        connection.execute("UPDATE runs SET name = 'begun'")
        connection.execute("CREATE TABLE filling AS SELECT zeroblob(100000) AS zeros")
        (left := tmp_path / "left").mkdir()
        for end in ("", "-journal"):
            (left / f"mlflow.db{end}").write_bytes((tmp_path / f"made.db{end}").read_bytes())
    (run,) = read_mlflow(left)
    assert isinstance(run, ForeignRun) and run.name == "tuned"
    assert {each.name for each in left.iterdir()} == {"mlflow.db", "mlflow.db-journal"}


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ("ALTER TABLE metrics RENAME COLUMN step TO at", "lacks step in its table metrics"),
        ("DROP TABLE params; CREATE VIEW params AS SELECT * FROM tags", "lacks a table params"),
        ("UPDATE metrics SET value = 'high'", "damaged"),
        ("UPDATE runs SET status = 'ASLEEP'", "does not say id, start and status"),
        ("UPDATE runs SET start_time = 'noon'", "does not say id, start and status"),
    ],
)
def test_a_database_of_another_version_is_refused(tmp_path, changed, message) -> None:
    path = write_database(tmp_path / "mlflow.db")
    change(path, changed)
    with pytest.raises(InputError, match=message):
        list(read_mlflow(tmp_path))


def test_what_is_no_database_is_refused_and_another_program_s_passed_over(tmp_path) -> None:
    whole = write_database(tmp_path / "mlflow.db").read_bytes()
    for content in (b"SQLite", whole[: len(whole) // 2], b""):
        (tmp_path / "mlflow.db").write_bytes(content)
        with pytest.raises(InputError, match=r"mlflow\.db (is damaged|lacks)"):
            list(read_mlflow(tmp_path))
    (tmp_path / "mlflow.db").unlink()
    change(other := tmp_path / "other.db", "CREATE TABLE experiments (name TEXT)")
    with pytest.raises(InputError, match="holds no runs of MLflow"):
        list(runs_of("mlflow", tmp_path))
    with pytest.raises(InputError, match=r"other\.db lacks experiment_id in its table"):
        list(runs_of("mlflow", other))


def test_the_command_says_what_is_missing(tmp_path, monkeypatch) -> None:
    write_store(tmp_path)
    monkeypatch.chdir(tmp_path)
    ran = CliRunner().invoke(app, ["import", "mlflow", "mlruns", "--metric", "test/accuracy=f1"])
    assert ran.exit_code == 0 and "1 run of MLflow imported" in ran.output
    assert "Missing, because MLflow does not know it" in ran.output
    refused = CliRunner().invoke(app, ["import", "mlflow", "mlruns", "--metric", "test/x=nothing"])
    assert "no run has a metric nothing" in refused.output
    assert CliRunner().invoke(app, ["report", "--output", "r.html"]).exit_code == 0
    said = Path("r.html").read_text(encoding="utf-8")
    assert "1 completed run of another tracker cannot be ranked" in said
    assert "No other was completed, so that there is nothing to compare." in said


def test_names_of_metrics_with_a_part_in_front_are_ours() -> None:
    for theirs, ours in (
        ("valid_acc", "val/accuracy"),
        ("test.macro_f1", "test/f1_macro"),
        ("dev/loss", "val/loss"),
        ("latest", "latest"),
        ("testament", "testament"),
        ("Accuracy/test", "test/accuracy"),
        ("eval/f1", "val/f1"),
    ):
        assert name_here(theirs, {}) == ours
