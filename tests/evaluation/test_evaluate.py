import tracemalloc
from dataclasses import replace

import numpy as np
import pytest

from mental_health_classifier.contracts import InputError, Predictions, Task
from mental_health_classifier.contracts.headline import headline_of
from mental_health_classifier.evaluation.calibration import calibrated, fit_temperature
from mental_health_classifier.evaluation.evaluate import compare_with_yardstick, evaluate
from mental_health_classifier.evaluation.risk_certificate import certificate_of

CLASSES = ("anxiety", "control", "suicide")
TASK = Task.categorical("diagnosis", CLASSES, "suicide")
COUNTS = ("support", "predicted")
AT_THRESHOLD = ("recall", "specificity", "precision", "alert_rate")
DEPLOYED = tuple(f"precision_at_prevalence/{share}" for share in ("0.001", "0.01", "0.05"))
SETTINGS = {"specificity_floor": 0.8, "bootstrap_draws": 200}


def predictions_of(part, n=120, *, seed=0, signal=1.5, authors=True, task=TASK):
    generator = np.random.default_rng(seed)
    labels = np.arange(n) % 3
    logits = generator.normal(size=(n, 3)) + signal * np.eye(3)[labels]
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    return Predictions(
        part=part,
        task=task,
        post_ids=[f"{part}-{i}" for i in range(n)],
        authors=[f"author-{i // 2}" for i in range(n)] if authors else None,
        labels=labels,
        probabilities=probabilities.round(6),
    )


def constant(part, scores):
    given = predictions_of(part)
    return replace(given, probabilities=np.tile(np.array(scores, dtype=float), (len(given), 1)))


@pytest.fixture(scope="module")
def evaluation():
    parts = {part: predictions_of(part, seed=seed) for seed, part in enumerate(("val", "test"))}
    return evaluate(parts, **SETTINGS)


def test_every_number_of_the_record_is_there_for_val_and_test(evaluation):
    per_part = {
        *("n", "accuracy", "balanced_accuracy", "f1_macro", "recall_at_spec80"),
        *("recall_at_spec90", "partial_auc", "auprc", "auprc_above_chance"),
        *("prevalence", "f2", "alert_rate"),
        *(
            f"operating_point/{name}"
            for name in ("threshold", "temperature", *AT_THRESHOLD, *DEPLOYED)
        ),
        *(f"{name}/{c}" for name in (*COUNTS, "precision", "recall", "f1") for c in CLASSES),
    }
    assert set(evaluation.metrics) == {f"{p}/{key}" for p in ("val", "test") for key in per_part}


def test_every_number_that_is_not_a_count_or_a_threshold_has_an_interval_around_it(evaluation):
    without = {
        "n",
        *("threshold", "temperature"),
        *(f"{kind}/{c}" for kind in ("support", "predicted") for c in CLASSES),
    }
    for key, value in evaluation.metrics.items():
        if any(key.endswith(f"/{name}") for name in without):
            assert key not in evaluation.intervals
        else:
            low, high = evaluation.intervals[key]
            assert 0 <= low <= value <= high <= 1, key
            assert low < high, key


def test_counts_are_whole_numbers(evaluation):
    assert evaluation.metrics["test/n"] == 120
    assert evaluation.metrics["test/support/suicide"] == 40
    assert isinstance(evaluation.metrics["test/support/suicide"], int)
    predicted = [evaluation.metrics[f"test/predicted/{name}"] for name in CLASSES]
    assert sum(predicted) == 120


def test_the_threshold_is_chosen_on_val_and_used_on_test_as_it_is(evaluation):
    val, test = (predictions_of(part, seed=seed) for seed, part in enumerate(("val", "test")))
    temperature = fit_temperature(val)
    assert evaluation.metrics["test/operating_point/temperature"] == temperature
    val, test = calibrated(val, temperature), calibrated(test, temperature)
    threshold = evaluation.metrics["val/operating_point/threshold"]
    assert evaluation.metrics["test/operating_point/threshold"] == threshold
    assert threshold in val.priority_scores
    is_alerted = test.priority_scores >= threshold
    assert evaluation.metrics["test/operating_point/recall"] == is_alerted[test.is_priority].mean()
    assert evaluation.metrics["val/operating_point/specificity"] >= 0.8
    lower = val.priority_scores[val.priority_scores < threshold].max()
    assert (val.priority_scores < lower)[~val.is_priority].mean() < 0.8


