import shutil
import subprocess
from pathlib import Path

import pytest
from git_projects import git, make_project, write_files

from mental_health_classifier.tracking.files import read_json
from mental_health_classifier.tracking.git_state import read_git_state
from mental_health_classifier.tracking.source_files import read_source, source_hashes

SECRET = "words of a post"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return make_project(tmp_path / "project")


def preserved(project: Path) -> tuple[dict, dict[str, str]]:
    folder = project.parent / "source"
    shutil.rmtree(folder, ignore_errors=True)
    read_source(read_git_state(project), project).write(folder)
    files = {
        path.relative_to(folder).as_posix(): path.read_text()
        for path in folder.rglob("*")
        if path.is_file() and path.name != "files.json"
    }
    return read_json(folder / "files.json"), files


def test_a_clean_checkout_needs_nothing_but_its_commit(project: Path) -> None:
    account, files = preserved(project)
    assert files == {}
    assert list(account["files"]) == ["conf/config.yaml", "src/package/model.py", "train.py"]
    assert account["other_changes"] == [] and len(account["commit"]) == 40


def test_changes_and_new_files_of_the_source_are_kept_and_of_others_the_hash(
    project: Path,
) -> None:
    write_files(
        project,
        {
            "src/package/model.py": "width = 65\n",
            "src/package/new.py": "depth = 2\n",
            "README.md": f"{SECRET}\n",
            "notes.txt": SECRET,
            "src/package/table.csv": SECRET,
            "src/package/secret.py": SECRET,
            "posts/a.yaml": SECRET,
        },
    )
    account, files = preserved(project)
    assert files.keys() == {"changes.patch", "untracked/src/package/new.py"}
    assert "+width = 65" in files["changes.patch"]
    assert SECRET not in "".join(files.values())
    changed = {each["path"]: each["sha256"] for each in account["other_changes"]}
    assert changed.keys() == {"README.md", "notes.txt", "src/package/table.csv"}
    # printf 'words of a post' | sha256sum
    assert (
        changed["notes.txt"]
        == subprocess.check_output(["sha256sum", project / "notes.txt"], text=True).split()[0]
    )


def test_without_a_repository_the_whole_source_is_kept_and_said_to_be(tmp_path: Path) -> None:
    project = tmp_path / "project"
    write_files(
        project, {"src/package/model.py": "width = 64\n", "train.py": "\n", "a.txt": SECRET}
    )
    account, files = preserved(project)
    assert account["commit"] is None
    assert files.keys() == {"untracked/src/package/model.py", "untracked/train.py"}


def test_the_hash_follows_every_source_file_and_nothing_else(project: Path) -> None:
    def sha256() -> str:
        return read_source(read_git_state(project), project).sha256

    before = sha256()
    write_files(
        project, {"src/package/__pycache__/model.py": "x", "outputs/run.py": "x", "b.py": "x"}
    )
    assert sha256() == before
    write_files(project, {"conf/config.yaml": "seed: 2\n"})
    assert sha256() != before


def test_settings_of_the_user_do_not_change_the_patch(project: Path) -> None:
    write_files(project, {"train.py": "import other\n"})
    plain = preserved(project)[1]["changes.patch"]
    for setting in ("diff.noprefix", "diff.mnemonicPrefix", "color.ui"):
        git(project, "config", setting, "always" if setting == "color.ui" else "true")
    assert preserved(project)[1]["changes.patch"] == plain


def test_every_run_holds_the_hash_of_the_source_that_ran(record_run) -> None:
    with record_run() as record:
        record.finish(metrics={})
    account = read_json(record.directory / "source" / "files.json")
    assert read_json(record.directory / "run.json")["source"] == {"sha256": account["sha256"]}
    project = Path(__file__).resolve().parents[2]
    assert account["files"] == source_hashes(project)
