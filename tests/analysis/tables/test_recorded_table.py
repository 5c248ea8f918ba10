import json
import shutil
from pathlib import Path

import pandas as pd
import pytest
from written_runs import write_failed_run, write_run

from mental_health_classifier.analysis.tables import recorded_table as module
from mental_health_classifier.analysis.tables.recorded_table import FILE_NAME, recorded_table
from mental_health_classifier.analysis.tables.run_table import run_table
from mental_health_classifier.tracking.record.annotations import annotate
from mental_health_classifier.tracking.record.run_summary import read_run
from mental_health_classifier.tracking.run_index import find_runs


@pytest.fixture
def root(tmp_path: Path, monkeypatch) -> Path:
    monkeypatch.setattr(module, "FEWEST", 1)
    root = tmp_path / "outputs"
    for number in range(3):
        write_run(root / "day" / str(number), recall=0.7 + number / 10)
    write_run(root / "other", classes=("ptsd", "control"), priority_class="ptsd")
    write_failed_run(root / "day" / "failed")
    write_run(root / "killed", left_out=("end.json",))
    return root


@pytest.fixture
def num_read(monkeypatch) -> list[str]:
    """Names of the runs whose rows are made anew."""
    read: list[str] = []

    def counting(directory: str, name: str):
        read.append(name)
        return read_anew(directory, name)

    read_anew = module._read_anew
    monkeypatch.setattr(module, "_read_anew", counting)
    return read


def expected(*roots: Path) -> pd.DataFrame:
    runs = find_runs(roots)
    judges = pd.array([run.judges_posts for run in runs], dtype="boolean")
    return ordered(run_table(runs).assign(judges_posts=judges))


def ordered(table: pd.DataFrame) -> pd.DataFrame:
    return table[sorted(table.columns)].sort_values("directory", ignore_index=True)


def check(*roots: Path) -> None:
    pd.testing.assert_frame_equal(ordered(recorded_table(roots)), expected(*roots))


def test_a_kept_table_says_what_the_records_say(root: Path, num_read: list[str]) -> None:
    check(root)
    assert (root / FILE_NAME).exists()
    num_read.clear()
    check(root)
    # What has not ended is read each time.
    assert num_read == ["killed"]


def test_recalls_of_classes_stand_before_the_headline_however_a_table_came_about(root) -> None:
    for _ in range(2):
        columns = list(recorded_table(root).columns)
        first = columns.index("final_f1_macro") + 1
        recalls = columns[first : columns.index("final_recall_at_spec80")]
        assert set(recalls) == {
            f"final_recall_{name}" for name in ("suicide", "anxiety", "control", "ptsd")
        }


def test_what_was_added_changed_renamed_or_deleted_is_seen(root: Path, num_read) -> None:
    recorded_table(root)
    num_read.clear()
    write_run(root / "new", recall=0.9)
    annotate(root / "other", [("name", "renamed"), ("tag", "pilot")], by="me")
    shutil.rmtree(root / "day" / "0")
    end = root / "day" / "1" / "attempts" / "001" / "end.json"
    content = json.loads(end.read_text())
    content["metrics"]["test/accuracy"] = 0.125
    end.write_text(json.dumps(content))
    check(root)
    assert sorted(num_read) == ["day/1", "killed", "new", "other"]
    num_read.clear()
    check(root)
    assert num_read == ["killed"]


def test_a_run_counts_once_however_many_ways_lead_to_it(root: Path, tmp_path: Path) -> None:
    (tmp_path / "linked").mkdir()
    (tmp_path / "linked" / "again").symlink_to(root / "day" / "2")
    for _ in range(2):
        table = recorded_table([root, root / "day", tmp_path / "linked"])
        assert table["run_id"].is_unique
        assert len(table) == 6


def test_folders_are_named_as_they_were_reached(root: Path, tmp_path: Path, monkeypatch) -> None:
    recorded_table(root)
    monkeypatch.chdir(tmp_path)
    check(Path("outputs"))
    monkeypatch.chdir(root)
    check(Path("."))


def test_the_impact_of_the_vocabulary_pairs_kept_runs_with_new_ones(root: Path) -> None:
    run = {"name": "a", "config": {}, "configuration_hash": "a" * 16}
    write_run(root / "treated", recall=0.9, run=run | {"variants": ["umls_enhanced"]})
    recorded_table(root)
    run["configuration_hash"] = "b" * 16
    write_run(root / "control", recall=0.8, run=run | {"variants": ["umls_shuffled"]})
    for _ in range(2):
        table = recorded_table(root).set_index("experiment_name")
        assert table["vocabulary_impact"].dropna().tolist() == pytest.approx([0.1])
        check(root)


def test_tables_of_many_pieces_are_that_of_all_runs(root: Path, monkeypatch) -> None:
    monkeypatch.setattr(module, "_RUNS_AT_A_TIME", 2)
    check(root)


def test_a_damaged_table_costs_nothing_but_time(root: Path, num_read) -> None:
    recorded_table(root)
    whole = (root / FILE_NAME).read_bytes()
    (root / FILE_NAME).write_bytes(whole[:-1])
    num_read.clear()
    check(root)
    assert len(num_read) == 6


def test_few_runs_keep_no_table_and_no_folder_has_to_be_writable(root: Path, monkeypatch) -> None:
    monkeypatch.setattr(module, "FEWEST", 10)
    check(root)
    assert not (root / FILE_NAME).exists()
    monkeypatch.setattr(module, "FEWEST", 1)

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module, "write_table", full)
    check(root)
    assert not (root / FILE_NAME).exists()


def test_no_runs_have_the_columns_of_any(tmp_path: Path) -> None:
    check(tmp_path / "missing")
    assert len(recorded_table([])) == 0


def test_a_run_that_was_resumed_is_read_again(root: Path) -> None:
    recorded_table(root)
    attempt = root / "day" / "failed" / "attempts" / "002"
    attempt.mkdir()
    (attempt / "lock").touch()
    shutil.copy(root / "killed" / "attempts" / "001" / "start.json", attempt / "start.json")
    table = recorded_table(root).set_index("directory")
    assert table.loc[str(root / "day" / "failed"), "status"] == "killed"
    assert read_run(root / "day" / "failed").status == "killed"
