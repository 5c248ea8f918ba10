import pytest
from written_runs import write_run

from mental_health_classifier.analysis.sections.answer import a_day, answer, in_words
from mental_health_classifier.tracking.run_index import read_run

COUNTED = {
    "test/n": 447,
    "test/support/suicide": 45,
    "test/operating_point/recall": 36 / 45,
    "test/operating_point/specificity": 0.75,
    "test/operating_point/alert_rate": 114 / 447,
}


@pytest.fixture
def run(tmp_path):
    yardstick = {"name": "tfidf", "metrics": {**COUNTED, "test/operating_point/recall": 32 / 45}}
    intervals = {
        "test/operating_point/recall": [0.6, 0.9],
        "test/operating_point/specificity": [0.7, 0.8],
    }
    return read_run(
        write_run(
            tmp_path / "a",
            end={"metrics": COUNTED, "intervals": intervals, "yardstick": yardstick},
        )
    )


def test_the_answer_is_in_posts_beside_the_yardstick(run):
    first, second = answer(run).sentences
    assert first == (
        "Of 45 suicide posts of test it found 36 and missed 9. Of all 447 posts it alerted 114 "
        "(26 of 100), 78 of them wrongly (about two in three)."
    )
    assert "tfidf found 32 and missed 13" in second


def test_a_day_is_worked_out_for_each_share_of_priority_posts(run):
    day = a_day(run)
    assert day is not None
    row = next(row for row in day.rows if str(row[0]).startswith("1 %"))
    # 10 posts at a recall of .8; 990 others, of which a quarter is alerted.
    assert row[1:] == ["8.0 [6.0, 9.0]", "2.0 [1.0, 4.0]", "247.5 [198.0, 297.0]"]


def test_without_a_priority_class_right_classes_are_counted(tmp_path):
    metrics = {"test/n": 200, "test/accuracy": 0.69}
    run = read_run(
        write_run(tmp_path / "a", priority_class=None, end={"metrics": metrics, "yardstick": None})
    )
    assert answer(run).sentences[0].startswith("Of 200 test posts it gave 138 the right class")
    assert a_day(run) is None


def test_without_a_threshold_it_says_so_instead_of_a_count(tmp_path):
    metrics = {**COUNTED, "test/operating_point/recall": None}
    run = read_run(write_run(tmp_path / "a", end={"metrics": metrics, "yardstick": None}))
    assert "has no operating point" in answer(run).sentences[0]
    assert a_day(run) is None


@pytest.mark.parametrize(
    ("share", "words"),
    [
        *((0.0, "none"), (0.01, "hardly any"), (0.12, "about one in ten")),
        *((0.35, "about one in three"), (0.5, "about half"), (0.67, "about two in three")),
        *((0.74, "about three in four"), (0.9, "about nine in ten"), (0.97, "nearly all")),
        (1.0, "all"),
    ],
)
def test_a_share_in_words(share, words):
    assert in_words(share) == words
