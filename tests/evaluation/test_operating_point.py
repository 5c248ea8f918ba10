import numpy as np
import pytest

from mental_health_classifier.evaluation.intervals import wilson_interval
from mental_health_classifier.evaluation.operating_point import (
    CONFIDENCE_OF_BOTH,
    precision_at_prevalence,
    precisions_at_prevalences,
    recall_at_specificity,
    shares_at_threshold,
    threshold_for_specificity,
)

# Ten other posts and four priority posts.
SCORES = np.array([0.05, 0.1, 0.1, 0.2, 0.2, 0.3, 0.3, 0.35, 0.6, 0.8, 0.9, 0.7, 0.5, 0.3])
IS_PRIORITY = np.arange(14) >= 10


def test_the_threshold_spends_the_allowance_of_false_alarms_and_no_more():
    # 0.36 to 0.6 would do for two false alarms; a score that occurs is taken: .5, a priority post.
    assert threshold_for_specificity(SCORES, IS_PRIORITY, specificity=0.8) == 0.5
    assert threshold_for_specificity(SCORES, IS_PRIORITY, specificity=0.7) == 0.35
    assert threshold_for_specificity(SCORES, IS_PRIORITY, specificity=1.0) == 0.9


def test_the_threshold_is_the_lowest_of_those_with_equal_recall():
    scores, is_priority = np.array([0.9, 0.4, 0.3, 0.2, 0.1, 0.0]), np.arange(6) == 0
    assert threshold_for_specificity(scores, is_priority, specificity=0.8) == 0.4


def test_there_is_no_threshold_where_any_alert_breaks_the_limit():
    assert threshold_for_specificity(np.ones(14), IS_PRIORITY, specificity=0.8) is None
    assert recall_at_specificity(np.ones(14), IS_PRIORITY, specificity=0.8) == 0.0


@pytest.mark.parametrize("kind", [True, False])
def test_there_is_no_threshold_without_both_kinds_of_posts(kind):
    is_priority = np.full(14, kind)
    assert threshold_for_specificity(SCORES, is_priority, specificity=0.8) is None
    assert recall_at_specificity(SCORES, is_priority, specificity=0.8) is None


def test_scores_that_are_not_numbers_are_refused():
    scores = SCORES.copy()
    scores[3] = np.nan
    with pytest.raises(ValueError, match="NaN"):
        recall_at_specificity(scores, IS_PRIORITY, specificity=0.8)
    with pytest.raises(ValueError, match="NaN"):
        threshold_for_specificity(scores, IS_PRIORITY, specificity=0.8)


def test_recall_is_read_off_the_roc():
    assert recall_at_specificity(SCORES, IS_PRIORITY, specificity=0.8) == 0.75
    assert recall_at_specificity(SCORES, IS_PRIORITY, specificity=1.0) == 0.25


def test_the_shares_at_a_threshold_worked_by_hand():
    shares = shares_at_threshold(0.5, scores=SCORES, is_priority=IS_PRIORITY)
    assert {key: tuple(share) for key, share in shares.items()} == {
        "recall": (3, 4),
        "specificity": (8, 10),
        "precision": (3, 5),
        "alert_rate": (5, 14),
    }


def test_a_post_at_the_threshold_is_alerted():
    shares = shares_at_threshold(
        0.9, scores=np.array([0.9, 0.899999]), is_priority=np.array([1, 0], bool)
    )
    assert shares["alert_rate"] == (1, 2)


def test_without_alerts_precision_is_unknown():
    assert (
        shares_at_threshold(0.95, scores=SCORES, is_priority=IS_PRIORITY)["precision"].value is None
    )


def test_without_a_threshold_nothing_is_counted():
    shares = shares_at_threshold(None, scores=SCORES, is_priority=IS_PRIORITY)
    assert all(share.value is None for share in shares.values())


def test_precision_at_a_deployed_prevalence_is_that_of_bayes_rule():
    # Of 100,000 posts 1,000 are priority posts, 900 of which are found; 19,800 others are alerted.
    found = precision_at_prevalence(0.9, 0.8, prevalence=0.01)
    assert found == pytest.approx(900 / (900 + 19_800)) and round(found, 4) == 0.0435
    assert np.isnan(precision_at_prevalence(0, 1, prevalence=0.01))


def test_precision_at_a_deployed_prevalence_has_an_interval_that_holds_both_ends():
    # Two intervals of 97.5 % hold at once in 95 % of samples; Wilson's, worked out by hand.
    assert wilson_interval(45, 50, confidence=CONFIDENCE_OF_BOTH) == pytest.approx(
        (0.76575, 0.96121), abs=1e-4
    )
    values, intervals = precisions_at_prevalences(
        0.9, 0.8, recalls=(0.76575, 0.96121), specificities=(0.75701, 0.83702)
    )
    assert list(values) == [f"precision_at_prevalence/{share}" for share in (0.001, 0.01, 0.05)]
    for key, value in values.items():
        assert intervals[key][0] < value < intervals[key][1]
    low = precision_at_prevalence(0.76575, 0.75701, prevalence=0.05)
    high = precision_at_prevalence(0.96121, 0.83702, prevalence=0.05)
    assert intervals["precision_at_prevalence/0.05"] == pytest.approx((low, high), abs=1e-3)


def test_without_a_threshold_there_is_no_precision_anywhere():
    assert precisions_at_prevalences(None, None, recalls=None, specificities=None) == ({}, {})
