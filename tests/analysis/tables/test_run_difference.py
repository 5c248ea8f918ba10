import json

from written_runs import write_failed_run, write_run

from mental_health_classifier.analysis.tables.run_difference import difference_page, run_difference
from mental_health_classifier.console.tables import new_console
from mental_health_classifier.tracking.run_index import read_run


def page_of(a, b, *, width=100):
    console = new_console()
    console.width = width
    with console.capture() as capture:
        console.print(difference_page(read_run(a), read_run(b)))
    return capture.get()


def test_only_what_differs_is_listed(tmp_path):
    a = write_run(tmp_path / "a", run={"config": {"model": {"width": 64, "heads": 4}, "seed": 1}})
    b = write_run(tmp_path / "b", run={"config": {"model": {"width": 256, "heads": 4}, "seed": 1}})
    assert run_difference(read_run(a), read_run(b)) == [
        {"kind": "configuration", "key": "model.width", "a": 64, "b": 256}
    ]


def test_a_key_that_one_run_lacks_is_not_the_same_as_null(tmp_path):
    a = write_run(tmp_path / "a", run={"config": {"clip": None, "empty": {}, "list": [1, 2]}})
    b = write_run(tmp_path / "b", run={"config": {"extra": None, "empty": {"x": 1}, "list": [1]}})
    assert run_difference(read_run(a), read_run(b)) == [
        {"kind": "configuration", "key": "clip", "a": None},
        {"kind": "configuration", "key": "empty", "a": {}},
        {"kind": "configuration", "key": "list", "a": [1, 2], "b": [1]},
        {"kind": "configuration", "key": "extra", "b": None},
        {"kind": "configuration", "key": "empty.x", "b": 1},
    ]
    page = page_of(a, b)
    assert "(not there)" in page and "null" in page


def test_metrics_come_with_both_values_intervals_and_their_difference(tmp_path):
    def end(accuracy):
        return {
            "metrics": {"val/accuracy": accuracy, "test/accuracy": accuracy, "test/n": 300},
            "intervals": {"test/accuracy": [accuracy - 0.25, accuracy + 0.25]},
        }

    a = write_run(tmp_path / "a", end=end(0.5))
    b = write_run(tmp_path / "b", end=end(0.75))
    metrics = run_difference(read_run(a), read_run(b))
    assert [each["key"] for each in metrics] == ["test/accuracy", "val/accuracy"]
    assert metrics[0] == {
        "kind": "metric",
        "key": "test/accuracy",
        "a": 0.5,
        "b": 0.75,
        "a_interval": [0.25, 0.75],
        "b_interval": [0.5, 1.0],
        "difference": 0.25,
    }
    page = " ".join(page_of(a, b).split())
    assert "test/accuracy .500 [.25, .75] .750 [.50, 1.0] +.250" in page
    assert "Whether chance could have made a difference is not tested." in page


def test_a_metric_that_one_run_did_not_measure_has_no_difference(tmp_path):
    a, b = write_run(tmp_path / "a"), write_failed_run(tmp_path / "b")
    accuracy = next(
        each for each in run_difference(read_run(a), read_run(b)) if each["key"] == "test/accuracy"
    )
    assert "b" not in accuracy and accuracy["difference"] is None
    page_of(a, b)


def test_commit_data_and_packages_are_among_the_differences(tmp_path):
    a = write_run(tmp_path / "a")
    b = write_run(
        tmp_path / "b",
        run={
            "git": {"commit": "b" * 40, "is_dirty": True},
            "environment": {"python": "3.11.9", "packages": {"torch": "2.14.0"}},
        },
        data={"fingerprint": "f2"},
    )
    found = {(each["kind"], each["key"]) for each in run_difference(read_run(a), read_run(b))}
    assert found == {
        ("record", "commit"),
        ("record", "is_dirty"),
        ("record", "data_fingerprint"),
        ("environment", "packages.torch"),
    }
    assert "tested on different posts: the numbers cannot be compared" in page_of(a, b)


def test_nothing_differs_between_a_run_and_itself(tmp_path):
    run = write_run(tmp_path / "a")
    assert run_difference(read_run(run), read_run(run)) == []
    assert "Nothing differs" in page_of(run, run)


def test_damaged_and_killed_runs_can_be_looked_at(tmp_path):
    damaged = write_run(tmp_path / "damaged")
    (damaged / "run.json").write_text("{", encoding="utf-8")
    killed = write_run(tmp_path / "killed", left_out=("end.json", "data.json"))
    json.dumps(run_difference(read_run(damaged), read_run(killed)), allow_nan=False)
    page_of(damaged, killed)


def test_long_values_are_wrapped_and_not_cut(tmp_path):
    a = write_run(tmp_path / "a", run={"config": {"path": "a" * 150}})
    b = write_run(tmp_path / "b", run={"config": {"path": "b" * 150}})
    page = page_of(a, b, width=80)
    assert page.count("a" * 10) >= 3 and sum(line.count("b") for line in page.splitlines()) >= 150
    assert max(map(len, page.splitlines()[3:])) <= 80
