import numpy as np
import pytest
from sklearn.metrics import roc_curve

from mental_health_classifier.evaluation.roc import RankedPosts


def curve_of(scores, is_priority):
    ranked = RankedPosts(np.array(scores), np.array(is_priority, dtype=bool))
    return ranked, ranked.curve(np.ones((1, len(scores))))


def test_alerts_are_counted_at_each_distinct_score():
    ranked, curve = curve_of([0.2, 0.9, 0.5, 0.5, 0.1], [0, 1, 1, 0, 0])
    assert ranked.thresholds.tolist() == [0.9, 0.5, 0.2, 0.1]
    assert curve.true_alerts.tolist() == [[1, 2, 2, 2]]
    assert curve.false_alerts.tolist() == [[0, 1, 2, 3]]


def test_a_model_that_alerts_everybody_finds_nobody_at_specificity_80():
    _, curve = curve_of([1.0] * 10, [1, 1, 0, 0, 0, 0, 0, 0, 0, 0])
    assert curve.recall_at(specificity=0.8) == 0
    assert curve.partial_area(0.2) == pytest.approx(0.5)
    assert curve.average_precision() == pytest.approx(0.2)


def test_exactly_the_required_specificity_is_enough():
    for num_others in range(5, 500, 5):
        allowed = num_others // 5
        scores = np.concatenate([np.linspace(0.99, 0.9, allowed), [0.5], np.zeros(4 * allowed)])
        is_priority = np.zeros(len(scores))
        is_priority[allowed] = 1
        _, curve = curve_of(scores, is_priority)
        assert curve.recall_at(specificity=0.8) == 1, num_others


def test_recall_at_specificity_is_the_best_point_of_the_roc_of_scikit_learn():
    generator = np.random.default_rng(0)
    for _ in range(30):
        scores = generator.random(60).round(1)
        is_priority = generator.random(60) < 0.3
        false_positive_rate, recall, _ = roc_curve(is_priority, scores, drop_intermediate=False)
        for specificity in (0.8, 0.9):
            best = recall[1 - false_positive_rate >= specificity - 1e-12].max()
            _, curve = curve_of(scores, is_priority)
            assert curve.recall_at(specificity=specificity) == pytest.approx(best)


def test_numbers_need_both_kinds_of_posts():
    _, only_others = curve_of([0.2, 0.7], [0, 0])
    _, only_priority = curve_of([0.2, 0.7], [1, 1])
    for curve in (only_others, only_priority):
        assert np.isnan(curve.recall_at(specificity=0.8)).all()
        assert np.isnan(curve.partial_area(0.2)).all()
    assert np.isnan(only_others.average_precision()).all()
    assert only_priority.average_precision() == 1


def test_scores_that_are_not_numbers_are_refused():
    with pytest.raises(ValueError, match="NaN"):
        RankedPosts(np.array([0.5, np.nan]), np.array([True, False]))
