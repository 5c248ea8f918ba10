import subprocess
from pathlib import Path

import pytest

from mental_health_classifier.tracking.provenance.git import (
    GitState,
    read_git_state,
    without_credentials,
)


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository without a commit that knows no settings of the person who runs the tests."""
    for name in ("GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM"):
        monkeypatch.setenv(name, "/dev/null")
    folder = tmp_path / "repository"
    folder.mkdir()
    git(folder, "init", "--quiet", "--initial-branch=main")
    return folder


def git(folder: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=A", "-c", "user.email=a@example.org"]
    command = ["git", "-C", str(folder), *identity, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def commit(folder: Path, **files: str) -> str:
    for name, content in files.items():
        (folder / name).write_text(content)
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message=change")
    return git(folder, "rev-parse", "HEAD")


def test_outside_a_repository_nothing_is_known(tmp_path):
    assert read_git_state(tmp_path) == GitState(None, None, None, None)


def test_a_folder_that_does_not_exist_is_not_known(tmp_path):
    assert read_git_state(tmp_path / "missing") == GitState()


def test_without_git_nothing_is_known(repository, monkeypatch):
    monkeypatch.setenv("PATH", str(repository))
    assert read_git_state(repository) == GitState()


def test_a_git_that_does_not_answer_is_not_waited_for(repository, monkeypatch):
    program = repository / "git"
    program.write_text("#!/bin/sh\nexec /bin/sleep 60\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(repository))
    monkeypatch.setattr(f"{read_git_state.__module__}.TIMEOUT_SECONDS", 0.05)
    assert read_git_state(repository) == GitState()


def test_a_repository_without_a_commit_has_a_branch_only(repository):
    assert read_git_state(repository) == GitState(None, "main", False, None)


def test_a_clean_repository_is_known_by_its_commit_from_any_folder_in_it(repository):
    (repository / "src").mkdir()
    head = commit(repository, **{"src/file": "1"})
    assert read_git_state(repository) == GitState(head, "main", False, None)
    assert read_git_state(repository / "src") == GitState(head, "main", False, None)


def test_without_a_branch_the_commit_is_known(repository):
    head = commit(repository, file="1")
    git(repository, "checkout", "--quiet", "--detach")
    assert read_git_state(repository) == GitState(head, None, False, None)


def test_changed_staged_deleted_and_new_files_make_it_dirty(repository):
    commit(repository, file="1", other="1")
    assert read_git_state(repository).is_dirty is False
    (repository / "file").write_text("2")
    assert read_git_state(repository).is_dirty is True
    git(repository, "add", "file")
    assert read_git_state(repository).is_dirty is True
    git(repository, "reset", "--quiet", "--hard")
    (repository / "other").unlink()
    assert read_git_state(repository).is_dirty is True
    git(repository, "reset", "--quiet", "--hard")
    (repository / "new \U0001f642\nfile").write_text("1")
    assert read_git_state(repository).is_dirty is True


def test_ignored_files_do_not_make_it_dirty(repository):
    commit(repository, **{".gitignore": "outputs/\n"})
    (repository / "outputs").mkdir()
    (repository / "outputs" / "weights").write_text("1")
    assert read_git_state(repository).is_dirty is False


def test_inside_a_hook_the_state_is_still_that_of_the_folder(repository, tmp_path, monkeypatch):
    head = commit(repository, file="1")
    other = tmp_path / "other"
    other.mkdir()
    git(other, "init", "--quiet")
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(other / ".git" / "index"))
    assert read_git_state(repository) == GitState(head, "main", False, None)


def test_looking_at_a_repository_runs_no_program_that_it_names(repository, tmp_path):
    commit(repository, file="1")
    program = tmp_path / "monitor"
    program.write_text(f"#!/bin/sh\ntouch {tmp_path}/was-run\n")
    program.chmod(0o755)
    git(repository, "config", "core.fsmonitor", str(program))
    read_git_state(repository)
    assert not (tmp_path / "was-run").exists()


def test_the_remote_is_that_of_the_branch_and_else_origin(repository):
    commit(repository, file="1")
    git(repository, "remote", "add", "backup", "https://example.org/backup.git")
    assert read_git_state(repository).remote == "https://example.org/backup.git"
    git(repository, "remote", "add", "origin", "https://me:secret@example.org/origin.git")
    assert read_git_state(repository).remote == "https://example.org/origin.git"
    git(repository, "update-ref", "refs/remotes/backup/main", "HEAD")
    git(repository, "branch", "--set-upstream-to=backup/main", "--quiet")
    assert read_git_state(repository).remote == "https://example.org/backup.git"


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("https://github.com/org/repo.git", "https://github.com/org/repo.git"),
        ("https://SECRET@github.com/org/repo", "https://github.com/org/repo"),
        ("https://user:SECRET@host:8443/org/repo", "https://host:8443/org/repo"),
        ("https://user:SEC@RET@host/org", "https://host/org"),
        ("https://user:SEC/RET@host/org", None),
        ("https://host/org?private_token=SECRET", "https://host/org"),
        ("https://host/org#SECRET", "https://host/org"),
        ("https://user:SECRET@[2001:db8::1]:8443/org", "https://[2001:db8::1]:8443/org"),
        ("ssh://git@host:22/org/repo", "ssh://git@host:22/org/repo"),
        ("ssh://git:SECRET@host/org", "ssh://git@host/org"),
        ("git+ssh://git:SECRET@host/org", "git+ssh://git@host/org"),
        ("git@github.com:org/repo.git", "git@github.com:org/repo.git"),
        ("git:SECRET@github.com:org/repo.git", "git@github.com:org/repo.git"),
        ("git://host/repo", "git://host/repo"),
        ("file:///srv/repo.git", "file:///srv/repo.git"),
        ("/srv/at@home/repo.git", "/srv/at@home/repo.git"),
        ("../repo", "../repo"),
        ("helper::https://user:SECRET@host/org", "helper::https://host/org"),
    ],
)
def test_no_password_or_token_of_a_remote_is_shown(address, shown):
    assert without_credentials(address) == shown
