import math
import os
import shutil
from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner
from written_runs import write_failed_run, write_pretraining_run, write_run

from mental_health_classifier.cli.app import app
from mental_health_classifier.contracts import InputError
from mental_health_classifier.tracking.keeping import housekeeping
from mental_health_classifier.tracking.keeping.housekeeping import delete_run, runs_to_delete
from mental_health_classifier.tracking.keeping.snapshot import preserved_runs
from mental_health_classifier.tracking.record.run_summary import read_run
from mental_health_classifier.tracking.run_index import find_runs


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


def ensemble_of(*members: Path, directory: Path) -> dict[str, object]:
    facts = [
        {"id": read_run(each).id, "directory": os.path.relpath(each, directory)} for each in members
    ]
    return {"ensemble": {"way": "mean", "members": facts}, "data": {"split_seed": 1}}


def test_what_a_run_that_stays_rests_on_stays(runs: Path) -> None:
    config = ensemble_of(runs / "worse", runs / "killed", directory=runs / "day" / "both")
    both = runs / "day" / "both"
    write_run(both, recall=0.5, run=at(0.5, config=config, configuration_hash="both"))
    assert doomed(runs, older_than_days=0.7) == ["failed"]
    assert doomed(runs, older_than_days=0) == ["worse", "failed", "killed", "both"]
    assert doomed(runs, older_than_days=0, preserved={str(read_run(both).id)}) == ["failed"]


def test_members_stay_for_an_ensemble_that_lies_elsewhere(runs: Path, tmp_path: Path) -> None:
    config = ensemble_of(runs / "worse", directory=tmp_path / "elsewhere")
    other = read_run(write_run(tmp_path / "elsewhere", run={"config": config}))
    assert "worse" not in doomed(runs, older_than_days=30, elsewhere=[[other]])


