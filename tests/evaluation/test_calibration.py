from dataclasses import replace

import numpy as np
import pytest

from mental_health_classifier.contracts import Predictions, Task
from mental_health_classifier.evaluation.calibration import (
    assess_calibration,
    calibration_error,
    calibration_numbers,
    equal_mass_bins,
    fit_temperature,
    log_loss,
    reliability_curve,
    rescale,
)
from mental_health_classifier.evaluation.decision_curve import THRESHOLDS, decision_curve

TASK = Task.categorical("condition", ("control", "depression", "suicide"), "suicide")


def predictions_of(part="val", n=3000, *, sharpness=1.0, seed=0, task=TASK):
    """Classes drawn from known probabilities, whose logits are then multiplied by `sharpness`."""
    generator = np.random.default_rng(seed)
    logits = generator.normal(size=(n, 3)) * 1.5
    true = rescale(np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True), temperature=1)
    labels = (generator.random((n, 1)) > true.cumsum(axis=1)).sum(axis=1)
    return Predictions(
        part=part,
        task=task,
        post_ids=[f"{part}{i}" for i in range(n)],
        authors=[f"a{i // 3}" for i in range(n)],
        labels=np.minimum(labels, 2),
        probabilities=rescale(true, temperature=1 / sharpness),
    )


def four_posts(scores):
    """The first and the third are priority posts."""
    return Predictions(
        part="test",
        task=Task.categorical("condition", ("control", "suicide"), "suicide"),
        post_ids=list("abcd"),
        authors=None,
        labels=np.array([1, 0, 1, 0]),
        probabilities=np.column_stack([1 - np.array(scores), scores]),
    )


@pytest.mark.parametrize("sharpness", [0.5, 1.0, 2.5])
def test_the_temperature_undoes_how_sharp_probabilities_were_made(sharpness):
    assert fit_temperature(predictions_of(sharpness=sharpness)) == pytest.approx(sharpness, rel=0.1)


def test_the_most_probable_class_does_not_change():
    given = predictions_of(sharpness=2).probabilities
    for temperature in (0.1, 1.7, 15):
        rescaled = rescale(given, temperature=temperature)
        assert (rescaled.argmax(axis=1) == given.argmax(axis=1)).all()
        np.testing.assert_allclose(rescaled.sum(axis=1), 1)


def test_a_probability_of_nothing_can_be_rescaled():
    rescaled = rescale(np.array([[1.0, 0.0, 0.0]]), temperature=2.0)
    # sqrt(5e-7) beside 1.
    assert rescaled[0, 1] == pytest.approx(7.07e-4, rel=0.01)
    assert np.isfinite(log_loss(np.array([[1.0, 0.0]]), np.array([1])))


def test_the_calibration_error_is_that_of_torchmetrics_own_example():
    scores, is_so = np.array([0.25, 0.25, 0.55, 0.75, 0.75]), np.array([0, 0, 1, 1, 1])
    # Two bins of equal width: 2/5 * .25 and 3/5 * (1 - .6833).
    assert calibration_error(scores, is_so, bins=(scores > 0.5) * 1) == pytest.approx(0.29)


def test_equal_scores_share_a_bin_and_bins_hold_equally_many():
    assert equal_mass_bins(np.array([0.4, 0.1, 0.3, 0.2]), num_bins=2).tolist() == [1, 0, 1, 0]
    assert len(set(equal_mass_bins(np.full(100, 0.5)))) == 1
    counts = np.bincount(equal_mass_bins(np.random.default_rng(0).random(3000)))
    assert counts.tolist() == [200] * 15


def test_numbers_of_four_posts_are_those_worked_by_hand():
    numbers = calibration_numbers(four_posts([0.8, 0.4, 0.3, 0.1]))
    # Squared errors .2, .4, .7, .1, each once for either class.
    assert numbers["brier"] == pytest.approx(2 * (0.04 + 0.16 + 0.49 + 0.01) / 4)
    assert numbers["priority"]["brier"] == pytest.approx((0.04 + 0.16 + 0.49 + 0.01) / 4)
    # Each a bin of its own: |.8 - 1|, |.6 - 1|, |.7 - 0|, |.9 - 1|.
    assert numbers["ece"] == pytest.approx((0.2 + 0.4 + 0.7 + 0.1) / 4)
    assert numbers["log_loss"] == pytest.approx(-np.log([0.8, 0.6, 0.3, 0.9]).mean())
    assert list(numbers["classwise_ece"]) == ["suicide", "control"]


