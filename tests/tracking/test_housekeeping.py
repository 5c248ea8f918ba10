from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner
from written_runs import write_failed_run, write_run

from mental_health_classifier.cli import app
from mental_health_classifier.contracts import InputError
from mental_health_classifier.tracking.housekeeping import delete_run, runs_to_delete
from mental_health_classifier.tracking.run_index import find_runs
from mental_health_classifier.tracking.run_summary import read_run


def at(days_ago: float, **facts: object) -> dict[str, object]:
    moment = datetime.now(UTC) - timedelta(days=days_ago)
    return {"created_at": moment.isoformat(timespec="microseconds"), **facts}


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    """A best run, a worse one, a failed and a killed one, each a day older than the next."""
    write_run(tmp_path / "best", recall=0.9, run=at(40, configuration_hash="best"))
    write_run(tmp_path / "worse", recall=0.5, run=at(39, configuration_hash="worse"))
    write_failed_run(tmp_path / "failed", run=at(2, configuration_hash="best"))
    write_run(tmp_path / "killed", run=at(1), left_out=("end.json",))
    return tmp_path


def doomed(root: Path, *, preserved: Collection[str] = (), **conditions: object) -> list[str]:
    chosen = {"statuses": (), "older_than_days": None, "keep_last": 0, **conditions}
    found = runs_to_delete(find_runs([root]), preserved=preserved, **chosen)  # pyright: ignore[reportArgumentType]
    return [run.directory.name for run in found]


def test_each_condition_narrows_the_choice_and_best_models_always_stay(runs: Path) -> None:
    assert doomed(runs, older_than_days=0) == ["worse", "failed", "killed"]
    assert doomed(runs, older_than_days=30) == ["worse"]
    assert doomed(runs, statuses=["failed", "killed"]) == ["failed", "killed"]
    assert doomed(runs, keep_last=1) == ["worse", "failed"]
    assert doomed(runs, keep_last=1, statuses=["completed"]) == ["worse"]


def test_without_a_condition_nothing_is_chosen(runs: Path) -> None:
    with pytest.raises(InputError, match="Say which runs"):
        doomed(runs)


def test_a_preserved_run_stays(runs: Path) -> None:
    preserved = {str(read_run(runs / "worse").id)}
    assert "worse" not in doomed(runs, older_than_days=0, preserved=preserved)


def test_a_running_run_stays(runs: Path, record_run) -> None:
    with record_run("running") as record:
        assert "running" not in doomed(runs, older_than_days=0)
        with pytest.raises(InputError, match="is running and was not deleted"):
            delete_run(read_run(record.directory))
        record.finish(metrics={})


def test_nothing_is_deleted_before_it_is_asked_for(runs: Path) -> None:
    command = ["clean", str(runs), "--status", "killed"]
    listed = CliRunner().invoke(app, command)
    assert "would delete" in listed.stdout and "Give --delete" in listed.stderr
    assert len(find_runs([runs])) == 4
    CliRunner().invoke(app, [*command, "--delete"])
    assert sorted(path.name for path in runs.iterdir()) == ["best", "failed", "worse"]