def test_the_run_that_a_curriculum_learned_from_stays_and_so_does_what_that_rests_on(
    runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def learned_from(path: str) -> dict[str, object]:
        config = {"sampler": {"difficulty": {"run": path}}, "data": {"split_seed": 1}}
        return {"config": config, "configuration_hash": path}

    write_run(runs / "first", recall=0.5, run=at(30, configuration_hash="first"))
    write_run(runs / "second", recall=0.5, run=at(20, **learned_from(f"../{runs.name}/first")))
    write_run(runs / "third", recall=0.5, run=at(0.1, **learned_from("link/second")))
    (runs / "link").symlink_to(runs)
    monkeypatch.chdir(runs)
    assert doomed(runs, older_than_days=1.5) == ["worse", "failed"]
    assert doomed(runs, older_than_days=0)[-1] == "third"


def test_the_run_that_an_encoder_was_pretrained_in_stays(runs: Path) -> None:
    source = read_run(write_pretraining_run(runs / "pretrained"))
    assert "pretrained" in doomed(runs, older_than_days=0)
    model = {"name": "minilm", "pretrained_on": [{"run": source.id, "parts": ["train"]}]}
    config = {"model": model, "data": {"split_seed": 1}}
    write_run(runs / "tuned", run=at(0.1, config=config, configuration_hash="best"))
    assert "pretrained" not in doomed(runs, older_than_days=0)


def test_a_run_that_a_damaged_snapshot_holds_is_preserved(runs: Path, tmp_path: Path) -> None:
    write_run(tmp_path / "snapshots" / "one" / "runs" / "a", run={"id": "of_one"})
    (tmp_path / "snapshots" / "one" / "manifest.json").write_text("{")
    (tmp_path / "snapshots" / "two").mkdir()
    (tmp_path / "snapshots" / "two" / "manifest.json").write_text('{"runs": ["of_two"]}')
    assert preserved_runs(tmp_path / "snapshots") == {"of_one", "of_two"}


def cleaned(*arguments: object) -> str:
    command = ["clean", *map(str, arguments), "--status", "completed"]
    return CliRunner().invoke(app, command).output


def test_what_is_best_together_with_other_folders_stays(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    posts = {"fingerprint": "other"}
    write_run(tmp_path / "outputs" / "x", recall=0.8, run=at(3, configuration_hash="x"), data=posts)
    write_run(tmp_path / "outputs" / "y", recall=0.8, run=at(2, configuration_hash="y"))
    write_run(tmp_path / "outputs" / "z", recall=0.5, run=at(4, configuration_hash="z"))
    write_run(
        tmp_path / "multirun" / "w", recall=0.4, run=at(1, configuration_hash="w"), data=posts
    )
    told = cleaned("outputs")
    assert "outputs/z" in told and "outputs/x" not in told and "outputs/y" not in told
    monkeypatch.chdir("/")
    assert cleaned(tmp_path / "outputs").count("would delete") == 1


@pytest.mark.parametrize("place", ["multirun/day", "outputs/day", "model_snapshots/s/runs"])
def test_from_any_folder_members_stay_for_an_ensemble_beside_them(
    place: str, runs: Path, monkeypatch
) -> None:
    (runs / "multirun").mkdir()
    for name in ("best", "worse"):
        (runs / name).rename(runs / "multirun" / name)
    directory = runs / place / "both"
    config = ensemble_of(runs / "multirun" / "worse", directory=directory)
    write_run(directory, recall=0.5, run=at(0.5, config=config, configuration_hash="worst"))
    monkeypatch.chdir("/")
    assert "multirun/worse" not in cleaned(runs / "multirun", "--older-than", 1)
    shutil.rmtree(directory)
    assert "multirun/worse" in cleaned(runs / "multirun", "--older-than", 1)


@pytest.mark.parametrize("place", ["outputs", "multirun/old", "model_snapshots"])
def test_where_it_cannot_be_seen_what_rests_on_runs_nothing_is_deleted(
    place: str, tmp_path: Path, monkeypatch
) -> None:
    write_run(tmp_path / "multirun" / "best", recall=0.9, run=at(2, configuration_hash="best"))
    write_run(tmp_path / "multirun" / "worse", recall=0.5, run=at(1))
    (tmp_path / place).symlink_to("/scratch/gone")
    told = cleaned(tmp_path / "multirun", "--delete")
    assert f"{tmp_path / place} cannot be looked into: it is a link to nothing" in told
    assert (tmp_path / "multirun" / "worse").exists()


@pytest.mark.parametrize(
    ("conditions", "message"),
    [
        ({"older_than_days": math.nan}, "days from 0 to"),
        ({"older_than_days": math.inf}, "days from 0 to"),
        ({"older_than_days": 1e30}, "days from 0 to"),
        ({"older_than_days": -5.0}, "days from 0 to"),
        ({"statuses": ["faild"]}, "--status=faild: expected one of completed, failed"),
        ({"statuses": ["killed", "running"]}, "--status=running"),
    ],
)
def test_conditions_that_no_run_can_meet_are_refused(runs: Path, conditions, message: str) -> None:
    with pytest.raises(InputError, match=message):
        doomed(runs, **conditions)


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


def test_a_folder_that_holds_other_runs_is_never_deleted(runs: Path) -> None:
    stray = write_run(runs / "stray")
    (runs / "worse").rename(stray / "worse")
    with pytest.raises(InputError, match="holds other runs and was not deleted"):
        delete_run(read_run(stray))
    assert (stray / "worse" / "run.json").exists()


def test_a_run_behind_a_link_is_deleted_with_the_link(runs: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(runs / "killed")
    assert delete_run(read_run(tmp_path / "link"))
    assert not (runs / "killed").exists() and not (tmp_path / "link").is_symlink()


def test_of_two_cleans_at_once_the_second_says_so_and_goes_on(runs: Path, monkeypatch) -> None:
    killed, failed = read_run(runs / "killed"), read_run(runs / "failed")
    rename = Path.rename

    def other_process_is_first(path: Path, target: Path) -> Path:
        if path.name == "failed" and path.exists():
            shutil.rmtree(path)
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", other_process_is_first)
    result = CliRunner().invoke(app, ["clean", str(runs), "--older-than", "0", "--delete"])
    assert result.exit_code == 0, result.output
    assert f"was gone already: {failed.directory}" in result.stdout
    assert f"deleted {killed.directory}" in result.stdout
    assert not delete_run(killed)


def test_a_clean_that_was_stopped_half_way_is_finished_by_the_next(runs: Path, monkeypatch) -> None:
    def stop(_: Path) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(housekeeping, "remove", stop)
    command = ["clean", str(runs), "--status", "killed"]
    CliRunner().invoke(app, [*command, "--delete"])
    monkeypatch.undo()
    assert len(find_runs([runs])) == 3 and len(list(runs.iterdir())) == 4
    assert "left by a command that was stopped" in CliRunner().invoke(app, command).stdout
    assert len(list(runs.iterdir())) == 4
    CliRunner().invoke(app, [*command, "--delete"])
    assert sorted(path.name for path in runs.iterdir()) == ["best", "failed", "worse"]
