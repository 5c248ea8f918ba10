import json
import os
import shutil
from functools import partial
from pathlib import Path

import pytest
from git_projects import git, make_project, write_files
from typer.testing import CliRunner
from written_runs import write_failed_run, write_run

from mental_health_classifier.cli.app import app
from mental_health_classifier.contracts import InputError
from mental_health_classifier.storage.archives import pack
from mental_health_classifier.storage.files import read_json
from mental_health_classifier.tracking.keeping.snapshot import (
    find_snapshot,
    problems_of,
    read_manifests,
    restore_snapshot,
    take_snapshot,
)
from mental_health_classifier.tracking.record.run_summary import read_run

SECRET = "words of a post"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return make_project(tmp_path / "project")


@pytest.fixture
def run(tmp_path: Path) -> Path:
    directory = write_run(tmp_path / "outputs" / "run")
    (directory / "checkpoints").mkdir()
    (directory / "checkpoints" / "best.safetensors").write_bytes(b"weights")
    (directory / "tensorboard").mkdir()
    (directory / "tensorboard" / "events").write_bytes(b"curves")
    return directory


@pytest.fixture
def snapshot(tmp_path: Path, project: Path, run: Path) -> Path:
    write_files(
        project,
        {
            "src/package/model.py": "width = 65\n",
            "src/package/new.py": "depth = 2\n",
            "src/package/secret.py": SECRET,
            "posts/a.csv": SECRET,
            "notes.txt": SECRET,
        },
    )
    return take_snapshot(
        tmp_path / "snapshots",
        name="before attention",
        description="the last with mean pooling",
        tags=["pilot"],
        runs=[read_run(run)],
        project=project,
    )


def test_it_holds_source_with_uncommitted_work_and_the_run_but_no_data(
    snapshot: Path, run: Path
) -> None:
    files = {p.relative_to(snapshot).as_posix() for p in snapshot.rglob("*") if p.is_file()}
    run_id = read_run(run).id
    assert files == {
        "manifest.json",
        *(f"source/{name}" for name in ("train.py", "README.md", ".gitignore")),
        *("source/conf/config.yaml", "source/src/package/model.py", "source/src/package/new.py"),
        *(f"runs/{run_id}/{name}" for name in ("run.json", "data.json")),
        *(f"runs/{run_id}/attempts/001/{name}" for name in ("start.json", "end.json", "lock")),
        f"runs/{run_id}/checkpoints/best.safetensors",
    }
    assert (snapshot / "source/src/package/model.py").read_text() == "width = 65\n"
    assert not any(SECRET in p.read_text() for p in snapshot.rglob("*") if p.is_file())
    manifest = read_json(snapshot / "manifest.json")
    assert (manifest["name"], manifest["tags"]) == ("before attention", ["pilot"])
    assert manifest["git"]["is_dirty"] and manifest["runs"] == [run_id]
    assert manifest["environment"]["packages"]["numpy"]
    assert problems_of(snapshot) == []


def test_a_deleted_file_is_not_in_it(tmp_path: Path, project: Path) -> None:
    (project / "README.md").unlink()
    folder = take_snapshot(
        tmp_path / "s", name="", description="", tags=[], runs=[], project=project
    )
    assert not (folder / "source" / "README.md").exists()


