import hashlib
import os
import shutil
from pathlib import Path

import pytest
from git_projects import make_project
from written_runs import write_run

from mental_health_classifier.contracts import InputError
from mental_health_classifier.storage.archives import pack
from mental_health_classifier.storage.files import sha256_of
from mental_health_classifier.tracking.keeping.run_archive import export_run, import_run
from mental_health_classifier.tracking.keeping.snapshot import restore_snapshot, take_snapshot
from mental_health_classifier.tracking.record.ensemble_members import find_member, members_of
from mental_health_classifier.tracking.record.run_summary import RunSummary, read_run
from mental_health_classifier.tracking.run_index import find_runs

WEIGHTS = "checkpoints/best.safetensors"


def write_member(directory: Path, weights: bytes) -> Path:
    sha256 = hashlib.sha256(weights).hexdigest()
    write_run(directory, end={"artefacts": {WEIGHTS: {"bytes": len(weights), "sha256": sha256}}})
    (directory / "checkpoints").mkdir()
    (directory / WEIGHTS).write_bytes(weights)
    return directory


@pytest.fixture
def ensemble(tmp_path: Path) -> RunSummary:
    """An ensemble in a folder of its own, its two members in another."""
    members = [write_member(tmp_path / "day" / name, name.encode()) for name in ("one", "two")]
    directory = tmp_path / "outputs" / "today" / "both"
    facts = [
        {
            "id": read_run(each).id,
            "directory": os.path.relpath(each, directory),
            "weights_sha256": sha256_of(each / WEIGHTS),
        }
        for each in members
    ]
    return read_run(write_run(directory, run={"config": {"ensemble": {"members": facts}}}))


def weights_found(ensemble: RunSummary) -> list[bytes]:
    members = [find_member(ensemble, member) for member in members_of(ensemble)]
    return [(member.directory / WEIGHTS).read_bytes() for member in members]


def test_members_are_found_where_they_were_and_through_a_link(
    ensemble: RunSummary, tmp_path: Path
) -> None:
    (tmp_path / "link").symlink_to(ensemble.directory)
    assert weights_found(ensemble) == weights_found(read_run(tmp_path / "link")) == [b"one", b"two"]


def test_an_exported_ensemble_finds_its_members_elsewhere_and_is_one_run(
    ensemble: RunSummary, tmp_path: Path
) -> None:
    export_run(ensemble, tmp_path / "both.tar.gz")
    shutil.rmtree(tmp_path / "day")
    found = import_run(tmp_path / "both.tar.gz", tmp_path / "elsewhere")
    assert weights_found(found) == [b"one", b"two"]
    assert [run.id for run in find_runs([tmp_path / "elsewhere"])] == [ensemble.id]
    export_run(found, tmp_path / "again.tar.gz")
    shutil.rmtree(tmp_path / "elsewhere")
    again = import_run(tmp_path / "again.tar.gz", tmp_path / "further")
    assert weights_found(again) == [b"one", b"two"]


def test_a_snapshot_of_an_ensemble_finds_its_members_where_it_is_restored(
    ensemble: RunSummary, tmp_path: Path
) -> None:
    project = make_project(tmp_path / "project")
    snapshot = take_snapshot(
        tmp_path / "s", name="", description="", tags=[], runs=[ensemble], project=project
    )
    shutil.rmtree(tmp_path / "day")
    restore_snapshot(snapshot, tmp_path / "restored")
    (run,) = find_runs([tmp_path / "restored" / "outputs"])
    assert weights_found(run) == [b"one", b"two"]


@pytest.mark.parametrize("damage", ["other weights", "gone"])
def test_an_ensemble_without_its_members_is_not_handed_on(
    ensemble: RunSummary, tmp_path: Path, damage: str
) -> None:
    if damage == "gone":
        shutil.rmtree(tmp_path / "day" / "two")
    else:
        (tmp_path / "day" / "two" / WEIGHTS).write_bytes(b"changed")
    with pytest.raises(InputError, match=r"weights have changed|changed after its end"):
        export_run(ensemble, tmp_path / "both.tar.gz")
    with pytest.raises(InputError, match=r"weights have changed|changed after its end"):
        take_snapshot(tmp_path / "s", name="", description="", tags=[], runs=[ensemble])
    assert not (tmp_path / "both.tar.gz").exists() and not list(tmp_path.glob("s/*"))


def test_members_that_were_changed_on_the_way_are_refused(
    ensemble: RunSummary, tmp_path: Path
) -> None:
    export_run(ensemble, tmp_path / "both.tar.gz")
    found = import_run(tmp_path / "both.tar.gz", tmp_path / "elsewhere")
    (weights, *_) = found.directory.glob(f"members/*/{WEIGHTS}")
    weights.write_bytes(b"changed")
    pack(found.directory, tmp_path / "changed.tar.gz")
    shutil.rmtree(tmp_path / "day")
    with pytest.raises(InputError, match="changed after its end"):
        import_run(tmp_path / "changed.tar.gz", tmp_path / "further")
    assert find_runs([tmp_path / "further"]) == []
