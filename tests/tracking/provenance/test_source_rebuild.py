import hashlib
import shutil
import subprocess
from pathlib import Path

import pytest
from git_projects import commit_all, git, make_project, write_files

from mental_health_classifier.contracts import InputError
from mental_health_classifier.storage.files import read_json, write_json
from mental_health_classifier.tracking.keeping.snapshot import take_snapshot
from mental_health_classifier.tracking.provenance.git import read_git_state
from mental_health_classifier.tracking.provenance.source_files import read_source, source_hashes
from mental_health_classifier.tracking.provenance.source_rebuild import find_source


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return make_project(tmp_path / "project")


def record(project: Path, name: str = "run") -> Path:
    """The folder of a run that starts now."""
    directory = project.parent / name
    read_source(read_git_state(project), project).write(directory / "source")
    return directory


def rebuild_source(run: Path, destination: Path, **places: Path) -> None:
    find_source(run, **places).write(destination)


def comes_from_here(run: Path, *, project: Path) -> bool:
    try:
        return find_source(run, project=project).is_ours
    except InputError:
        return False


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


def test_an_edited_copy_is_named(project: Path) -> None:
    write_files(project, {"src/package/new.py": "width = 65\n"})
    run = record(project)
    (run / "source" / "untracked" / "src/package/new.py").write_text("width = 66\n")
    with pytest.raises(InputError, match=r"src/package/new\.py differs"):
        rebuilt(run, project)


def as_older_versions_wrote_it(run: Path) -> None:
    """Changes of files that the commit has were in the patch alone."""
    shutil.rmtree(run / "source" / "untracked" / "src" / "package")
    account = read_json(run / "source" / "files.json")
    del account["obstacles"]
    others = [{"path": "README.md", "bytes": 1, "sha256": "0" * 64}]
    write_json(run / "source" / "files.json", {**account, "other_changes": others})


def test_a_record_whose_changes_are_in_the_patch_alone_is_rebuilt(project: Path) -> None:
    write_files(project, {"src/package/model.py": "width = 65\n", "src/other/new.py": "n = 1\n"})
    run = record(project)
    as_older_versions_wrote_it(run)
    git(project, "reset", "-q", "--hard")
    assert rebuilt(run, project)["src/package/model.py"] == b"width = 65\n"
    patch = run / "source" / "changes.patch"
    patch.write_text(patch.read_text().replace("65", "66"))
    with pytest.raises(InputError, match=r"src/package/model\.py differs"):
        rebuild_source(run, project.parent / "again", project=project)


def test_a_patch_writes_and_links_nothing_elsewhere(project: Path) -> None:
    target = project.parent / "target"
    target.mkdir()
    write_files(project, {"src/package/model.py": "width = 65\n", "src/other/new.py": "n = 1\n"})
    run = record(project)
    as_older_versions_wrote_it(run)
    git(project, "reset", "-q", "--hard")
    new = (
        "diff --git a/{0} b/{0}\nnew file mode {1}\n--- /dev/null\n+++ b/{0}\n@@ -0,0 +1 @@\n+{2}\n"
    )
    for patch in (
        new.format("../../target/x", "100644", "x"),
        new.format(f"{target}/x", "100644", "x"),
        new.format(".git/hooks/pre-commit", "100755", "x"),
        new.format("src/out", "120000", target) + new.format("src/out/x", "100644", "x"),
    ):
        (run / "source" / "changes.patch").write_text(patch)
        with pytest.raises(InputError, match=r"src/package/model\.py differs"):
            rebuild_source(run, project.parent / "rebuilt", project=project)
    assert not list(target.iterdir()) and not (project.parent / "rebuilt").exists()


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
    run = record(project)
    taken = take_snapshot(snapshots, name="same", **about)
    write_files(project, {"train.py": "import changed\n"})
    take_snapshot(snapshots, name="changed", **about)
    git(project, "checkout", "-q", ".")
    other = make_project(tmp_path / "other", {"train.py": "\n"})
    rebuild_source(run, tmp_path / "rebuilt", project=other, snapshots=snapshots)
    assert source_hashes(tmp_path / "rebuilt") == source_hashes(project)
    assert not comes_from_here(run, project=other)
    for folder in snapshots.iterdir():
        (folder / "source" / "train.py").write_text("import evil\n")
    (taken / "source" / "src" / "sitecustomize.py").write_text("import evil\n")
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


@pytest.mark.parametrize(
    ("written", "is_ours"),
    [
        ("# @package _global_\ndata: {path: /mnt/posts.csv, labels: [a, b]}\n", True),
        ("num_threads: 3\n", False),
        ("# @package hydra\nrun: {dir: elsewhere}\n", False),
        ("# @package _global_\nhydra: {run: {dir: elsewhere}}\n", False),
        ("# @package _global_\ndefaults: [override /model: elsewhere]\n", False),
        ("# @package _global_\nmodel: {_target_: elsewhere}\n", False),
        ("# @package _global_\nname: ${oc.env:HOME}\n", False),
        ("# @package _global_\na: &a [1]\nb: [*a]\n", False),
        ("# @package _global_\na: [\n", False),
    ],
)
def test_defaults_of_a_machine_are_ours_where_they_only_set_values(
    project: Path, written: str, is_ours: bool
) -> None:
    local = project / "conf/local/default.yaml"
    write_files(project, {".gitignore": "/conf/local/\n"})
    write_files(project, {"conf/local/default.yaml": written})
    run = record(project)
    assert comes_from_here(run, project=project)
    for later in ("num_threads: 1\n", None):
        local.unlink() if later is None else local.write_text(later)
        assert comes_from_here(run, project=project) == is_ours
    assert rebuilt(run, project)["conf/local/default.yaml"].decode() == written