def test_what_links_lead_to_is_not_in_it_and_that_is_told(
    tmp_path: Path, project: Path, run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_files(tmp_path, {"elsewhere/posts.csv": SECRET, "elsewhere/model.py": "width = 66\n"})
    for name, target in (
        ("posts.csv", "posts.csv"),
        ("folder", ""),
        ("src/package/linked.py", "model.py"),
    ):
        (project / name).symlink_to(tmp_path / "elsewhere" / target)
    git(project, "add", "-f", "posts.csv", "folder", "src/package/linked.py")
    (project / "docs").mkdir()
    write_files(project, {"docs/posts.csv": "harmless"})
    git(project, "add", "-f", "docs/posts.csv")
    shutil.rmtree(project / "docs")
    (project / "docs").symlink_to(tmp_path / "elsewhere")
    (run / "notes.csv").symlink_to(tmp_path / "elsewhere" / "posts.csv")
    taken = partial(take_snapshot, project=project)
    monkeypatch.setattr("mental_health_classifier.cli.snapshots.take_snapshot", taken)
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(app, ["snapshot", "--run", str(run), "--archive"])
    (snapshot,) = (tmp_path / "model_snapshots").glob("*-snapshot")
    left_out = read_json(snapshot / "manifest.json")["left_out"]
    notes = f"runs/{read_run(run).id}/notes.csv"
    assert left_out == ["source/docs/posts.csv", "source/folder", "source/posts.csv", notes]
    assert f"because they are links: {', '.join(left_out)}." in result.stderr
    assert (snapshot / "source/src/package/linked.py").read_text() == "width = 66\n"
    assert not any(SECRET in p.read_text() for p in snapshot.rglob("*") if p.is_file())
    assert problems_of(snapshot) == problems_of(snapshot.with_name(f"{snapshot.name}.tar.gz")) == []


def test_links_that_came_with_a_snapshot_are_damage(snapshot: Path, tmp_path: Path) -> None:
    write_files(tmp_path, {"secrets/key": SECRET})
    os.mkfifo(snapshot / "source" / "pipe")
    for name, target in (("a", "."), ("b", "."), ("c", tmp_path / "secrets"), ("d", "train.py")):
        (snapshot / "source" / name).symlink_to(target)
    names = ["a", "b", "c", "d", "pipe"]
    wrong = [f"source/{name} is a link, a pipe or a device." for name in names]
    assert problems_of(snapshot) == wrong
    with pytest.raises(InputError, match="is damaged: source/a is a link"):
        restore_snapshot(snapshot, tmp_path / "restored")


def test_every_kind_of_damage_is_named(snapshot: Path) -> None:
    (snapshot / "source" / "train.py").write_text("import os\n")
    (snapshot / "source" / "README.md").unlink()
    (snapshot / "source" / "added.py").write_text("")
    assert problems_of(snapshot) == [
        "source/README.md is missing.",
        "source/added.py was added.",
        "source/train.py was changed.",
    ]
    (snapshot / "manifest.json").write_text('{"files"')
    (problem,) = problems_of(snapshot)
    assert "manifest.json is missing or damaged" in problem


@pytest.mark.parametrize("is_archive", [False, True])
def test_it_is_restored_as_a_project_with_its_runs(
    snapshot: Path, tmp_path: Path, is_archive: bool
) -> None:
    if is_archive:
        pack(snapshot, tmp_path / "snapshot.tar.gz")
        snapshot = tmp_path / "snapshot.tar.gz"
    restore_snapshot(snapshot, tmp_path / "restored")
    assert (tmp_path / "restored/src/package/new.py").read_text() == "depth = 2\n"
    (directory,) = (tmp_path / "restored" / "outputs").iterdir()
    assert read_run(directory).status == "completed"
    with pytest.raises(InputError, match="is not overwritten"):
        restore_snapshot(snapshot, tmp_path / "restored")


def test_a_damaged_snapshot_is_not_restored(snapshot: Path, tmp_path: Path) -> None:
    (snapshot / "source" / "train.py").write_text("import os\n")
    with pytest.raises(InputError, match=r"source/train\.py was changed"):
        restore_snapshot(snapshot, tmp_path / "restored")
    assert not (tmp_path / "restored").exists()


@pytest.mark.parametrize("kind", ["no source", "a file for its runs", "no manifest"])
def test_an_archive_that_is_no_snapshot_is_refused_and_leaves_nothing(
    tmp_path: Path, kind: str
) -> None:
    folder = tmp_path / "odd"
    folder.mkdir()
    if kind == "a file for its runs":
        write_files(folder, {"source/outputs": "text"})
    if kind != "no manifest":
        (folder / "manifest.json").write_text('{"files": {}}')
    pack(folder, tmp_path / "odd.tar.gz")
    assert problems_of(tmp_path / "odd.tar.gz")
    with pytest.raises(InputError, match="is damaged"):
        restore_snapshot(tmp_path / "odd.tar.gz", tmp_path / "new" / "restored")
    assert list((tmp_path / "new").iterdir()) == []


def test_it_is_found_by_folder_and_by_a_name_that_is_its_own(
    snapshot: Path, tmp_path: Path, project: Path
) -> None:
    root = tmp_path / "snapshots"
    assert find_snapshot("before attention", root) == snapshot
    assert find_snapshot(snapshot.name, root) == snapshot
    with pytest.raises(InputError, match="No snapshot is called nothing"):
        find_snapshot("nothing", root)
    take_snapshot(root, name="before attention", description="", tags=[], runs=[], project=project)
    with pytest.raises(InputError, match="2 snapshots are called"):
        find_snapshot("before attention", root)
    assert len(read_manifests(root)) == 2


def test_a_run_that_is_not_completed_is_not_preserved(tmp_path: Path, project: Path) -> None:
    failed = read_run(write_failed_run(tmp_path / "failed"))
    with pytest.raises(InputError, match="is failed; only completed"):
        take_snapshot(
            tmp_path / "s", name="", description="", tags=[], runs=[failed], project=project
        )
    assert not list((tmp_path).glob("s/*"))


def test_the_commands_take_list_verify_and_restore(run: Path, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    runner = CliRunner()

    def succeed(*arguments: str) -> str:
        result = runner.invoke(app, ["snapshot", *arguments])
        assert result.exit_code == 0, result.output
        return result.stdout

    taken = succeed("--name", "now", "--description", "why", "--tag", "a", "--archive")
    assert "source and 1 run" in taken
    (listed,) = json.loads(succeed("list", "--json"))
    assert (listed["name"], listed["description"], listed["tags"]) == ("now", "why", ["a"])
    assert "whole" in succeed("verify", "now")
    succeed("restore", f"{listed['folder']}.tar.gz", "restored")
    assert (tmp_path / "restored" / "train.py").exists()
    (tmp_path / listed["folder"] / "source" / "train.py").write_text("")
    result = runner.invoke(app, ["snapshot", "verify", "now"])
    assert result.exit_code == 1 and "source/train.py was changed" in result.stderr
