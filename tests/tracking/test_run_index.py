import errno
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from mental_health_classifier.contracts import InputError
from mental_health_classifier.storage.files import read_json, write_json
from mental_health_classifier.tracking.record import run_record
from mental_health_classifier.tracking.run_index import find_runs, list_runs, resolve_run


@pytest.fixture
def finished_run(record_run, monkeypatch):
    """Records a completed run in a directory; its facts can then be changed."""
    monkeypatch.setattr(run_record, "read_environment", dict)

    def finish(directory: str, **changes: object) -> Path:
        with record_run(directory) as record:
            record.finish(metrics={})
        path = record.directory / "run.json"
        write_json(path, read_json(path) | changes)
        return record.directory

    return finish


def test_runs_are_found_in_all_roots_newest_first(finished_run, tmp_path):
    finished_run("outputs/day/a", created_at="2026-01-02T00:00:00.000000+00:00")
    finished_run("multirun/day/sweep/0-b", created_at="2026-01-03T00:00:00.000000+00:00")
    finished_run("multirun/day/sweep/1-c", created_at="2026-01-01T00:00:00.000000+00:00")
    roots = [tmp_path / "outputs", tmp_path / "multirun", tmp_path / "missing"]
    assert [run.directory.name for run in find_runs(roots)] == ["0-b", "a", "1-c"]
    assert find_runs([]) == [] and find_runs([tmp_path / "missing"]) == []


def test_a_folder_without_a_record_is_no_run(finished_run, tmp_path):
    finished_run("run")
    (tmp_path / "notes" / "attempts").mkdir(parents=True)
    (tmp_path / "file").write_text("")
    assert len(find_runs([tmp_path])) == 1
    assert find_runs([tmp_path / "file"]) == []


def test_a_root_may_be_a_run(finished_run):
    directory = finished_run("run")
    assert [run.directory for run in find_runs([directory])] == [directory]


@pytest.mark.parametrize("read", [find_runs, list_runs])
@pytest.mark.parametrize("has_attempts", [False, True])
def test_a_record_that_lies_in_a_folder_of_runs_hides_none(
    finished_run, tmp_path, caplog, read, has_attempts
):
    directory = finished_run("outputs/day/run")
    write_json(tmp_path / "outputs" / "run.json", read_json(directory / "run.json"))
    (tmp_path / "outputs" / "day" / "run.json").write_text("{}")
    if has_attempts:
        (tmp_path / "outputs" / "attempts").mkdir()
    for _ in range(2):
        found = [run.directory for run in read([tmp_path / "outputs"])]
        assert directory in found
        assert found == [directory] or has_attempts
    assert "day/run.json belongs to no run" in caplog.text


def test_a_run_whose_attempts_were_deleted_is_listed_as_damaged(finished_run, tmp_path):
    directory = finished_run("outputs/run")
    shutil.rmtree(directory / "attempts")
    (run,) = find_runs([tmp_path])
    assert run.status == "damaged"


def test_nothing_inside_a_run_is_another_run(finished_run, tmp_path):
    directory = finished_run("run")
    finished_run("run/copies/run")
    assert [run.directory for run in find_runs([tmp_path])] == [directory]


def test_hidden_folders_and_caches_are_not_searched(finished_run, tmp_path):
    finished_run(".trash/run")
    finished_run("__pycache__/run")
    assert find_runs([tmp_path]) == []


def test_a_run_is_listed_once_however_many_ways_lead_to_it(finished_run, tmp_path):
    finished_run("outputs/run")
    (tmp_path / "outputs" / "loop").symlink_to(tmp_path / "outputs")
    (tmp_path / "outputs" / "self").symlink_to("self")
    (tmp_path / "outputs" / "nowhere").symlink_to("missing")
    (tmp_path / "elsewhere").symlink_to(tmp_path / "outputs" / "run")
    assert len(find_runs([tmp_path, tmp_path / "outputs", tmp_path])) == 1


def test_runs_on_another_disk_are_found_through_a_link(finished_run, tmp_path):
    finished_run("scratch/run")
    (tmp_path / "outputs").mkdir()
    (tmp_path / "outputs" / "today").symlink_to(tmp_path / "scratch")
    (run,) = find_runs([tmp_path / "outputs"])
    assert run.directory == tmp_path / "outputs" / "today" / "run"