def test_a_calibrated_model_is_no_further_from_right_than_its_noise_floor():
    numbers = calibration_numbers(predictions_of(n=900))
    low, high = numbers["ece_interval"]
    assert low == 0 and high > numbers["ece"]
    # Fifteen bins of sixty: the mean of |deviation| is about .8 sqrt(p (1 - p) / 60) < .052.
    assert 0.5 < numbers["ece"] / numbers["ece_noise_floor"] < 1.5
    assert 0.01 < numbers["ece_noise_floor"] < 0.052
    assert numbers["brier_noise_floor"] == pytest.approx(numbers["brier"], rel=0.1)
    low, high = numbers["brier_interval"]
    assert low < numbers["brier_noise_floor"] < high
    sharp = calibration_numbers(predictions_of(n=900, sharpness=3))
    assert sharp["ece_interval"][0] > 0 and sharp["ece"] > 2 * sharp["ece_noise_floor"]
    assert sharp["brier_interval"][0] > sharp["brier_noise_floor"]


def test_slope_and_intercept_say_too_sure_and_too_few():
    priority = calibration_numbers(predictions_of())["priority"]
    low, high = priority["slope_interval"]
    assert low < 1 < high and high - low < 0.4
    low, high = priority["intercept_interval"]
    assert low < 0 < high
    sharp = calibration_numbers(predictions_of(sharpness=2))["priority"]
    assert sharp["slope_interval"][1] < 0.8
    given = predictions_of()
    shrunk = given.probabilities.copy()
    shrunk[:, 2] /= 2
    shrunk /= shrunk.sum(axis=1, keepdims=True)
    fewer = calibration_numbers(replace(given, probabilities=shrunk))["priority"]
    assert fewer["intercept_interval"][0] > 0.2


def test_classes_that_do_not_overlap_have_no_slope():
    given = predictions_of(n=60)
    perfect = np.eye(3)[given.labels] * 0.97 + 0.01
    priority = calibration_numbers(replace(given, probabilities=perfect))["priority"]
    assert priority["slope"] is None and priority["intercept_interval"] is None
    constant = np.full((60, 3), 1 / 3)
    assert calibration_numbers(replace(given, probabilities=constant))["priority"]["slope"] is None


def test_the_reliability_curve_lies_on_the_diagonal_of_a_calibrated_model():
    given = predictions_of(n=9000)
    points = reliability_curve(given)
    assert sum(point["n"] for point in points) == 9000 and len(points) == 15
    # 15 intervals of 95 %: more than three that miss have a chance of half a percent.
    misses = [p for p in points if not p["interval"][0] <= p["predicted"] <= p["interval"][1]]
    assert len(misses) <= 3


def test_the_temperature_is_learned_on_val_and_judged_on_test():
    parts = {"val": predictions_of("val", sharpness=3), "test": predictions_of("test", seed=1)}
    parts["test"] = replace(
        parts["test"], probabilities=rescale(parts["test"].probabilities, temperature=1 / 3)
    )
    found = assess_calibration(parts)
    assert found["temperature"] == pytest.approx(3, rel=0.1)
    assert found["after"]["ece"] < 0.5 * found["before"]["ece"]
    assert found["after"]["log_loss"] < found["before"]["log_loss"]


def test_without_a_priority_class_only_all_classes_are_judged():
    task = Task.categorical("condition", TASK.class_names, None)
    assert "priority" not in calibration_numbers(predictions_of(task=task))


def test_the_net_benefit_of_four_posts_is_that_worked_by_hand():
    four = four_posts([0.6, 0.45, 0.2, 0.005])
    points = {p["threshold"]: p for p in decision_curve(four, bootstrap_draws=50)}
    assert list(points) == list(THRESHOLDS)
    # From .2 on three are alerted, one of them wrongly, at a price of .2 / .8.
    assert points[0.2]["net_benefit"] == pytest.approx((2 - 0.25) / 4)
    assert points[0.5]["net_benefit"] == pytest.approx(1 / 4)
    assert points[0.2]["net_benefit_of_alerting_all"] == pytest.approx((2 - 2 * 0.25) / 4)
    assert points[0.5]["net_benefit_of_alerting_all"] == pytest.approx(0)


def test_a_calibrated_model_is_never_worth_less_than_alerting_nobody():
    for point in decision_curve(predictions_of(), bootstrap_draws=100):
        low, high = point["interval"]
        assert low <= point["net_benefit"] <= high
        assert high > 0 and point["net_benefit"] >= point["net_benefit_of_alerting_all"] - 0.01
