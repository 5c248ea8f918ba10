"""Missed posts in the report."""

from dataclasses import replace

import numpy as np
from written_runs import CLASSES, write_run

from mental_health_classifier.analysis.report.missed import missed_posts
from mental_health_classifier.analysis.sections.pieces import Measure
from mental_health_classifier.contracts import SEVERITY, Predictions, Task
from mental_health_classifier.tracking.record.prediction_files import write_predictions
from mental_health_classifier.tracking.run_index import read_run


def run_that_misses(folder, scores, **changes):
    """Suicide posts with these probabilities, one of each severity, and one other post."""
    scores = [*scores, 0.1]
    test = Predictions(
        part="test",
        task=Task.categorical("condition", CLASSES, "suicide"),
        post_ids=[f"post{number}" for number in range(len(scores))],
        authors=None,
        labels=np.array([0] * (len(scores) - 1) + [1]),
        probabilities=np.array([[score, 1 - score, 0] for score in scores]),
        groups={SEVERITY: [str(number) for number in range(len(scores))]},
    )
    run = write_run(folder / "a", **changes)
    for part in ("val", "test"):
        write_predictions(replace(test, part=part), run / "predictions" / f"{part}.csv")
    return read_run(run)


def test_missed_posts_are_named_by_row_and_severity_worst_first(tmp_path):
    # Alerts begin at .25.
    section = missed_posts(run_that_misses(tmp_path, (0.2, 0.9, 0.1)))
    assert section.sentences == [
        "At the operating point 2 of 3 suicide posts of test were missed: 1 of severity 0 and 1 of "
        "severity 2."
    ]
    # Row 1 of the file names the columns.
    assert section.rows == [
        ["4", "2", Measure(0.1), "anxiety"],
        ["2", "0", Measure(0.2), "anxiety"],
    ]


def test_where_nothing_was_missed_there_is_no_table(tmp_path):
    section = missed_posts(run_that_misses(tmp_path, (0.9, 0.8)))
    assert section.rows == [] and "0 of 2 suicide posts" in str(section.sentences[0])


def test_without_predictions_it_says_so(tmp_path):
    section = missed_posts(read_run(write_run(tmp_path / "a")))
    assert section.missing.startswith("Not known:")
