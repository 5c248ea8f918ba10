from pathlib import Path

import pytest
from typer.testing import CliRunner
from written_runs import write_run

from mental_health_classifier.cli.app import app
from mental_health_classifier.contracts import InputError
from mental_health_classifier.storage.files import read_json, write_json
from mental_health_classifier.tracking.keeping.run_archive import export_run, import_run
from mental_health_classifier.tracking.record.attempts import Attempt
from mental_health_classifier.tracking.record.gone_processes import declare_all_gone
from mental_health_classifier.tracking.record.resumption import resumed_run
from mental_health_classifier.tracking.record.run_summary import read_run
from mental_health_classifier.tracking.sweep.ledger import begin_sweep, continue_sweep


def move_to_another_machine(directory: Path) -> None:
    path = directory / "attempts" / "001" / "start.json"
    write_json(path, read_json(path) | {"host": "node07", "boot_id": "theirs"})


@pytest.fixture
def unknown(tmp_path: Path) -> Path:
    """A run of another machine that has not ended."""
    directory = write_run(tmp_path / "outputs" / "run", left_out=("end.json",))
    move_to_another_machine(directory)
    return directory


def test_a_run_of_another_machine_is_left_alone_until_somebody_says_that_it_is_gone(
    unknown: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    clean = ["clean", "--older-than", "0", "--delete"]
    assert read_run(unknown).status == "unknown"
    assert CliRunner().invoke(app, clean).stdout == ""
    for act in (
        lambda: resumed_run(unknown),
        lambda: export_run(read_run(unknown), tmp_path / "a"),
    ):
        with pytest.raises(InputError, match=r"may still be running on node07.*`mhc gone .*run`"):
            act()
    assert "--status=unknown" in CliRunner().invoke(app, ["clean", "--status", "unknown"]).stderr

    said = CliRunner().invoke(app, ["gone", str(unknown)])
    assert said.exit_code == 0 and "counts as killed" in said.stdout
    assert read_run(unknown).status == "killed"
    assert "deleted" in CliRunner().invoke(app, clean).stdout and not unknown.exists()


def test_a_killed_run_is_killed_wherever_it_is_taken(unknown: Path, tmp_path: Path) -> None:
    declare_all_gone(unknown)
    export_run(read_run(unknown), tmp_path / "run.tar.gz")
    assert import_run(tmp_path / "run.tar.gz", tmp_path / "elsewhere").status == "killed"
    killed = write_run(tmp_path / "killed", left_out=("end.json",))
    export_run(read_run(killed), tmp_path / "killed.tar.gz")
    found = import_run(tmp_path / "killed.tar.gz", tmp_path / "elsewhere")
    move_to_another_machine(found.directory)
    assert read_run(found.directory).status == "killed"


def test_a_sweep_of_another_machine_is_said_to_be_gone_with_its_runs(
    unknown: Path, tmp_path: Path
) -> None:
    sweep = tmp_path / "outputs"
    begin_sweep(sweep, []).release()
    move_to_another_machine(sweep)
    with pytest.raises(InputError, match=r"may still be running on node07.*`mhc gone"):
        continue_sweep(sweep)
    assert sorted(declare_all_gone(sweep)) == [sweep, unknown]
    continue_sweep(sweep).release()


def test_only_what_is_unknown_can_be_said_to_be_gone(tmp_path: Path) -> None:
    completed = write_run(tmp_path / "completed")
    with pytest.raises(InputError, match="is completed: only of what is unknown"):
        declare_all_gone(completed)
    Attempt.begin(tmp_path / "live", number=1)
    with pytest.raises(InputError, match="no run: only of what is unknown"):
        declare_all_gone(tmp_path / "live")
