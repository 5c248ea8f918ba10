from pathlib import Path

import pytest

from mental_health_classifier.storage.files import read_json, write_json
from mental_health_classifier.tracking.provenance.git import GitState
from mental_health_classifier.tracking.provenance.source_files import Source
from mental_health_classifier.tracking.record import run_record
from mental_health_classifier.tracking.record.run_summary import read_run


@pytest.fixture
def completed(record_run, monkeypatch) -> Path:
    monkeypatch.setattr(run_record, "read_environment", dict)
    state = GitState(commit="0123abcd", branch="main", is_dirty=True)
    monkeypatch.setattr(run_record, "read_git_state", lambda folder: state)
    # Of a commit that is not at hand all files would be copied, and every test would read of each.
    source = Source(state, state.commit, {}, None, {}, {}, 0)
    monkeypatch.setattr(run_record, "read_source", lambda git: source)
    with record_run() as record:
        record.write_data({"classes": ["control", "suicide"], "name": "sample"})
        record.note_model(parameters=1000)
        record.finish(
            metrics={"test/accuracy": 0.5},
            intervals={"test/accuracy": (0.25, 0.75)},
            yardstick={"name": "tfidf_logistic", "metrics": {}},
            selection={"monitor": "val/accuracy"},
        )
    return record.directory


def test_a_summary_says_what_the_files_say(completed):
    run = read_run(completed)
    assert run.status == "completed" and run.problems == ()
    assert run.directory == completed
    assert (run.name, run.description) == ("baseline", "the smallest network")
    assert run.hypothesis == "it beats a bag of words"
    assert (run.tags, run.variants) == (("pilot",), ("curriculum",))
    assert (run.seed, run.model) == (1, "baseline_micro")
    assert (run.commit, run.is_dirty) == ("0123abcd", True)
    assert run.configuration == {"seed": 1, "model": {"width": 64}}
    assert run.configuration_hash and len(run.configuration_hash) == 16
    assert run.metrics == {"test/accuracy": 0.5}
    assert run.intervals == {"test/accuracy": [0.25, 0.75]}
    assert run.yardstick == {"name": "tfidf_logistic", "metrics": {}}
    assert run.selection == {"monitor": "val/accuracy"}
    assert run.model_facts == {"parameters": 1000}
    assert run.data["classes"] == ["control", "suicide"]
    assert run.error is None
    assert run.duration_seconds is not None and run.duration_seconds >= 0


def test_a_running_run_has_no_results_yet(record_run):
    record = record_run()
    with record:
        run = read_run(record.directory)
        assert run.status == "running" and run.problems == ()
        assert run.metrics == {} and run.duration_seconds is None and run.data == {}
        record.finish(metrics={})
    assert read_run(record.directory).status == "completed"


@pytest.mark.parametrize("file", ["run.json", "data.json", "attempts/001/end.json"])
def test_a_file_cut_at_any_byte_is_reported_and_never_taken_for_a_whole_one(completed, file):
    path = completed / file
    content = path.read_bytes()
    for length in range(len(content)):
        path.unlink()
        path.write_bytes(content[:length])
        run = read_run(completed)
        assert run.status == "damaged"
        assert len(run.problems) >= 1 and str(path) in run.problems[0]
        if file.endswith("end.json"):
            assert run.name == "baseline" and run.metrics == {}
    path.write_bytes(content)
    assert read_run(completed).status == "completed"


def test_a_cut_start_matters_only_where_there_is_no_end(completed):
    (completed / "attempts" / "001" / "start.json").write_text("{")
    assert read_run(completed).status == "completed"
    (completed / "attempts" / "001" / "end.json").unlink()
    run = read_run(completed)
    assert run.status == "damaged" and "start.json is damaged" in run.problems[0]


@pytest.mark.parametrize("file", ["run.json", "data.json", "attempts/001/end.json"])
def test_no_flipped_byte_stops_a_reader(completed, file):
    path = completed / file
    content = path.read_bytes()
    for place in range(len(content)):
        path.unlink()
        path.write_bytes(content[:place] + bytes([content[place] ^ 0x15]) + content[place + 1 :])
        run = read_run(completed)
        assert run.status in ("completed", "damaged")
        assert (run.status == "damaged") == bool(run.problems)


@pytest.mark.parametrize(
    ("file", "key", "value"),
    [
        ("run.json", "tags", None),
        ("run.json", "git", "abc"),
        ("data.json", "classes", 3),
        ("attempts/001/end.json", "metrics", []),
        ("attempts/001/end.json", "status", "running"),
        ("attempts/001/end.json", "status", "done"),
    ],
)
def test_a_value_of_the_wrong_kind_is_damage(completed, file, key, value):
    write_json(completed / file, read_json(completed / file) | {key: value})
    run = read_run(completed)
    assert run.status == "damaged" and file in run.problems[0]


def test_what_is_missing_is_named(completed):
    (completed / "attempts" / "001" / "end.json").rename(completed / "end.json")
    assert read_run(completed).status == "killed"
    (completed / "attempts" / "001" / "lock").unlink()
    assert "lock" in read_run(completed).problems[0]
    (completed / "attempts").rename(completed / "elsewhere")
    assert "holds no attempt" in read_run(completed).problems[0]
    (completed / "attempts").write_text("a file")
    assert "Not a directory" in read_run(completed).problems[0]
    (completed / "run.json").unlink()
    assert "run.json is missing" in read_run(completed).problems[0]


def test_the_latest_attempt_tells_the_status(completed):
    (completed / "attempts" / "001").rename(completed / "attempts" / "002")
    assert read_run(completed).status == "completed"
    earlier = completed / "attempts" / "001"
    earlier.mkdir()
    write_json(earlier / "end.json", {"status": "failed"})
    assert read_run(completed).status == "completed"


def test_a_run_that_ends_while_it_is_read_is_not_taken_for_killed(completed, monkeypatch):
    end = completed / "attempts" / "001" / "end.json"
    hidden = end.rename(completed / "hidden")

    def end_now(attempt):
        hidden.rename(end)
        return "killed"

    monkeypatch.setattr("mental_health_classifier.tracking.record.run_summary.life_of", end_now)
    assert read_run(completed).status == "completed"
