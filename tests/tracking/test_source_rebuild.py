import subprocess
from pathlib import Path

import pytest
from git_projects import commit_all, git, make_project, write_files

from mental_health_classifier.contracts import InputError
from mental_health_classifier.tracking.git_state import read_git_state
from mental_health_classifier.tracking.snapshot import take_snapshot
from mental_health_classifier.tracking.source_files import read_source, source_hashes
from mental_health_classifier.tracking.source_rebuild import comes_from_here, rebuild_source


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return make_project(tmp_path / "project")


def record(project: Path, name: str = "run") -> Path:
    """The folder of a run that starts now."""
    directory = project.parent / name
    read_source(read_git_state(project), project).write(directory / "source")
    return directory


def rebuilt(run: Path, project: Path) -> dict[str, bytes]:
    destination = project.parent / f"{run.name}-rebuilt"
    rebuild_source(run, destination, project=project)
    files = [path for path in destination.rglob("*") if path.is_file()]
    return {path.relative_to(destination).as_posix(): path.read_bytes() for path in files}


def test_commit_patch_and_new_files_give_the_source_back(project: Path) -> None:
    git(project, "rm", "-q", "conf/config.yaml")
    binary = "src/package/odd.py"
    (project / binary).write_bytes(b"\x00\xff\r\n")
    git(project, "add", binary)
    write_files(project, {"src/package/model.py": "width = 65", "src/été/new file.py": "x = 1\r\n"})
    run = record(project)
    expected = {name: (project / name).read_bytes() for name in source_hashes(project)}
    assert len(expected) == 4
    # Whatever happens to the checkout afterwards.
    git(project, "reset", "-q", "--hard")
    write_files(project, {"src/package/model.py": "width = 1\n", "src/package/later.py": "\n"})
    commit_all(project)
    before = source_hashes(project)
    assert rebuilt(run, project) == expected
    assert source_hashes(project) == before
    assert not git_status(project)


def git_status(project: Path) -> str:
    command = ["git", "-C", str(project), "status", "--porcelain"]
    return subprocess.check_output(command, text=True)


def test_a_project_below_the_top_of_its_repository_is_rebuilt_too(tmp_path: Path) -> None:
    top = make_project(tmp_path / "top", {"README.md": "x\n"})
    write_files(top / "inner", {"src/p/a.py": "a = 1\n", "train.py": "t = 1\n"})
    commit_all(top)
    write_files(top / "inner", {"src/p/a.py": "a = 2\n"})
    project = top / "inner"
    run = record(project)
    git(top, "checkout", "-q", ".")
    assert rebuilt(run, project)["src/p/a.py"] == b"a = 2\n"


def test_a_rebuild_inside_another_repository_applies_the_patch(project: Path) -> None:
    write_files(project, {"train.py": "import other\n"})
    run = record(project)
    git(project, "checkout", "-q", ".")
    rebuild_source(run, project / "outputs" / "rebuilt", project=project)
    assert (project / "outputs" / "rebuilt" / "train.py").read_text() == "import other\n"


def test_without_a_repository_the_copies_are_enough(tmp_path: Path) -> None:
    project = tmp_path / "project"
    write_files(project, {"src/p/a.py": "a = 1\n"})
    run = record(project)
    (project / "src/p/a.py").unlink()
    assert rebuilt(run, project) == {"src/p/a.py": b"a = 1\n"}


@pytest.mark.parametrize("name", ["changes.patch", "untracked/src/package/new.py"])
def test_an_edited_line_is_named(project: Path, name: str) -> None:
    write_files(
        project, {"src/package/model.py": "width = 65\n", "src/package/new.py": "width = 65\n"}
    )
    run = record(project)
    edited = run / "source" / name
    edited.write_text(edited.read_text().replace("65", "66"))
    file = "model.py" if name == "changes.patch" else "new.py"
    with pytest.raises(InputError, match=f"src/package/{file} differs"):
        rebuilt(run, project)


def test_a_commit_that_is_not_there_is_said_to_be_missing(project: Path, tmp_path: Path) -> None:
    run = record(project)
    other = make_project(tmp_path / "other", {"train.py": "\n"})
    with pytest.raises(InputError, match="is not in the repository"):
        rebuild_source(run, tmp_path / "rebuilt", project=other, snapshots=tmp_path / "none")


def test_a_snapshot_of_the_same_source_stands_in_for_a_missing_commit(
    project: Path, tmp_path: Path
) -> None:
    snapshots = tmp_path / "snapshots"
    about = {"description": "", "tags": [], "runs": [], "project": project}
    take_snapshot(snapshots, name="clean", **about)
    write_files(project, {"train.py": "import changed\n", "src/package/new.py": "n = 1\n"})
    run = record(project)
    taken = take_snapshot(snapshots, name="changed", **about)
    other = make_project(tmp_path / "other", {"train.py": "\n"})
    rebuild_source(run, tmp_path / "rebuilt", project=other, snapshots=snapshots)
    assert source_hashes(tmp_path / "rebuilt") == source_hashes(project)
    assert not comes_from_here(run, project=other)
    (taken / "source" / "train.py").write_text("import evil\n")
    with pytest.raises(InputError, match=r"train\.py differs"):
        rebuild_source(run, tmp_path / "again", project=other, snapshots=snapshots)


def test_code_is_foreign_unless_it_is_that_of_the_checkout_or_of_a_commit_below(
    project: Path,
) -> None:
    clean = record(project, "clean")
    write_files(project, {"train.py": "import other\n"})
    changed = record(project, "changed")
    assert comes_from_here(clean, project=project) and comes_from_here(changed, project=project)
    git(project, "checkout", "-q", ".")
    assert comes_from_here(clean, project=project)
    assert not comes_from_here(changed, project=project)
    git(project, "checkout", "-q", "-b", "elsewhere")
    write_files(project, {"train.py": "import third\n"})
    commit_all(project)
    branch = record(project, "branch")
    git(project, "checkout", "-q", "-")
    assert not comes_from_here(branch, project=project)
