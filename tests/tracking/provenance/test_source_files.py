import errno
import os
import shutil
from pathlib import Path

import pytest
from git_projects import commit_all, git, make_project, write_files

from mental_health_classifier.storage.files import read_json
from mental_health_classifier.tracking.provenance.git import GitState, git_output, read_git_state
from mental_health_classifier.tracking.provenance.source_files import (
    blobs_of,
    read_source,
    source_hashes,
)

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
    assert account["other_changes"] == 0 and len(account["commit"]) == 40
    assert account["obstacles"] == {}


def test_changes_and_new_files_of_the_source_are_kept_and_of_others_only_their_number(
    project: Path,
) -> None:
    write_files(
        project,
        {
            "src/package/model.py": "width = 65\n",
            "src/package/new.py": "depth = 2\n",
            "README.md": f"{SECRET}\n",
            ".env": SECRET,
            "patient Anna Example.csv": SECRET,
            "src/package/table.csv": SECRET,
            "src/package/secret.py": SECRET,
            "posts/a.yaml": SECRET,
        },
    )
    account, files = preserved(project)
    copies = ("untracked/src/package/model.py", "untracked/src/package/new.py")
    assert files.keys() == {"changes.patch", *copies}
    assert files[copies[0]] == "width = 65\n" and "+width = 65" in files["changes.patch"]
    everything = "".join(files.values()) + str(account)
    for word in (SECRET, ".env", "Anna", "table.csv", "README"):
        assert word not in everything
    assert account["other_changes"] == 4
    assert account["obstacles"] == {"src/package/secret.py": "is ignored by git"}


def test_the_defaults_of_a_machine_are_kept_though_git_ignores_them(project: Path) -> None:
    write_files(project, {".gitignore": "/conf/local/\n"})
    commit_all(project)
    write_files(project, {"conf/local/default.yaml": "num_threads: 3\n"})
    account, files = preserved(project)
    assert files["untracked/conf/local/default.yaml"] == "num_threads: 3\n"
    assert account["obstacles"] == {}


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
    project = Path(__file__).resolve().parents[3]
    assert account["files"] == source_hashes(project)


def ignored_everywhere(project: Path) -> None:
    exclude = project.parent / "exclude"
    exclude.write_text("*.local.yaml\n")
    git(project, "config", "core.excludesFile", str(exclude))
    write_files(project, {"conf/exp.local.yaml": "seed: 3\n"})


def ignored_here(project: Path) -> None:
    (project / ".git" / "info").mkdir(exist_ok=True)
    (project / ".git" / "info" / "exclude").write_text("exp.py\n")
    write_files(project, {"src/package/exp.py": "x = 1\n"})


def linked_folder(project: Path) -> None:
    write_files(project, {"elsewhere/a.py": "a = 1\n"})
    (project / "src" / "package" / "linked").symlink_to(project / "elsewhere")


def compiled(project: Path) -> None:
    write_files(project, {"src/package/fast.so": "machine code", "src/package/old.pyc": "code"})


def changed_table(project: Path) -> None:
    write_files(project, {"src/package/levels.tsv": "a\n"})
    commit_all(project)
    write_files(project, {"src/package/levels.tsv": "b\n"})


@pytest.mark.parametrize(
    ("change", "obstacles"),
    [
        (ignored_everywhere, {"conf/exp.local.yaml": "is ignored by git"}),
        (ignored_here, {"src/package/exp.py": "is ignored by git"}),
        (linked_folder, {"src/package/linked": "is a link to a folder, which is not followed"}),
        (
            compiled,
            dict.fromkeys(
                ("src/package/fast.so", "src/package/old.pyc"), "is compiled, so it is not kept"
            ),
        ),
        (
            changed_table,
            {"src/package/levels.tsv": "was changed and is no code, so it is not kept"},
        ),
    ],
)
def test_what_stands_in_the_way_of_a_rebuild_is_named_when_the_run_begins(
    project: Path, change, obstacles
) -> None:
    change(project)
    account, _ = preserved(project)
    assert account["obstacles"] == obstacles


def test_pipes_and_links_to_nothing_are_no_source(project: Path) -> None:
    before = preserved(project)[0]["files"]
    os.mkfifo(project / "conf" / "pipe.yaml")
    (project / "conf" / "link.yaml").symlink_to("nowhere.yaml")
    (project / "conf" / "folder.yaml").mkdir()
    account, files = preserved(project)
    assert account["files"] == before and files == {} and account["obstacles"] == {}


def test_a_file_that_cannot_be_read_is_named(project: Path, monkeypatch) -> None:
    opened = os.open

    def refusing(path, *arguments, **options):
        if str(path).endswith("model.py"):
            raise PermissionError(errno.EACCES, "Permission denied", path)
        return opened(path, *arguments, **options)

    monkeypatch.setattr(os, "open", refusing)
    source = read_source(read_git_state(project), project)
    assert source.obstacles == {"src/package/model.py": "cannot be read (Permission denied)"}


