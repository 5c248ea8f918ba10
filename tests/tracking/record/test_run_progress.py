from datetime import datetime, timedelta
from pathlib import Path

import pytest
from written_runs import write_failed_run, write_run

from mental_health_classifier.storage.files import read_json
from mental_health_classifier.tracking.record.run_progress import is_alive, progress_of
from mental_health_classifier.tracking.record.run_summary import read_run

CONFIG = {"trainer": {"max_epochs": 10, "max_steps": -1}}
OF_DATA = {"name": "posts", "priority_class": "suicide", "classes": ["suicide", "none"]}


@pytest.fixture
def running(record_run):
    """A run whose process is this one: four of ten epochs, 25 steps each."""
    record = record_run(config=CONFIG, handles_signals=False)
    record.write_data(OF_DATA)
    for epoch, recall in enumerate((0.2, 0.5, 0.4, 0.7)):
        step = 25 * (epoch + 1) - 1
        record.log_metrics({"train/loss": 1.0}, step=step, epoch=epoch)
        record.log_metrics({"val/recall_at_spec80": recall, "val/loss": 1}, step=step, epoch=epoch)
    yield record
    die(record)


def die(record):
    """As if the process of the run was killed."""
    for handle in record._handles.values():
        handle.close()
    if not (record.directory / "dead").exists():
        (record.directory / "dead").touch()
        record._attempt.release()


def sample(record, *, step, time, **more):
    record._append("resources.jsonl", {"time": time, "step": step, "memory_megabytes": 300, **more})


def test_epochs_and_the_headline_are_those_of_the_validations(running):
    progress = progress_of(read_run(running.directory))
    assert progress.metric == "val/recall_at_spec80"
    assert progress.values == (0.2, 0.5, 0.4, 0.7)
    assert (progress.epoch, progress.epochs) == (4, 10)
    assert progress.remaining_seconds is None and progress.memory_bytes is None


def test_what_is_left_goes_on_at_the_speed_of_the_samples(running):
    sample(running, step=20, time=10.0)
    sample(running, step=100, time=50.0, processor_percent=93.5)
    progress = progress_of(read_run(running.directory))
    # Half a second a step, and 150 of 250 steps are left.
    assert progress.remaining_seconds == pytest.approx(75)
    assert progress.memory_bytes == 300 * 2**20
    assert progress.processor_percent == 93.5


def test_samples_of_an_earlier_attempt_do_not_count(running):
    sample(running, step=20, time=100.0)
    sample(running, step=80, time=900.0)
    sample(running, step=100, time=20.0)
    sample(running, step=120, time=40.0)
    assert progress_of(read_run(running.directory)).remaining_seconds == pytest.approx(130)


def test_elapsed_is_of_the_attempt_and_a_torn_line_is_left_out(running):
    with (running.directory / "metrics.jsonl").open("a") as file:
        file.write('{"step":124,"epoch":4,"val/recall_at_spec80":0.99')
    run = read_run(running.directory)
    start = read_json(running.directory / "attempts" / "001" / "start.json")
    now = datetime.fromisoformat(start["started_at"]) + timedelta(minutes=5)
    progress = progress_of(run, now=now)
    assert progress.elapsed_seconds == 300 and progress.values[-1] == 0.7
    assert is_alive(run) and progress.host == start["host"]


def test_of_a_run_that_has_ended_nothing_is_left(tmp_path: Path):
    completed = progress_of(read_run(write_run(tmp_path / "a")))
    assert completed.elapsed_seconds == 125.4 and completed.remaining_seconds is None
    assert completed.epochs is None and completed.values == ()
    failed = read_run(write_failed_run(tmp_path / "b"))
    assert not is_alive(failed) and progress_of(failed).elapsed_seconds == 125.4


def test_a_model_that_is_fitted_whole_has_no_epochs(tmp_path: Path):
    config = {**CONFIG, "model": {"_target_": "LogisticRegression", "name": "tfidf_logistic"}}
    assert progress_of(read_run(write_run(tmp_path / "a", run={"config": config}))).epochs is None


def test_a_killed_run_lasted_until_its_last_sign_of_life(running):
    sample(running, step=20, time=10.0)
    die(running)
    run = read_run(running.directory)
    later = datetime.fromisoformat("2100-01-01T00:00:00+00:00")
    progress = progress_of(run, now=later)
    elapsed = progress.elapsed_seconds
    assert progress.remaining_seconds is None
    assert run.status == "killed" and elapsed is not None and elapsed < 60


def test_a_damaged_record_has_come_nowhere_and_is_no_error(tmp_path: Path):
    directory = write_run(tmp_path / "a")
    (directory / "run.json").write_text("{")
    (directory / "metrics.jsonl").mkdir()
    (directory / "resources.jsonl").write_bytes(b"\xff\x00")
    (directory / "attempts" / "001" / "start.json").write_text("[]")
    progress = progress_of(read_run(directory))
    assert progress.epoch is None and progress.values == () and progress.host is None