def test_the_operating_point_of_the_numbers_is_the_one_that_decides_without_a_certificate():
    parts = {
        part: predictions_of(part, seed=seed, signal=0.4)
        for seed, part in enumerate(("val", "calibration", "test"))
    }
    evaluation = evaluate(parts, **SETTINGS)
    numbers = evaluation.metrics
    certificate = certificate_of(
        parts,
        required_recall=0.999,  # more than these posts can promise
        confidence=0.9,
        temperature=fit_temperature(parts["val"]),
        **SETTINGS,
    )
    assert not certificate["is_certified"]
    on_test = certificate["on_test"]
    assert on_test["threshold"] == numbers["test/operating_point/threshold"]
    assert on_test["recall"]["value"] == numbers["test/operating_point/recall"]
    assert on_test["alerted"]["value"] == numbers["test/operating_point/alert_rate"]
    for share, key in (("recall", "recall"), ("alerted", "alert_rate")):
        ends = evaluation.intervals[f"test/operating_point/{key}"]
        assert on_test[share]["interval"] == pytest.approx(ends, abs=1e-12)


def test_what_is_said_about_test_does_not_change_the_threshold():
    val = predictions_of("val")
    thresholds = {
        evaluate({"val": val, "test": predictions_of("test", seed=s)}, **SETTINGS).metrics[
            "test/operating_point/threshold"
        ]
        for s in (5, 6)
    }
    assert len(thresholds) == 1


def test_calibration_is_left_alone():
    given = {"val": predictions_of("val"), "calibration": predictions_of("calibration", n=0)}
    evaluation = evaluate(given, **SETTINGS)
    assert not [key for key in evaluation.metrics if key.startswith("calibration")]


def test_a_model_that_alerts_everybody_is_not_crowned():
    parts = {part: constant(part, [0, 0, 1]) for part in ("val", "test")}
    evaluation = evaluate(parts, **SETTINGS)
    assert evaluation.metrics["test/recall/suicide"] == 1
    assert evaluation.metrics["test/recall_at_spec80"] == 0
    assert evaluation.metrics["test/partial_auc"] == pytest.approx(0.5)
    assert evaluation.metrics["test/auprc"] == pytest.approx(evaluation.metrics["test/prevalence"])
    assert evaluation.metrics["test/precision/control"] is None
    assert "test/precision/control" not in evaluation.intervals
    for name in ("threshold", "temperature", *AT_THRESHOLD, *DEPLOYED):
        assert evaluation.metrics[f"test/operating_point/{name}"] is None


def test_a_perfect_score_on_few_posts_keeps_an_honest_interval():
    parts = {}
    for part in ("val", "test"):
        given = predictions_of(part)
        parts[part] = replace(given, probabilities=np.eye(3)[given.labels])
    evaluation = evaluate(parts, **SETTINGS)
    assert evaluation.metrics["test/recall_at_spec80"] == 1
    # Wilson for 40 of 40.
    assert evaluation.intervals["test/recall_at_spec80"] == pytest.approx((0.9124, 1), abs=5e-5)
    assert evaluation.intervals["test/f1/suicide"][0] < 0.97
    assert "test/f1_macro" not in evaluation.intervals


def test_without_a_priority_class_macro_f1_is_the_headline():
    task = Task.categorical("diagnosis", CLASSES, None)
    evaluation = evaluate({"test": predictions_of("test", task=task)}, **SETTINGS)
    assert headline_of(None) == "f1_macro" and headline_of("suicide") == "recall_at_spec80"
    assert "test/f1_macro" in evaluation.intervals
    assert not [key for key in evaluation.metrics if "spec80" in key or "operating" in key]


def test_a_part_without_priority_posts_has_no_number_for_them_rather_than_zero():
    val, test = predictions_of("val"), predictions_of("test")
    evaluation = evaluate({"val": val, "test": replace(test, labels=test.labels % 2)}, **SETTINGS)
    for name in ("recall/suicide", "recall_at_spec80", "partial_auc", "auprc"):
        assert evaluation.metrics[f"test/{name}"] is None
        assert f"test/{name}" not in evaluation.intervals
    assert evaluation.metrics["test/operating_point/recall"] is None
    assert evaluation.metrics["test/operating_point/specificity"] > 0.5


