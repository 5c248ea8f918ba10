"""Answers in a line each."""

from written_runs import write_failed_run, write_run

from mental_health_classifier.analysis.report.contents import gather_report
from mental_health_classifier.analysis.sections.pieces import plain
from mental_health_classifier.tracking.run_index import read_run


def answers(*directories):
    found = gather_report(map(read_run, directories)).glance
    return {question: plain(answer) for question, answer in found}


def test_it_answers_what_is_asked_after_the_result(tmp_path):
    said = answers(write_run(tmp_path / "a"), write_failed_run(tmp_path / "b"))
    assert said["May it be used on people"].startswith("No: 8 of 8 conditions are not met.")
    assert said["How many seeds"] == "1; 5 are needed."
    # 125.4 s and 10 ** 9 bytes; the failed run took as long.
    assert said["What it cost"] == (
        "2 min 5 s, 954 MB at most, 2.40 million parameters. "
        "2 runs of this page together: 4 min 11 s."
    )
    assert said["What failed"] == "1 of 2 runs: 1 failed. Reasons are below."
    assert said["What next"]


def test_without_a_completed_run_it_says_what_failed_alone(tmp_path):
    assert answers(write_failed_run(tmp_path / "a")) == {
        "What failed": "1 of 1 run: 1 failed. Reasons are below."
    }


def test_where_nothing_failed_it_says_so(tmp_path):
    assert answers(write_run(tmp_path / "a"))["What failed"] == "Nothing: every run completed."