@pytest.mark.parametrize(
    "name",
    [
        "src/sitecustomize.pyc",
        "src/sitecustomize.so",
        "src/usercustomize.py",
        "src/hook.pth",
        "src/.hidden/a.py",
        "src/package/__pycache__/model.cpython-311.pyc",
        "hydra.py",
        "train.pyc",
        "conf/evil.yaml",
        "src/hydra_plugins/evil.py",
        ".git/hooks/pre-commit",
    ],
)
def test_nothing_is_put_beside_the_files_that_a_record_names(project: Path, name: str) -> None:
    run = record(project)
    write_files(run / "source" / "untracked", {name: "import evil\n"})
    assert not comes_from_here(run, project=project)
    with pytest.raises(InputError, match=r"differs from files\.json"):
        rebuilt(run, project)


def test_links_in_a_record_are_refused(project: Path, tmp_path: Path) -> None:
    write_files(tmp_path / "elsewhere", {"evil.py": "import evil\n"})
    for number, link in enumerate(("src/package/model.py", "src/evil")):
        run = record(project, f"run{number}")
        place = run / "source" / "untracked" / link
        place.parent.mkdir(parents=True)
        place.symlink_to(tmp_path / "elsewhere")
        assert not comes_from_here(run, project=project)
        with pytest.raises(InputError, match=r"differs from files\.json"):
            rebuilt(run, project)


@pytest.mark.parametrize(
    "name",
    [
        *("../evil.py", "/tmp/evil.py", "src/../../evil.py", "src/./a.py", "src//a.py", "evil.py"),
        *(
            "src/.git/a.py",
            "src/.hidden/a.py",
            "src/__pycache__/a.py",
            "src/a.pyc",
            "train.py/a.py",
        ),
        *("src/a\0.py", "src/\ud800.py", "", "src", "lib/a.py", "src/a.pth", "train.py/a.py"),
    ],
)
def test_a_record_that_names_other_places_is_refused(project: Path, name: str) -> None:
    run = record(project)
    path = run / "source" / "files.json"
    account = read_json(path)
    write_json(path, {**account, "files": {**account["files"], name: "0" * 64}})
    with pytest.raises(InputError, match="where no source can lie"):
        rebuilt(run, project)


@pytest.mark.parametrize(
    "changes",
    [
        {"commit": "--output=evil"},
        {"commit": "HEAD"},
        {"commit": "-p"},
        {"commit": 3},
        {"commit": "0" * 40 + "\n"},
        {"files": ["train.py"]},
        {"files": None},
    ],
)
def test_a_record_with_anything_but_a_commit_and_hashes_is_refused(project, changes) -> None:
    run = record(project)
    path = run / "source" / "files.json"
    write_json(path, {**read_json(path), **changes})
    with pytest.raises(InputError, match="is damaged"):
        rebuilt(run, project)
    assert not comes_from_here(run, project=project)


def test_a_file_within_a_file_is_refused(project: Path) -> None:
    write_files(project, {"src/a.py": "a = 1\n"})
    run = record(project)
    path = run / "source" / "files.json"
    account = read_json(path)
    inner = hashlib.sha256(b"a = 1\n").hexdigest()
    write_json(path, {**account, "files": {**account["files"], "src/a.py/b.py": inner}})
    with pytest.raises(InputError, match=r"src/a\.py/b\.py differs"):
        rebuilt(run, project)


def test_tables_of_the_package_come_with_the_commit_and_compiled_code_of_others_is_foreign(
    project: Path,
) -> None:
    write_files(project, {"src/package/levels.tsv": "a\n"})
    commit_all(project)
    run = record(project)
    assert rebuilt(run, project)["src/package/levels.tsv"] == b"a\n"
    # A commit that was fetched from somebody: its source is ours, and it brings a hook.
    git(project, "checkout", "-q", "-b", "theirs")
    write_files(project, {"src/sitecustomize.pyc": "evil"})
    commit_all(project)
    theirs = record(project, "theirs")
    git(project, "checkout", "-q", "-")
    assert read_json(theirs / "source/files.json")["files"] == source_hashes(project)
    assert not comes_from_here(theirs, project=project)


def test_a_run_with_ignored_source_is_rebuilt_where_the_files_still_are(project: Path) -> None:
    write_files(project, {"src/package/secret.py": "x = 1\n"})
    run = record(project)
    assert rebuilt(run, project)["src/package/secret.py"] == b"x = 1\n"
    (project / "src/package/secret.py").unlink()
    message = r"secret\.py differs.*cannot be rebuilt: src/package/secret\.py is ignored by git"
    with pytest.raises(InputError, match=message):
        rebuild_source(run, project.parent / "again", project=project)


def test_a_change_in_other_line_ends_is_rebuilt(project: Path) -> None:
    git(project, "config", "core.autocrlf", "true")
    (project / "train.py").write_bytes(b"import package\r\n")
    (project / "src/package/model.py").write_bytes(b"width = 64\r\n")
    run = record(project)
    expected = source_hashes(project)
    git(project, "config", "core.autocrlf", "false")
    git(project, "checkout", "-q", "--", ".")
    rebuild_source(run, project.parent / "rebuilt", project=project)
    assert source_hashes(project.parent / "rebuilt") == expected


def test_a_linked_file_is_rebuilt_with_the_content_that_ran(project: Path) -> None:
    write_files(project, {"shared.yaml": "seed: 7\n"})
    (project / "conf" / "linked.yaml").symlink_to("../shared.yaml")
    commit_all(project)
    run = record(project)
    write_files(project, {"shared.yaml": "seed: 8\n"})
    assert rebuilt(run, project)["conf/linked.yaml"] == b"seed: 7\n"