def test_the_interval_is_wider_when_few_authors_wrote_alike_posts():
    generator = np.random.default_rng(1)
    labels = np.tile([0, 1, 2], 40)
    is_difficult = np.repeat(generator.random(12) < 0.4, 10)
    probabilities = np.eye(3)[np.where(is_difficult, (labels + 1) % 3, labels)]
    given = replace(predictions_of("test"), labels=labels, probabilities=probabilities)

    def width(authors):
        parts = {part: replace(given, part=part, authors=authors) for part in ("val", "test")}
        low, high = evaluate(parts, **SETTINGS).intervals["test/f1_macro"]
        return high - low

    assert width([f"author-{i // 10}" for i in range(120)]) > 2 * width(None)


def test_a_part_without_posts_is_refused():
    with pytest.raises(InputError, match="part test has none"):
        evaluate({"val": predictions_of("val"), "test": predictions_of("test", n=0)}, **SETTINGS)


def test_a_threshold_is_not_chosen_on_test_for_want_of_val():
    with pytest.raises(InputError, match="chosen on part val"):
        evaluate({"test": predictions_of("test")}, **SETTINGS)


@pytest.mark.parametrize("floor", [0, 1, 80, -0.1])
def test_a_specificity_floor_that_is_not_a_share_is_refused(floor):
    with pytest.raises(InputError, match=r"evaluation\.specificity_floor"):
        evaluate({"val": predictions_of("val")}, specificity_floor=floor, bootstrap_draws=10)


def test_too_few_draws_for_an_interval_are_refused():
    with pytest.raises(InputError, match=r"evaluation\.bootstrap_draws=10"):
        evaluate({"val": predictions_of("val")}, specificity_floor=0.8, bootstrap_draws=10)


def test_the_difference_to_the_yardstick_is_that_of_the_two_evaluations():
    model, yardstick = predictions_of("test", signal=2.5), predictions_of("test", seed=4, signal=1)
    comparison = compare_with_yardstick(model, yardstick, bootstrap_draws=200)
    val = predictions_of("val")
    of_model = evaluate({"val": val, "test": model}, **SETTINGS).metrics
    of_yardstick = evaluate({"val": val, "test": yardstick}, **SETTINGS).metrics
    keys = [f"test/{name}" for name in ("accuracy", "f1_macro", "recall_at_spec80", "auprc")]
    assert list(comparison.metrics) == keys
    for key in keys:
        assert comparison.metrics[key] == pytest.approx(of_model[key] - of_yardstick[key])
        assert comparison.intervals[key][0] > 0, "2.5 against 1 standard deviations is seen."


def test_paired_draws_see_a_small_difference_that_two_intervals_would_hide():
    yardstick = predictions_of("test", n=300)
    better = yardstick.probabilities.copy()
    wrong = np.flatnonzero(better.argmax(axis=1) != yardstick.labels)[:12]
    better[wrong] = np.eye(3)[yardstick.labels[wrong]]
    model = replace(yardstick, probabilities=better)
    comparison = compare_with_yardstick(model, yardstick, bootstrap_draws=500)
    # Twelve posts more of 300. Their number varies by about its root from draw to draw.
    assert comparison.metrics["test/accuracy"] == pytest.approx(0.04)
    assert comparison.intervals["test/accuracy"] == pytest.approx((0.017, 0.063), abs=0.01)


def test_equal_predictions_differ_by_nothing_and_without_an_interval():
    comparison = compare_with_yardstick(
        predictions_of("test"), predictions_of("test"), bootstrap_draws=50
    )
    assert set(comparison.metrics.values()) == {0.0}
    assert comparison.intervals == {}


def test_a_difference_between_other_posts_is_refused():
    model, yardstick = predictions_of("test"), predictions_of("test")
    other_order = replace(yardstick, post_ids=yardstick.post_ids[::-1])
    for other in (predictions_of("val"), predictions_of("test", n=90), other_order):
        with pytest.raises(InputError, match="the same posts in the same order"):
            compare_with_yardstick(model, other, bootstrap_draws=10)


def test_ten_thousand_posts_are_handled_in_little_memory():
    parts = {"val": predictions_of("val", n=10_000)}
    tracemalloc.start()
    try:
        evaluate(parts, specificity_floor=0.8, bootstrap_draws=100)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 150e6
