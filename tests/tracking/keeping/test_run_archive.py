from pathlib import Path

import pytest
from rocrate.rocrate import ROCrate
from typer.testing import CliRunner
from written_runs import write_run

from mental_health_classifier.cli.app import app
from mental_health_classifier.contracts import InputError
from mental_health_classifier.storage.archives import pack, unpack
from mental_health_classifier.tracking.keeping.research_object import METADATA
from mental_health_classifier.tracking.keeping.run_archive import export_run, import_run
from mental_health_classifier.tracking.record.annotations import annotate
from mental_health_classifier.tracking.record.run_summary import read_run
from mental_health_classifier.tracking.run_index import find_runs


def finished_run(record_run) -> Path:
    with record_run() as record:
        record.log_metrics({"loss": 0.5}, step=1, epoch=0)
        record.finish(metrics={"test/accuracy": 0.75})
    return record.directory


def test_a_run_comes_back_whole_and_once(record_run, tmp_path: Path) -> None:
    run = read_run(finished_run(record_run))
    export_run(run, tmp_path / "run.tar.gz")
    found = import_run(tmp_path / "run.tar.gz", tmp_path / "elsewhere")
    assert (found.id, found.status, found.metrics) == (run.id, "completed", run.metrics)
    assert [each.id for each in find_runs([tmp_path / "elsewhere"])] == [run.id]
    with pytest.raises(InputError, match="was imported before"):
        import_run(tmp_path / "run.tar.gz", tmp_path / "elsewhere")


def test_a_changed_record_is_neither_given_nor_taken(record_run, tmp_path: Path) -> None:
    directory = finished_run(record_run)
    (directory / "metrics.jsonl").write_text("")
    with pytest.raises(InputError, match=r"changed after its end: metrics\.jsonl"):
        export_run(read_run(directory), tmp_path / "run.tar.gz")
    pack(directory, tmp_path / "run.tar.gz")
    with pytest.raises(InputError, match=r"changed after its end: metrics\.jsonl"):
        import_run(tmp_path / "run.tar.gz", tmp_path / "elsewhere")
    assert find_runs([tmp_path / "elsewhere"]) == []


def test_an_archive_describes_itself_as_a_research_object(record_run, tmp_path: Path) -> None:
    directory = finished_run(record_run)
    annotate(directory, [("name", '"</script> 字'), ("tag", "paper")])
    run = read_run(directory)
    export_run(run, tmp_path / "run.tar.gz")
    unpack(tmp_path / "run.tar.gz", tmp_path / "crate")
    crate = ROCrate(tmp_path / "crate")
    assert crate.name == run.name and crate.root_dataset["keywords"] == "pilot, paper"
    (training,) = crate.get_by_type("CreateAction")
    assert training["instrument"]["version"] == (run.commit or "not known")
    weights = crate.dereference("metrics.jsonl")
    assert weights["sha256"] == run.end["artefacts"]["metrics.jsonl"]["sha256"]
    (accuracy,) = (each for each in crate.get_by_type("PropertyValue"))
    assert (accuracy["name"], accuracy["value"]) == ("test/accuracy", 0.75)
    crate.write(tmp_path / "again")  # fails where a file it names is missing
    found = import_run(tmp_path / "run.tar.gz", tmp_path / "elsewhere")
    assert not (found.directory / METADATA).exists()
    export_run(found, tmp_path / "again.tar.gz")
    unpack(tmp_path / "again.tar.gz", tmp_path / "crate again")
    assert (tmp_path / "crate again" / METADATA).read_text() == (
        tmp_path / "crate" / METADATA
    ).read_text()


def test_what_is_no_run_is_refused(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    pack(tmp_path / "folder", tmp_path / "folder.tar.gz")
    with pytest.raises(InputError, match=r"holds no run that is whole: .*run\.json is missing"):
        import_run(tmp_path / "folder.tar.gz", tmp_path / "elsewhere")


def test_runs_of_long_names_keep_their_ids(tmp_path: Path) -> None:
    for number in (1, 2):
        run = read_run(write_run(tmp_path / str(number), run={"name": "字" * 300}))
        export_run(run, tmp_path / f"{number}.tar.gz")
        found = import_run(tmp_path / f"{number}.tar.gz", tmp_path / "elsewhere")
        assert found.id == run.id and found.directory.name.endswith(f"-{run.id}")


@pytest.mark.parametrize("run_id", ["../../out", "", "a" * 300, "a b"])
def test_an_id_that_is_no_name_of_a_folder_is_refused(tmp_path: Path, run_id: str) -> None:
    pack(write_run(tmp_path / "run", run={"id": run_id}), tmp_path / "run.tar.gz")
    with pytest.raises(InputError, match=r"id is missing or of the wrong kind"):
        import_run(tmp_path / "run.tar.gz", tmp_path / "elsewhere")
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_a_list_of_files_that_is_none_is_a_changed_record(tmp_path: Path) -> None:
    for number, artefacts in enumerate(([], {"run.json": 5}, {"run.json": {}}, {"a\0b": {}})):
        run = write_run(tmp_path / str(number), end={"artefacts": artefacts})
        pack(run, tmp_path / f"{number}.tar.gz")
        with pytest.raises(InputError, match=r"was changed after its end|is damaged"):
            import_run(tmp_path / f"{number}.tar.gz", tmp_path / "elsewhere")


def test_a_running_run_is_not_exported(record_run, tmp_path: Path) -> None:
    with record_run() as record:
        with pytest.raises(InputError, match="is running; wait"):
            export_run(read_run(record.directory), tmp_path / "run.tar.gz")
        record.finish(metrics={})


def test_the_commands_export_and_import(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    run = read_run(write_run(tmp_path / "run"))
    for arguments in (["export", "run", "run.tar.gz"], ["import", "run.tar.gz"]):
        result = CliRunner().invoke(app, arguments)
        assert result.exit_code == 0, result.output
    assert [each.id for each in find_runs([tmp_path / "outputs"])] == [run.id]
