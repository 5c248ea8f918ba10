import numpy as np
import pytest

from mental_health_classifier.contracts import Predictions, Task
from mental_health_classifier.evaluation.triage import (
    SHARES_READ,
    assess_triage,
    recalls_at_shares,
)


def predictions_of(scores, is_priority):
    return Predictions(
        part="test",
        task=Task.categorical("condition", ("control", "suicide"), "suicide"),
        post_ids=[str(i) for i in range(len(scores))],
        authors=None,
        labels=np.array(is_priority, dtype=np.int64),
        probabilities=np.column_stack([1 - scores, scores]),
    )


def test_an_order_that_says_nothing_finds_the_share_that_is_read():
    generator = np.random.default_rng(0)
    is_priority = generator.random(40_000) < 0.3
    recalls = recalls_at_shares(generator.random(40_000), is_priority)
    np.testing.assert_allclose(recalls, SHARES_READ, atol=0.02)
    np.testing.assert_allclose(recalls_at_shares(np.full(40_000, 0.5), is_priority), SHARES_READ)


def test_ten_posts_are_triaged_as_worked_by_hand():
    # Priority posts at places 1, 2 and 4 of ten.
    scores = np.linspace(0.95, 0.05, 10)
    found = assess_triage(
        predictions_of(scores, [1, 1, 0, 1, 0, 0, 0, 0, 0, 0]), bootstrap_draws=200
    )
    recall_at = {point["share_read"]: point["recall"] for point in found["curve"]}
    assert recall_at[0.2]["1"] == pytest.approx(2 / 3)
    assert recall_at[0.2]["0.8"] == pytest.approx(0.8 * 2 / 3)
    assert recall_at[0.4]["1"] == recall_at[1.0]["1"] == pytest.approx(1)
    for wanted in ("0.9", "0.95", "0.99"):
        needed = found["shares_needed"][f"1/{wanted}"]
        assert needed["share"] == pytest.approx(0.4)
        assert needed["interval"][0] < 0.4 < needed["interval"][1]
    assert found["shares_needed"]["0.9/0.9"]["share"] == pytest.approx(0.4)


def test_a_reviewer_who_misses_more_than_is_allowed_can_never_read_enough():
    scores = np.linspace(0.95, 0.05, 10)
    found = assess_triage(predictions_of(scores, [1, 0] * 5), bootstrap_draws=50)
    for impossible in ("0.9/0.95", "0.9/0.99", "0.8/0.9"):
        assert found["shares_needed"][impossible] is None
