import numpy as np
import pytest

from mental_health_classifier.evaluation.decisions import (
    decide,
    start_of_band,
    uncertainties,
)


def decided(rows, reasons=None, threshold=0.3):
    probabilities = np.array(rows, dtype=float)
    return decide(
        probabilities,
        priority_index=2,
        threshold=threshold,
        refer_from=threshold / 2,
        reasons_to_refer=reasons or [None] * len(rows),
    )


def test_a_post_is_alerted_referred_or_left_by_its_score():
    found = decided([[0.6, 0.1, 0.3], [0.7, 0.1, 0.2], [0.8, 0.1, 0.1]])
    assert [(d.action, d.reason) for d in found] == [
        ("alert", "reached_threshold"),
        ("refer", "near_threshold"),
        ("no_alert", "below_threshold"),
    ]


def test_doubt_goes_to_a_person_and_never_to_no_alert():
    found = decided(
        [[0.97, 0.02, 0.01], [np.nan, np.nan, np.nan], [0.34, 0.33, 0.33]],
        ["foreign_language", None, None],
        threshold=0.9,
    )
    assert [d.action for d in found] == ["refer"] * 3
    assert [d.reason for d in found] == ["foreign_language", "internal_error", "low_confidence"]
    assert found[1].uncertainty is None


def test_a_text_in_doubt_that_reaches_the_threshold_is_still_alerted():
    found = decided([[0.1, 0.1, 0.8]] * 2, ["foreign_language", "empty_text"])
    assert [d.action for d in found] == ["alert", "refer"]


def test_uncertainty_runs_from_nothing_to_one():
    found = uncertainties(np.array([[1, 0, 0], [1 / 3, 1 / 3, 1 / 3], [0.5, 0.5, 0]]))
    assert found == pytest.approx([0, 1, np.log(2) / np.log(3)], abs=1e-6)


def test_the_band_to_refer_holds_the_stated_share_of_posts():
    scores = np.arange(100) / 100
    # Thirty are alerted; ten more are read.
    start = start_of_band(scores, threshold=0.7)
    assert start == 0.6 and ((scores >= start) & (scores < 0.7)).sum() == 10
    # Equal scores are referred together or not at all: thirty at .5 are too many.
    assert start_of_band(np.repeat([0.9, 0.5, 0.1], [20, 30, 50]), threshold=0.9) == 0.9
