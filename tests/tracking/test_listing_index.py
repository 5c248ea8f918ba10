import json
import os
import platform
import threading
from pathlib import Path

import pytest
from written_runs import write_failed_run, write_run

from mental_health_classifier.analysis.tables.run_facts import facts_of
from mental_health_classifier.storage.files import write_json
from mental_health_classifier.tracking import listing_index
from mental_health_classifier.tracking.listing_index import FILE_NAME
from mental_health_classifier.tracking.record.run_summary import read_run
from mental_health_classifier.tracking.run_index import find_runs, list_runs


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for number in range(3):
        write_run(tmp_path / "day" / str(number), recall=0.7)
    write_failed_run(tmp_path / "day" / "failed")
    write_run(tmp_path / "killed", left_out=("end.json",))
    return tmp_path


@pytest.fixture
def num_read(monkeypatch) -> list[Path]:
    """The runs that are read in full."""
    read: list[Path] = []

    def counting(directory: Path):
        read.append(directory)
        return read_run(directory)

    monkeypatch.setattr(listing_index, "read_run", counting)
    return read


def facts(runs) -> list[dict]:
    return [facts_of(run) for run in runs]


def test_a_list_says_the_same_with_and_without_index_as_the_whole_records(root: Path) -> None:
    expected = facts(find_runs([root]))
    assert len(expected) == 5
    assert facts(list_runs([root])) == expected
    assert (root / FILE_NAME).exists()
    assert facts(list_runs([root])) == expected


def test_only_runs_that_may_have_changed_are_read_again(root: Path, num_read) -> None:
    list_runs([root])
    assert len(num_read) == 5
    num_read.clear()
    list_runs([root])
    assert num_read == [root / "killed"]


def test_another_attempt_a_new_end_and_a_deleted_run_are_seen(root: Path) -> None:
    list_runs([root])
    attempt = root / "day" / "failed" / "attempts" / "002"
    attempt.mkdir()
    (attempt / "lock").touch()
    write_json(attempt / "start.json", {"host": platform.node(), "is_locked": True})
    end = root / "day" / "0" / "attempts" / "001" / "end.json"
    end.write_text(end.read_text()[:-1])
    for path in sorted((root / "day" / "1").rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    (root / "day" / "1").rmdir()
    statuses = {run.directory.name: run.status for run in list_runs([root])}
    assert statuses == {
        "0": "damaged",
        "2": "completed",
        "failed": "killed",
        "killed": "killed",
    }


def test_an_index_that_is_cut_or_changed_anywhere_never_lies(root: Path) -> None:
    expected = facts(list_runs([root]))
    index = root / FILE_NAME
    whole = index.read_bytes()
    for length in range(0, len(whole), 97):
        index.write_bytes(whole[:length])
        assert facts(list_runs([root])) == expected
    for content in (
        b"[]",
        b"{}",
        b'{"version":2}',
        b'{"version":1,"entries":{"day/0":1},"data":[]}',
    ):
        index.write_bytes(content)
        assert facts(list_runs([root])) == expected


def test_a_folder_that_cannot_be_written_is_listed_all_the_same(root: Path, monkeypatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr("mental_health_classifier.tracking.listing_index.write_atomically", refuse)
    assert len(list_runs([root])) == 5
    assert not (root / FILE_NAME).exists()


def test_each_run_is_listed_once_however_many_ways_lead_to_it(root: Path) -> None:
    (root / "link").symlink_to(root / "day")
    for _ in range(2):
        assert len(list_runs([root, root / "day", root])) == 5
        list_runs([root / "day"])


def test_a_root_that_was_moved_has_its_runs_at_the_new_place(root: Path, tmp_path: Path) -> None:
    list_runs([root])
    new = tmp_path.parent / f"{tmp_path.name}-moved"
    os.rename(root, new)
    assert {run.directory.parent for run in list_runs([new])} == {new, new / "day"}


def test_readers_and_a_writer_at_once_see_whole_runs_only(root: Path) -> None:
    problems: list[object] = []
    is_over = threading.Event()

    def read() -> None:
        while not is_over.is_set():
            runs = list_runs([root])
            names = {run.directory.name for run in runs}
            if not {"0", "1", "2", "failed", "killed"} <= names or any(r.problems for r in runs):
                problems.append([run.problems for run in runs])

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    for number in range(40):
        prepared = write_run(root / f".new-{number}")
        prepared.rename(root / f"new-{number}")
    is_over.set()
    for reader in readers:
        reader.join()
    assert problems == []
    assert len(list_runs([root])) == 45
    assert json.loads((root / FILE_NAME).read_text())["version"] == 3