def test_a_repository_that_holds_none_of_the_source_says_nothing_about_it(tmp_path: Path) -> None:
    top = make_project(tmp_path / "top", {"essay.tex": "x\n", ".gitignore": "tools/\n"})
    write_files(top / "tools", {"src/package/model.py": "width = 64\n", "train.py": "\n"})
    assert read_git_state(top / "tools").commit is not None
    source = read_source(read_git_state(top / "tools"), top / "tools")
    assert source.git == GitState() and source.commit is None and source.obstacles == {}
    assert source.copies.keys() == {"src/package/model.py", "train.py"}


@pytest.mark.parametrize("flag", ["--skip-worktree", "--assume-unchanged"])
def test_a_change_that_git_was_told_not_to_see_is_seen(project: Path, flag: str) -> None:
    git(project, "update-index", flag, "conf/config.yaml")
    write_files(project, {"conf/config.yaml": "seed: 2\n"})
    assert read_git_state(project).is_dirty is False
    source = read_source(read_git_state(project), project)
    assert source.git.is_dirty is True
    assert source.copies == {"conf/config.yaml": b"seed: 2\n"}
    git(project, "update-index", f"--no-{flag[2:]}", "conf/config.yaml")


def test_line_ends_of_the_checkout_are_kept_as_they_are(project: Path) -> None:
    git(project, "config", "core.autocrlf", "true")
    (project / "train.py").unlink()
    git(project, "checkout", "train.py")
    source = read_source(read_git_state(project), project)
    assert source.copies == {"train.py": b"import package\r\n"}
    assert source.git.is_dirty is False


def test_reading_the_source_runs_no_program_that_the_repository_names(project: Path) -> None:
    marker = project.parent / "was-run"
    program = project.parent / "program"
    program.write_text(f"#!/bin/sh\ntouch {marker}\ncat\n")
    program.chmod(0o755)
    write_files(project, {".gitattributes": "*.py filter=mine diff=mine\n*.yaml filter=a=b\n"})
    commit_all(project)
    for key in ("clean", "smudge", "process"):
        git(project, "config", f"filter.mine.{key}", str(program))
        git(project, "config", f"filter.a=b.{key}", str(program))
    git(project, "config", "filter.mine.required", "true")
    for key in (
        *("diff.external", "diff.mine.command", "diff.mine.textconv", "core.fsmonitor"),
        *("core.pager", "core.sshCommand", "credential.helper", "core.askPass"),
    ):
        git(project, "config", key, str(program))
    hooks = project / ".git" / "hooks"
    hooks.mkdir(exist_ok=True)
    for hook in ("post-index-change", "reference-transaction", "post-checkout"):
        shutil.copy(program, hooks / hook)
    write_files(project, {"src/package/model.py": "width = 65\n", "conf/config.yaml": "seed: 2\n"})
    os.utime(project / "train.py")
    _, files = preserved(project)
    assert not marker.exists()
    assert files["untracked/src/package/model.py"] == "width = 65\n"
    assert "+width = 65" in files["changes.patch"]


def test_a_filter_whose_program_is_missing_loses_no_change(project: Path) -> None:
    write_files(project, {"conf/big.yaml": "x: 1\n"})
    commit_all(project)
    write_files(project, {".gitattributes": "conf/big.yaml filter=lfs\n"})
    commit_all(project)
    git(project, "config", "filter.lfs.clean", "no-such-program")
    git(project, "config", "filter.lfs.required", "true")
    os.utime(project / "conf" / "big.yaml")
    write_files(project, {"src/package/model.py": "width = 65\n"})
    _, files = preserved(project)
    assert files["untracked/src/package/model.py"] == "width = 65\n"
    assert "+width = 65" in files["changes.patch"]


def test_a_missing_object_is_not_fetched(project: Path) -> None:
    marker = project.parent / "was-run"
    git(project, "config", "remote.origin.url", f"ext::sh -c touch% {marker}")
    for key, value in {
        "remote.origin.promisor": "true",
        "remote.origin.partialclonefilter": "blob:none",
        "extensions.partialClone": "origin",
        "core.repositoryFormatVersion": "1",
        "protocol.ext.allow": "always",
    }.items():
        git(project, "config", key, value)
    blob = blobs_of("HEAD", project)
    assert blob is not None
    name = blob["train.py"]
    (project / ".git" / "objects" / name[:2] / name[2:]).unlink()
    assert git_output(project, "cat-file", "blob", name) is None
    assert not marker.exists()


def test_nested_repositories_are_copied_without_what_they_ignore(project: Path) -> None:
    nested = {"a.py": "a = 1\n", "private.py": SECRET, ".gitignore": "private.py\n"}
    make_project(project / "src" / "nested", nested)
    account, files = preserved(project)
    assert "untracked/src/nested/a.py" in files and SECRET not in "".join(files.values())
    assert account["obstacles"] == {"src/nested/private.py": "is ignored by git"}
