from written_runs import write_run

from mental_health_classifier.analysis.tables.frequencies import (
    frequencies_of,
    frequencies_of_yardstick,
)
from mental_health_classifier.tracking.run_index import read_run

COUNTED = {
    "test/n": 447,
    "test/support/suicide": 45,
    "test/operating_point/recall": 39 / 45,
    "test/operating_point/alert_rate": 119 / 447,
}


def test_counts_come_back_from_shares(tmp_path):
    yardstick = {"name": "tfidf", "metrics": {**COUNTED, "test/operating_point/recall": 32 / 45}}
    run = read_run(write_run(tmp_path / "a", end={"metrics": COUNTED, "yardstick": yardstick}))
    found = frequencies_of(run)
    assert found is not None
    assert (found.priority, found.found, found.missed) == (45, 39, 6)
    assert (found.posts, found.alerted, found.wrong, found.alerted_of_100) == (447, 119, 80, 27)
    beside = frequencies_of_yardstick(run)
    assert beside is not None and beside.missed == 13


def test_without_an_operating_point_nothing_is_counted(tmp_path):
    nothing = {**COUNTED, "test/operating_point/recall": None}
    run = read_run(write_run(tmp_path / "a", end={"metrics": nothing, "yardstick": None}))
    assert frequencies_of(run) is None and frequencies_of_yardstick(run) is None
    run = read_run(
        write_run(tmp_path / "b", end={"metrics": {**COUNTED, "test/support/suicide": 0}})
    )
    assert frequencies_of(run) is None
