import numpy as np
import pytest

from mental_health_classifier.contracts import InputError
from mental_health_classifier.evaluation.calibration import log_loss
from mental_health_classifier.evaluation.combining import (
    WAYS,
    check_way,
    combine,
    fit_weights,
)
from mental_health_classifier.evaluation.operating_point import OperatingPoint

FIRST = np.array([[0.6, 0.2, 0.2], [0.1, 0.1, 0.8]])
SECOND = np.array([[0.2, 0.6, 0.2], [0.3, 0.3, 0.4]])


def combined(way, members=(FIRST, SECOND), thresholds=(0.5, 0.3)):
    return combine(
        list(members), way=way, priority_index=2, points=[*map(OperatingPoint, thresholds)]
    )


@pytest.mark.parametrize(
    ("way", "scores"),
    [
        ("mean", [0.2, 0.6]),
        ("max", [0.2, 0.8]),
        ("noisy_or", [1 - 0.8 * 0.8, 1 - 0.2 * 0.6]),
        ("vote", [0.2 / 3, 2.6 / 3]),
    ],
)
def test_scores_of_two_members_are_combined(way, scores) -> None:
    found = combined(way)
    np.testing.assert_allclose(found[:, 2], scores)
    np.testing.assert_allclose(found.sum(axis=1), 1)
    np.testing.assert_allclose(found[:, 0], found[:, 1])  # as in the mean


def test_more_votes_come_first_and_the_mean_decides_between_equals() -> None:
    scores = np.array([[0.29, 0.31, 0.90, 0.31], [0.99, 0.31, 0.10, 0.00]])
    members = [np.column_stack([1 - each, each]) for each in scores]
    found = combine(members, way="vote", priority_index=1, points=[OperatingPoint(0.3)] * 2)
    assert np.argsort(-found[:, 1]).tolist() == [1, 0, 2, 3]


def test_a_member_that_is_certain_leaves_a_distribution() -> None:
    certain = np.array([[0.0, 0.0, 1.0]])
    for way in WAYS:
        found = combined(way, (certain, certain))
        assert np.isfinite(found).all() and found.sum() == pytest.approx(1)


def test_the_mean_is_no_less_likely_than_its_members_on_average() -> None:
    generator = np.random.default_rng(0)
    members = generator.dirichlet(np.ones(3), size=(5, 200))
    labels = generator.integers(3, size=200)
    losses = [log_loss(each, labels) for each in members]
    mean = combine(
        list(members), way="mean", priority_index=None, points=[OperatingPoint(None)] * 5
    )
    assert log_loss(mean, labels) <= np.mean(losses)


def test_weights_are_those_that_make_the_classes_most_likely() -> None:
    generator = np.random.default_rng(0)
    members = generator.dirichlet(np.ones(3), size=(2, 300))
    labels = generator.integers(3, size=300)
    # The second one has seen a third of the answers.
    members[1, :100] = 0.02
    members[1, np.arange(100), labels[:100]] = 0.96
    found = fit_weights(list(members), labels)
    shares = np.linspace(0, 1, 1001)
    losses = [log_loss((1 - s) * members[0] + s * members[1], labels) for s in shares]
    assert found[1] == pytest.approx(shares[np.argmin(losses)], abs=0.005)
    assert sum(found) == pytest.approx(1)
    points = [OperatingPoint(None)] * 2
    mean = combine(list(members), way="weighted", priority_index=2, points=points, weights=found)
    assert log_loss(mean, labels) == pytest.approx(min(losses), abs=1e-5)


def test_a_model_that_is_right_has_all_the_weight_and_one_of_nothing_has_none() -> None:
    labels = np.array([0, 1, 2, 2, 1, 0])
    right, wrong = np.eye(3)[labels], np.eye(3)[(labels + 1) % 3]
    assert fit_weights([wrong, right], labels) == pytest.approx([0, 1], abs=2e-3)
    assert sum(fit_weights([right, right, right], labels)) == pytest.approx(1)


def test_copies_of_one_model_are_ranked_as_that_model() -> None:
    one = np.random.default_rng(1).dirichlet(np.ones(3), size=100)
    mean = combined("mean", [one] * 5)
    np.testing.assert_allclose(mean, one, atol=1e-12)
    order = np.argsort(one[:, 2])
    for way in ("max", "noisy_or"):
        assert (np.argsort(combined(way, [one] * 5)[:, 2]) == order).all()


def test_a_way_needs_a_name_and_a_priority_class() -> None:
    with pytest.raises(InputError, match="mean, weighted, max, noisy_or, vote"):
        check_way("median", priority_index=0)
    with pytest.raises(InputError, match="is about the priority class"):
        check_way("max", priority_index=None)
    check_way("mean", priority_index=None)
