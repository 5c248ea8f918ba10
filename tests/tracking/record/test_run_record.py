import json
import logging
import math
import os
import re
import threading
import time
from pathlib import Path

import pytest

from mental_health_classifier.contracts import InputError
from mental_health_classifier.storage.files import read_json, sha256_of
from mental_health_classifier.storage.json_lines import read_records
from mental_health_classifier.tracking.provenance.configuration_hash import configuration_hash
from mental_health_classifier.tracking.provenance.git import GitState
from mental_health_classifier.tracking.record import record_check, run_record
from mental_health_classifier.tracking.run_index import read_run

CANARY = "CANARY-words-of-a-post"


def end_of(directory: Path) -> dict:
    return read_json(directory / "attempts" / "001" / "end.json")


def texts_below(directory: Path) -> str:
    files = [path for path in directory.rglob("*") if path.is_file()]
    assert files
    return "\n".join(path.read_text(encoding="utf-8") for path in files)


def test_what_is_known_beforehand_is_on_disk_before_the_block_starts(record_run):
    config = {"seed": 7, "model": {"width": 64, "path": Path("a/b")}, "sizes": (1, 2)}
    with record_run(seed=7, config=config) as record:
        run = read_json(record.directory / "run.json")
        start = read_json(record.directory / "attempts" / "001" / "start.json")
        record.finish(metrics={})
    assert re.fullmatch("[0-9a-f]{12}", run["id"]) and run["id"] == record.run_id
    assert run["schema_version"] == 2
    assert run["config"] == {"seed": 7, "model": {"width": 64, "path": "a/b"}, "sizes": [1, 2]}
    assert run["configuration_hash"] == configuration_hash(config)
    assert (run["name"], run["seed"], run["tags"]) == ("baseline", 7, ["pilot"])
    assert (run["model"], run["variants"]) == ("baseline_micro", ["curriculum"])
    assert run["argv"] == ["train.py", "model=baseline_micro"]
    assert run["git"].keys() == {"commit", "branch", "is_dirty", "remote"}
    assert run["environment"]["packages"]["numpy"] and run["hardware"]["logical_cores"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\+00:00", run["created_at"])
    assert start["pid"] == os.getpid() and start["host"]


def test_a_completed_run_says_what_came_out_and_what_it_took(record_run):
    with record_run() as record:
        with record.phase("data"):
            pass
        for _ in range(2):
            with record.phase("fit"):
                time.sleep(0.01)
        record.note_model(parameters=10)
        record.note_model(trainable_parameters=9)
        record.finish(
            metrics={"test/accuracy": 0.5, "test/n": 4, "test/auprc": math.nan},
            intervals={"test/accuracy": (0.25, 0.75)},
            selection={"monitor": "val/accuracy", "value": 0.5, "epoch": 1, "step": 3},
        )
    end = end_of(record.directory)
    assert end["status"] == "completed" and end["error"] is None
    assert end["metrics"] == {"test/accuracy": 0.5, "test/n": 4, "test/auprc": None}
    assert end["intervals"] == {"test/accuracy": [0.25, 0.75]}
    assert end["yardstick"] is None and end["selection"]["step"] == 3
    assert end["model"] == {"parameters": 10, "trainable_parameters": 9}
    assert end["phases"].keys() == {"data", "fit"}
    assert 0.02 <= end["phases"]["fit"] <= end["duration_seconds"] < 5
    assert end["started_at"] < end["ended_at"]
    assert 2**20 < end["peak_memory_bytes"] < 2**40


def test_artefacts_are_everything_the_run_leaves_but_what_is_still_open(record_run):
    with record_run() as record:
        (record.directory / "config").mkdir()
        (record.directory / "config" / "config.yaml").write_text("seed: 1\n")
        for folder in ("logs", "tensorboard"):
            (record.directory / folder).mkdir()
            (record.directory / folder / "open").write_text("more follows")
        (record.directory / ".tmp-0123").write_text("left by a killed process")
        (record.directory / "link").symlink_to("/etc/hostname")
        record.log_metrics({"loss": 1.0}, step=1, epoch=0)
        record.log_resources({"posts_per_second": 2.0})
        record.write_data({"classes": ["a", "b"]})
        record.finish(metrics={})
    listed = end_of(record.directory)["artefacts"]
    of_source = [name for name in listed if name.startswith("source/")]
    assert "source/files.json" in of_source
    assert [name for name in listed if name not in of_source] == [
        "config/config.yaml",
        "data.json",
        "metrics.jsonl",
        "resources.jsonl",
        "run.json",
    ]
    for name, facts in listed.items():
        path = record.directory / name
        assert facts == {"bytes": path.stat().st_size, "sha256": sha256_of(path)}


def test_metrics_hold_deterministic_values_only_and_resources_the_time(record_run):
    with record_run() as record:
        record.log_metrics({"val/accuracy": 0.5, "val/loss": math.inf}, step=10, epoch=1)
        record.log_resources({"memory_bytes": 5})
        record.finish(metrics={})
    metrics = read_records(record.directory / "metrics.jsonl").records
    assert metrics == [{"step": 10, "epoch": 1, "val/accuracy": 0.5, "val/loss": None}]
    (resources,) = read_records(record.directory / "resources.jsonl").records
    assert resources.keys() == {"time", "memory_bytes"} and 0 <= resources["time"] < 5


def test_a_metric_may_not_take_the_name_of_the_step(record_run):
    with pytest.raises(InputError, match="called epoch, step"), record_run() as record:
        record.log_metrics({"step": 1, "epoch": 2, "x": 3}, step=10, epoch=1)


def test_logging_a_metric_costs_microseconds(record_run):
    with record_run() as record:
        metrics = {f"val/recall/{name}": 0.123456789 for name in "abcdef"}
        start = time.process_time()
        for step in range(2000):
            record.log_metrics(metrics, step=step, epoch=0)
        seconds = time.process_time() - start
        record.finish(metrics={})
    assert seconds / 2000 < 100e-6


def test_an_exception_is_recorded_by_type_and_place_without_its_words(record_run):
    with pytest.raises(KeyError), record_run(config={"width": 1}) as record:
        try:
            with record.phase("data"):
                raise ValueError(CANARY)
        except ValueError as error:
            raise KeyError(CANARY) from error
    end = end_of(record.directory)
    assert end["status"] == "failed"
    # Nothing of the package was running.
    assert end["error"] == {"type": "KeyError", "place": None, "message": None}
    assert end["phases"].keys() == {"data"} and end["metrics"] == {}
    assert CANARY not in texts_below(record.directory)


def test_the_place_of_an_exception_is_the_innermost_in_our_own_code(record_run, tmp_path):
    with pytest.raises(FileNotFoundError), record_run() as record:
        sha256_of(tmp_path / CANARY)
    error = end_of(record.directory)["error"]
    line = sha256_of.__code__.co_firstlineno + 2
    assert error == {
        "type": "FileNotFoundError",
        "place": f"mental_health_classifier/storage/files.py:{line} in sha256_of",
        "message": None,
    }
    assert CANARY not in texts_below(record.directory)


def test_the_entry_script_counts_as_our_own_code(record_run):
    code = compile("\n\ndef main():\n    1 / 0\nmain()", "/home/q7w3/project/train.py", "exec")
    with pytest.raises(ZeroDivisionError), record_run() as record:
        exec(code, {})
    assert end_of(record.directory)["error"]["place"] == "train.py:4 in main"
    assert "q7w3" not in texts_below(record.directory)


def test_the_message_of_an_input_error_is_kept(record_run):
    with pytest.raises(InputError), record_run() as record:
        raise InputError("Row 7 has no label. Give data.columns.label=NAME.")
    assert end_of(record.directory)["error"]["type"] == "InputError"
    assert end_of(record.directory)["error"]["message"].startswith("Row 7")


def test_an_exception_of_another_package_is_named_with_it(record_run):
    with pytest.raises(json.JSONDecodeError), record_run() as record:
        json.loads(CANARY)
    assert end_of(record.directory)["error"]["type"] == "json.decoder.JSONDecodeError"


def test_a_run_that_hands_over_nothing_has_failed_and_says_so(record_run, caplog):
    with caplog.at_level(logging.WARNING), record_run() as record:
        pass
    end = end_of(record.directory)
    assert end["status"] == "failed"
    assert "finish() was not called" in end["error"]["message"]
    assert "counts as failed" in caplog.text


def test_the_log_of_a_failed_run_ends_with_its_error(record_run, caplog):
    with pytest.raises(InputError), record_run() as record:
        raise InputError("data.path=x is gone.\nGive another.")
    message = f"Run {record.run_id} failed: InputError: data.path=x is gone. Give another."
    assert caplog.records[-1].levelname == "ERROR"
    assert caplog.records[-1].getMessage() == message


def test_an_exception_after_the_results_is_a_failure_that_keeps_them(record_run):
    with pytest.raises(RuntimeError), record_run() as record:
        record.finish(metrics={"test/accuracy": 0.5})
        raise RuntimeError
    end = end_of(record.directory)
    assert end["status"] == "failed" and end["metrics"] == {"test/accuracy": 0.5}


def test_results_are_handed_over_once(record_run):
    with pytest.raises(RuntimeError, match="twice"), record_run() as record:
        record.finish(metrics={})
        record.finish(metrics={})


@pytest.mark.parametrize("results", [{"a": object()}, {"a": {1, 2}}, {"a": Path("x")}])
def test_results_that_json_cannot_hold_fail_the_run_and_leave_its_record_whole(record_run, results):
    with pytest.raises(TypeError, match="has no form in JSON"), record_run() as record:
        record.finish(metrics=results)
    with pytest.raises(TypeError, match="has no form in JSON"), record_run("other") as other:
        other.note_model(**results)
    assert end_of(record.directory)["status"] == end_of(other.directory)["status"] == "failed"


def test_after_its_end_nothing_is_added_to_a_run(record_run):
    with record_run() as record:
        record.finish(metrics={})
    with pytest.raises(RuntimeError, match="has ended"):
        record.log_resources({"memory_bytes": 1})
    assert not (record.directory / "resources.jsonl").exists()


def test_an_artefact_that_cannot_be_read_does_not_cost_the_end(record_run, monkeypatch):
    def refuse(path):
        raise PermissionError(path)

    monkeypatch.setattr(record_check, "sha256_of", refuse)
    with record_run() as record:
        record.finish(metrics={})
    end = end_of(record.directory)
    assert end["status"] == "completed" and end["artefacts"]["run.json"]["sha256"] is None


def test_ctrl_c_is_an_interruption_also_as_the_exit_that_lightning_makes_of_it(record_run):
    with pytest.raises(KeyboardInterrupt), record_run("direct") as direct:
        raise KeyboardInterrupt
    with pytest.raises(SystemExit), record_run("exit") as by_exit:
        try:
            raise KeyboardInterrupt
        except KeyboardInterrupt:
            raise SystemExit(1)  # noqa: B904 (as Lightning does)
    with pytest.raises(SystemExit), record_run("other") as other:
        raise SystemExit(1)
    assert end_of(direct.directory)["status"] == "interrupted"
    assert end_of(by_exit.directory)["status"] == "interrupted"
    assert end_of(other.directory)["status"] == "failed"


def test_a_directory_that_holds_a_run_is_refused_and_left_alone(record_run):
    with record_run() as record:
        with pytest.raises(InputError, match=r"already holds a run.*hydra\.run\.dir"):
            record_run(name="second")
        record.finish(metrics={})
    with pytest.raises(InputError, match="already holds a run"):
        record_run(name="second")
    run = read_run(record.directory)
    assert (run.name, run.status) == ("baseline", "completed")
    assert os.listdir(record.directory / "attempts") == ["001"]


def test_the_remains_of_a_run_without_attempts_are_not_overwritten_either(record_run, monkeypatch):
    with record_run() as record:
        record.finish(metrics={})
    (record.directory / "attempts").rename(record.directory / "elsewhere")
    monkeypatch.setattr(Path, "exists", lambda self: False)
    with pytest.raises(InputError, match="already holds a run"):
        record_run(name="second")
    assert read_json(record.directory / "run.json")["name"] == "baseline"
    assert os.listdir(record.directory / "attempts") == []


def test_of_eight_processes_that_claim_one_directory_one_gets_it(start_child, tmp_path):
    child = start_child(
        """
        ready, go = os.pipe()
        children = []
        for _ in range(8):
            pid = os.fork()
            if pid == 0:
                os.close(go)
                os.read(ready, 1)  # Returns when the parent closes the other end.
                try:
                    with record() as run:
                        time.sleep(0.05)
                        run.finish(metrics={"pid": os.getpid()})
                except ValueError as error:
                    os._exit(0 if "already holds a run" in str(error) else 9)
                os._exit(1)
            children.append(pid)
        os.close(go)
        print(*sorted(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in children))
        """
    )
    assert child.communicate(timeout=30)[0].split() == ["0"] * 7 + ["1"]
    assert read_run(tmp_path / "run").status == "completed"
    assert os.listdir(tmp_path / "run" / "attempts") == ["001"]


def test_a_configuration_that_json_cannot_hold_is_refused_before_anything_is_written(
    record_run, tmp_path
):
    with pytest.raises(InputError, match=r"object at model\.network"):
        record_run(config={"model": {"network": object()}})
    assert os.listdir(tmp_path) == []


def test_names_may_be_anything(record_run):
    name = '\U0001f642 it\'s "quoted"\n' + "x" * 10_000
    with record_run(name=name, tags=[name, "\udcff"], description=name) as record:
        record.finish(metrics={})
    run = read_run(record.directory)
    assert run.status == "completed"
    assert (run.name, run.description, run.tags) == (name, name, (name, "\udcff"))


def test_without_git_the_run_is_recorded_all_the_same(record_run, monkeypatch):
    monkeypatch.setattr(run_record, "read_git_state", lambda folder: GitState())
    with record_run() as record:
        record.finish(metrics={})
    run = read_run(record.directory)
    assert run.status == "completed" and run.commit is None and run.is_dirty is None


def test_runs_can_be_recorded_in_a_thread(record_run, tmp_path):
    def work():
        with record_run() as record:
            record.finish(metrics={"directory": 1})

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert read_run(tmp_path / "run").status == "completed"


def test_the_data_is_described_once(record_run):
    with record_run() as record:
        record.write_data({"classes": ["a"], "ceilings": {"sequence": math.nan}})
        with pytest.raises(FileExistsError):
            record.write_data({"classes": ["b"]})
        record.finish(metrics={})
    data = read_json(record.directory / "data.json")
    assert data == {"schema_version": 2, "classes": ["a"], "ceilings": {"sequence": None}}
