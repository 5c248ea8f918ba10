"""Least width of paired differences, against statsmodels' intervals and values worked by hand."""

from dataclasses import replace

import numpy as np
import pytest
from statsmodels.stats.proportion import proportion_confint

from mental_health_classifier.contracts import Predictions, Task
from mental_health_classifier.evaluation.agreement import least_half_width, with_least_width
from mental_health_classifier.evaluation.evaluate import compare_with_yardstick

TASK = Task.categorical("condition", ("none", "anxiety", "suicide"), "suicide")


def predictions(counts, *, authors=None) -> Predictions:
    """So many posts of each class, all of them recognised."""
    labels = np.repeat(np.arange(3), counts)
    return Predictions(
        part="test",
        task=TASK,
        post_ids=[f"p{row}" for row in range(len(labels))],
        authors=authors,
        labels=labels,
        probabilities=np.eye(3)[labels] * 0.7 + 0.1,
    )


@pytest.mark.parametrize("confidence", [0.95, 0.99])
def test_agreement_on_n_posts_leaves_wilsons_upper_end_of_none_of_n(confidence: float) -> None:
    test = predictions([60, 5, 35])
    for key, n in (("recall_at_spec80", 35), ("accuracy", 100), ("recall/anxiety", 5)):
        _, high = proportion_confint(0, n, alpha=1 - confidence, method="wilson")
        assert least_half_width(test, key, confidence=confidence) == pytest.approx(high)
    # The exact end of Clopper and Pearson is near.
    assert least_half_width(test, "recall_at_spec80") == pytest.approx(
        1 - 0.025 ** (1 / 35), abs=2e-3
    )


def test_authors_count_once_and_rare_classes_as_much_as_others_in_a_mean() -> None:
    by_seven = [f"a{row % 7}" for row in range(100)]
    test = predictions([60, 5, 35], authors=by_seven)
    high = proportion_confint(0, 7, method="wilson")[1]
    assert least_half_width(test, "recall_at_spec80") == pytest.approx(high)
    ends = np.array([proportion_confint(0, n, method="wilson")[1] for n in (60, 5, 35)])
    half = least_half_width(predictions([60, 5, 35]), "f1_macro")
    assert half == pytest.approx((ends**2).sum() ** 0.5 / 3)


def test_ends_are_moved_outwards_alone_and_stay_between_minus_one_and_one() -> None:
    assert with_least_width(0.0, None, 0.1) == (-0.1, 0.1)
    assert with_least_width(0.3, (0.28, 0.6), 0.1) == pytest.approx((0.2, 0.6))
    assert with_least_width(-1.0, (-1.0, -1.0), 0.1) == pytest.approx((-1.0, -0.9))


def test_a_difference_to_the_yardstick_knows_how_few_posts_there_are() -> None:
    model = predictions([60, 5, 35])
    surer = replace(model, probabilities=np.eye(3)[model.labels] * 0.85 + 0.05)
    found = compare_with_yardstick(surer, model, bootstrap_draws=40)
    high = proportion_confint(0, 35, method="wilson")[1]
    assert found.metrics["test/recall_at_spec80"] == 0
    assert found.intervals["test/recall_at_spec80"] == pytest.approx((-high, high))
    # One model has no difference that could be uncertain.
    assert not compare_with_yardstick(model, model, bootstrap_draws=40).intervals