def test_a_folder_that_may_not_be_read_is_passed_over_with_a_word(
    finished_run, tmp_path, monkeypatch, caplog
):
    finished_run("run")
    (tmp_path / "closed").mkdir()
    scandir = os.scandir

    def refuse_closed(folder):
        if os.path.basename(folder) == "closed":
            raise PermissionError(errno.EACCES, "Permission denied", folder)
        return scandir(folder)

    monkeypatch.setattr(os, "scandir", refuse_closed)
    assert len(find_runs([tmp_path])) == 1
    assert "closed while looking for runs: Permission denied" in caplog.text


def test_damaged_runs_are_listed_by_the_time_of_their_file(finished_run, tmp_path):
    finished_run("older", created_at="2026-01-02T00:00:00.000000+00:00")
    damaged = finished_run("damaged")
    finished_run("newer", created_at="2026-01-04T00:00:00.000000+00:00")
    (damaged / "run.json").write_text('{"id": ')
    third_of_january = 1767441600
    os.utime(damaged / "run.json", (third_of_january, third_of_january))
    runs = find_runs([tmp_path])
    assert [run.directory.name for run in runs] == ["newer", "damaged", "older"]
    assert runs[1].status == "damaged" and runs[1].id is None


def test_a_run_is_found_by_path_id_beginning_of_the_id_and_directory(finished_run, tmp_path):
    one = finished_run("outputs/15-04-05-one", id="abc123456789")
    two = finished_run("outputs/15-04-06-two", id="abd123456789")
    roots = [tmp_path / "outputs"]
    assert resolve_run(str(one), []).directory == one
    assert resolve_run(two, roots).directory == two
    assert resolve_run("abd123456789", roots).directory == two
    assert resolve_run("abc", roots).directory == one
    assert resolve_run("15-04-06-two", roots).directory == two


def test_a_reference_that_fits_several_runs_is_refused_with_their_ids(finished_run, tmp_path):
    finished_run("a/0-job", id="abc123456789")
    finished_run("b/0-job", id="abd123456789")
    for reference in ("ab", "0-job"):
        with pytest.raises(InputError, match=rf"2 runs are called {reference}:") as caught:
            resolve_run(reference, [tmp_path])
        assert "abc123456789" in str(caught.value) and "abd123456789" in str(caught.value)


def test_a_reference_that_fits_no_run_names_similar_ones(finished_run, tmp_path):
    finished_run("outputs/15-04-05-baseline", id="abc123456789")
    with pytest.raises(InputError, match=r"No run .* among the 1 below .*Did you mean") as caught:
        resolve_run("15-04-05-baselin", [tmp_path])
    assert "abc123456789" in str(caught.value)
    with pytest.raises(InputError, match="`mhc runs` lists them"):
        resolve_run("zzz", [tmp_path])
    for reference in ("", "x" * 10_000, "a\0b"):
        with pytest.raises(InputError, match="No run"):
            resolve_run(reference, [tmp_path])


def test_a_reader_never_sees_a_running_run_as_killed_or_damaged(start_child, tmp_path):
    child = start_child(
        """
        from mental_health_classifier.tracking.record import run_record

        run_record.read_environment = run_record.read_hardware = dict
        for number in range(40):
            with record(f"run-{number}") as run:
                run.write_data({"classes": []})
                run.finish(metrics={})
        """
    )
    seen = set()
    while child.poll() is None:
        seen |= {(run.status, run.problems) for run in find_runs([tmp_path])}
    assert child.returncode == 0
    assert seen <= {("running", ()), ("completed", ())} and len(seen) == 2
    assert len(find_runs([tmp_path])) == 40


def test_listing_runs_imports_nothing_heavy(finished_run, tmp_path):
    finished_run("run")
    script = f"""
import sys
from pathlib import Path
from mental_health_classifier.tracking.run_index import find_runs
assert len(find_runs([Path({str(tmp_path)!r})])) == 1
print(*{{"numpy", "pandas", "psutil", "torch"}} & sys.modules.keys())
"""
    finished = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True)
    assert finished.stdout == b"\n"
