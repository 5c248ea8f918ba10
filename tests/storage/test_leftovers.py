import os
import subprocess
import sys
import time
from contextlib import nullcontext
from pathlib import Path

import pytest
from git_projects import make_project
from written_runs import write_run

from mental_health_classifier.storage import process_identity
from mental_health_classifier.storage.files import temporary_path
from mental_health_classifier.storage.leftovers import (
    departing_path,
    leftovers_below,
    lent_folder,
    sweep,
)
from mental_health_classifier.tracking.keeping.run_archive import export_run, import_run
from mental_health_classifier.tracking.keeping.snapshot import restore_snapshot, take_snapshot
from mental_health_classifier.tracking.record.run_summary import read_run


def left_by_a_dead_process(folder: Path) -> Path:
    script = (
        "import sys, pathlib; from mental_health_classifier.storage.files import temporary_path;"
        "path = temporary_path(pathlib.Path(sys.argv[1])); path.mkdir(parents=True);"
        "(path / 'file').touch(); print(path)"
    )
    done = subprocess.run([sys.executable, "-c", script, folder], capture_output=True, check=True)
    return Path(os.fsdecode(done.stdout).strip())


def make_old(path: Path) -> None:
    moment = time.time() - 8 * 24 * 3600
    os.utime(path, (moment, moment))


def test_only_what_nobody_is_at_is_swept(tmp_path: Path) -> None:
    dead, own, departing = (
        left_by_a_dead_process(tmp_path),
        temporary_path(tmp_path),
        departing_path(tmp_path),
    )
    own.mkdir()
    departing.mkdir()
    make_old(own)
    foreign = tmp_path / ".tmp-notes"
    foreign.touch()
    make_old(foreign)
    sweep(tmp_path)
    assert not dead.exists() and not departing.exists()
    assert own.exists() and foreign.exists()


def test_what_another_machine_may_be_at_stays_for_a_week(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    theirs = left_by_a_dead_process(tmp_path)
    monkeypatch.setattr(process_identity.platform, "node", lambda: "elsewhere")
    monkeypatch.setattr(process_identity, "_boot_id", lambda: "another")
    sweep(tmp_path)
    assert theirs.exists()
    make_old(theirs)
    sweep(tmp_path)
    assert not theirs.exists()


def test_what_earlier_versions_left_is_found_below_folders_of_runs(tmp_path: Path) -> None:
    old, new = (tmp_path / "day" / f".tmp-{digit * 16}" for digit in "01")
    for path in (old, new):
        path.mkdir(parents=True)
    make_old(old)
    assert list(leftovers_below([tmp_path])) == [old]


def test_the_next_command_sweeps_what_a_stopped_one_left(tmp_path: Path) -> None:
    run = read_run(write_run(tmp_path / "runs" / "run"))
    places = ("archives", "outputs", "snapshots", "restored")
    left = [left_by_a_dead_process(tmp_path / place) for place in places]
    export_run(run, tmp_path / "archives" / "run.tar.gz")
    import_run(tmp_path / "archives" / "run.tar.gz", tmp_path / "outputs")
    snapshot = take_snapshot(
        tmp_path / "snapshots",
        name="",
        description="",
        tags=[],
        runs=[run],
        project=make_project(tmp_path / "project"),
    )
    restore_snapshot(snapshot, tmp_path / "restored" / "project")
    assert not any(path.exists() for path in left)


def test_a_lent_folder_is_gone_whatever_ends_the_block(tmp_path: Path) -> None:
    for error in (None, ValueError, KeyboardInterrupt, SystemExit):
        expected = pytest.raises(error) if error else nullcontext()
        with expected, lent_folder(tmp_path / "cache") as folder:
            (folder / "posts.arrow").write_text("words of a post")
            if error:
                raise error
        assert not list((tmp_path / "cache").iterdir())


def test_what_a_killed_process_was_lent_is_gone_with_the_next(tmp_path: Path) -> None:
    script = (
        "import os, sys\n"
        "from pathlib import Path\n"
        "from mental_health_classifier.storage.leftovers import lent_folder\n"
        "with lent_folder(Path(sys.argv[1])) as folder:\n"
        "    (folder / 'posts.arrow').write_text('words of a post')\n"
        "    os.kill(os.getpid(), 9)\n"
    )
    subprocess.run([sys.executable, "-c", script, tmp_path], check=False)
    (left,) = tmp_path.iterdir()
    with lent_folder(tmp_path) as folder, lent_folder(tmp_path):
        assert not left.exists() and folder.is_dir()
    assert not list(tmp_path.iterdir())


def test_a_run_that_was_killed_before_its_record_is_left_over_after_a_week(tmp_path: Path) -> None:
    claimed, begun = tmp_path / "day" / "claimed", write_run(tmp_path / "day" / "begun")
    for directory in (claimed, begun):
        (directory / "config").mkdir(parents=True)
        (directory / "config" / "hydra.yaml").touch()
    assert list(leftovers_below([tmp_path])) == []
    for directory in (claimed, begun):
        os.utime(directory, (0, time.time() - 8 * 24 * 3600))
    assert list(leftovers_below([tmp_path])) == [claimed]
