from dataclasses import replace
from fractions import Fraction
from math import comb

import numpy as np
import pytest
from scipy.stats import norm

from mental_health_classifier.contracts import PARTS, InputError, Predictions, Task
from mental_health_classifier.evaluation.calibration import calibrated
from mental_health_classifier.evaluation.risk_certificate import (
    allowed_misses,
    certificate_of,
    certify,
    one_post_an_author,
    posts_needed,
)

TASK = Task.categorical("condition", ("control", "suicide"), "suicide")
PROMISE = {"required_recall": 0.9, "confidence": 0.9}
SHIFT = 1.5
"""How many standard deviations the score of priority posts lies above that of others."""


def predictions_of(part, n, *, prevalence=0.2, seed=0, shift=SHIFT, authors=True):
    """Binormal scores, whose recall at any threshold is known exactly."""
    generator = np.random.default_rng(seed)
    labels = (np.arange(n) < round(prevalence * n)).astype(np.int64)
    scores = norm.cdf(generator.normal(size=n) + shift * labels).round(6)
    return Predictions(
        part=part,
        task=TASK,
        post_ids=[f"{part}{i}" for i in range(n)],
        authors=[f"{part}-author{i}" for i in range(n)] if authors else None,
        labels=labels,
        probabilities=np.column_stack([1 - scores, scores]),
    )


def true_recall(threshold):
    return 1 - norm.cdf(norm.ppf(threshold) - SHIFT)


@pytest.mark.parametrize(("alpha", "needed"), [(0.2, 11), (0.1, 22), (0.05, 45), (0.02, 114)])
def test_the_number_needed_is_that_of_the_literature(alpha, needed):
    promise = {"required_recall": 1 - alpha, "confidence": 0.9}
    assert posts_needed(**promise) == needed
    assert allowed_misses(needed, **promise) == 0
    assert allowed_misses(needed - 1, **promise) is None


@pytest.mark.parametrize(("n", "allowed"), [(100, 5), (200, 14), (500, 40), (1000, 87)])
def test_the_misses_allowed_are_those_of_the_exact_binomial(n, allowed):
    assert allowed_misses(n, **PROMISE) == allowed


def test_a_number_needed_that_is_whole_is_not_rounded_up():
    # .5 to the third is an eighth.
    assert posts_needed(required_recall=0.5, confidence=0.875) == 3


def misses_allowed_by_counting(n, *, recall, confidence):
    """The same in whole numbers and fractions, which lose nothing."""
    miss, left, allowed = 1 - recall, 1 - confidence, None
    chance = Fraction(0)
    for misses in range(n + 1):
        chance += comb(n, misses) * miss**misses * recall ** (n - misses)
        if chance > left:
            return allowed
        allowed = misses
    return allowed


@pytest.mark.parametrize(
    ("recall", "confidence"), [("0.9", "0.9"), ("0.95", "0.9"), ("0.9", "0.95"), ("0.5", "0.875")]
)
def test_the_certificate_misses_as_many_posts_as_counting_allows_for_every_number(
    recall, confidence
):
    promise = {"required_recall": float(recall), "confidence": float(confidence)}
    generator = np.random.default_rng(0)
    for n in range(22, 401):
        allowed = misses_allowed_by_counting(
            n, recall=Fraction(recall), confidence=Fraction(confidence)
        )
        # Shuffled scores of priority posts 1 .. n in units of a millionth, and one post of none.
        scores = np.append(generator.permutation(np.arange(1, n + 1)), 0) / 1e6
        calibration = Predictions(
            part="calibration",
            task=TASK,
            post_ids=[str(i) for i in range(n + 1)],
            authors=None,
            labels=np.append(np.ones(n, dtype=np.int64), 0),
            probabilities=np.column_stack([1 - scores, scores]),
        )
        found = certify(calibration, **promise)
        assert found["is_certified"] is (allowed is not None), n
        assert found["allowed_misses"] == allowed, n
        if allowed is not None:
            assert found["misses"] == allowed, n
            assert found["threshold"] == (allowed + 1) / 1e6, n


def test_equal_scores_are_alerted_together_and_never_cost_a_miss_too_many():
    calibration = predictions_of("calibration", 500)
    coarse = calibration.probabilities.round(1)
    found = certify(replace(calibration, probabilities=coarse), **PROMISE)
    found_scores = coarse[:, 1][calibration.is_priority]
    assert found["misses"] == (found_scores < found["threshold"]).sum() <= found["allowed_misses"]
    assert (found_scores <= found["threshold"]).sum() > found["allowed_misses"]


def test_one_post_fewer_than_needed_is_refused_with_the_number():
    for n, is_enough in ((21, False), (22, True)):
        calibration = predictions_of("calibration", n * 5, shift=4)
        assert calibration.is_priority.sum() == n
        found = certify(calibration, **PROMISE)
        assert found["is_certified"] is is_enough
        assert (found["n"], found["n_needed"]) == (n, 22)
    refused = certify(predictions_of("calibration", 105), **PROMISE)
    assert "at least 22 are needed" in refused["reason"] and "21 suicide posts" in refused["reason"]
    assert "threshold" not in refused


def test_no_priority_posts_at_all_are_refused_too():
    calibration = predictions_of("calibration", 100, prevalence=0)
    assert certify(calibration, **PROMISE)["n"] == 0


@pytest.mark.parametrize("seed", range(4))
def test_the_threshold_is_that_of_the_exact_binomial(seed):
    calibration = predictions_of("calibration", 1500, seed=seed + 100)
    found = certify(calibration, **PROMISE)
    priority = np.sort(calibration.priority_scores[calibration.is_priority])
    assert found["threshold"] == priority[found["allowed_misses"]]
    assert found["misses"] == (priority < found["threshold"]).sum() == found["allowed_misses"]
    alarms = calibration.priority_scores[~calibration.is_priority] >= found["threshold"]
    assert found["false_alarm_rate"] == pytest.approx(alarms.mean())
    low, high = found["false_alarm_interval"]
    assert low < found["false_alarm_rate"] < high


def broken_promises(trials):
    recalls = []
    for trial in range(trials):
        calibration = predictions_of("calibration", 1500, seed=trial)
        recalls.append(true_recall(certify(calibration, **PROMISE)["threshold"]))
    return np.mean(np.array(recalls) < 0.9), np.mean(recalls)


def within_three_standard_errors(trials):
    return 0.1 + 3 * np.sqrt(0.1 * 0.9 / trials)


def test_the_promise_is_kept_in_a_few_trials():
    broken, _ = broken_promises(25)
    assert broken <= within_three_standard_errors(25)


@pytest.mark.slow
def test_the_promise_is_kept_in_three_hundred_trials():
    broken, mean_recall = broken_promises(300)
    assert broken <= within_three_standard_errors(300)
    # Nor is it kept by alerting everybody: the exact method reaches .922 on average.
    assert 0.91 < mean_recall < 0.935


def test_one_post_an_author_counts():
    given = predictions_of("calibration", 100)
    # Ten authors with two priority posts and eight others each.
    given = replace(given, authors=[f"a{i % 10}" for i in range(100)])
    chosen = one_post_an_author(given)
    assert given.is_priority[chosen].sum() == 10 and len(chosen) == 20
    found = certify(given, **PROMISE)
    assert found["n"] == 10 and found["is_certified"] is False


def test_the_order_of_posts_does_not_choose():
    given = replace(predictions_of("calibration", 200), authors=[f"a{i % 30}" for i in range(200)])
    back = replace(
        given,
        post_ids=given.post_ids[::-1],
        authors=given.authors[::-1],
        labels=given.labels[::-1],
        probabilities=given.probabilities[::-1],
    )
    chosen = [{g.post_ids[i] for i in one_post_an_author(g)} for g in (given, back)]
    assert chosen[0] == chosen[1]


def test_what_is_not_guaranteed_stands_beside_what_is():
    found = certify(predictions_of("calibration", 1000), **PROMISE)
    assert "at least 90 % of suicide posts" in found["guaranteed"]
    assert "at most 10 %" in found["guaranteed"] and "200 posts" in found["guaranteed"]
    words = " ".join(found["not_guaranteed"])
    for limit in ("another community", "a group of people", "labels", "change to the model"):
        assert limit in words
    assert "Authors are not known" not in words
    unknown = certify(predictions_of("calibration", 1000, authors=False), **PROMISE)
    assert "Authors are not known" in unknown["not_guaranteed"][-1]


def test_alerting_every_post_is_no_certificate():
    given = predictions_of("calibration", 500)
    for constant in ([0.5, 0.5], [1.0, 0.0], [0.0, 1.0]):
        calibration = replace(given, probabilities=np.tile(constant, (500, 1)))
        refused = certify(calibration, **PROMISE)
        assert refused["is_certified"] is False and "alerts every post" in refused["reason"]


def test_posts_that_the_model_was_chosen_on_are_refused():
    calibration = predictions_of("calibration", 500)
    val = predictions_of("val", 500)
    leaked = replace(val, post_ids=[*calibration.post_ids[:7], *val.post_ids[7:]])
    with pytest.raises(InputError, match="7 of the 500 calibration posts are posts of part val"):
        certify(calibration, seen=[leaked], **PROMISE)
    with pytest.raises(InputError, match="part test"):
        certify(calibration, seen=[val, replace(leaked, part="test")], **PROMISE)


def test_promises_that_nobody_could_keep_are_refused():
    calibration = predictions_of("calibration", 500)
    for change in ({"required_recall": 1.0}, {"confidence": 0}, {"required_recall": 90}):
        (key,) = change
        with pytest.raises(InputError, match=f"evaluation.{key}="):
            certify(calibration, **PROMISE | change)


def test_a_missing_priority_class_is_refused():
    calibration = predictions_of("calibration", 500)
    task = Task.categorical("condition", TASK.class_names, None)
    with pytest.raises(InputError, match=r"data\.priority_class"):
        certify(replace(calibration, task=task), **PROMISE)


def test_a_family_of_models_shares_what_may_go_wrong():
    calibration = predictions_of("calibration", 1500)
    alone, among = (certify(calibration, **PROMISE, looked_at=k) for k in (1, 20))
    # 300 posts: as many misses as a single model may have that promises .995.
    assert among["allowed_misses"] == misses_allowed_by_counting(
        300, recall=Fraction("0.9"), confidence=1 - Fraction("0.1") / 20
    )
    assert among["threshold"] < alone["threshold"] and among["looked_at"] == 20
    assert "whichever of 20 models" in among["guaranteed"]
    few = certify(predictions_of("calibration", 150), **PROMISE, looked_at=20)
    # .9 to the 51st is below .005, to the 50th it is not.
    assert few["n_needed"] == 51 and "whichever of 20 models is chosen" in few["reason"]


def failures_of_the_best_of(num_models, *, looked_at, trials):
    """Share of trials in which the model with the fewest false alarms misses more than promised."""
    broken = 0
    for trial in range(trials):
        found = [
            certify(
                predictions_of("calibration", 1000, seed=trial * num_models + model),
                **PROMISE,
                looked_at=looked_at,
            )
            for model in range(num_models)
        ]
        best = min(found, key=lambda certificate: certificate["false_alarm_rate"])
        broken += true_recall(best["threshold"]) < 0.9
    return broken / trials


@pytest.mark.slow
def test_the_promise_is_kept_for_the_best_of_twenty_models(show):
    trials = 150
    alone = failures_of_the_best_of(20, looked_at=1, trials=trials)
    among = failures_of_the_best_of(20, looked_at=20, trials=trials)
    show(f"promise of .9 broken by the best of 20 models: {among:.3f} of {trials} trials")
    show(f"the same where each is certified alone: {alone:.3f}")
    assert among <= within_three_standard_errors(trials) and among <= 0.1 < alone


def test_what_is_certified_is_measured_on_test_with_the_band_that_val_chose():
    parts = {part: predictions_of(part, 1000, seed=seed) for seed, part in enumerate(PARTS[1:])}
    found = certificate_of(parts, **PROMISE, temperature=2.0, specificity_floor=0.8)
    at = {part: calibrated(given, 2.0) for part, given in parts.items()}
    assert found["threshold"] in at["calibration"].priority_scores
    val, test = at["val"].priority_scores, at["test"]
    in_band = (val >= found["refer_from"]) & (val < found["threshold"])
    assert 0.09 < in_band.mean() <= 0.1
    load, scores = found["on_test"], test.priority_scores
    is_alerted = scores >= found["threshold"]
    assert load["alerted"]["value"] == is_alerted.mean()
    assert load["recall"]["value"] == is_alerted[test.is_priority].mean()
    assert load["recall"]["n"] == load["recall"]["authors"] == 200
    assert load["false_alarm_rate"]["value"] == is_alerted[~test.is_priority].mean()
    assert load["referred"]["value"] >= ((scores >= found["refer_from"]) & ~is_alerted).mean()
    total = sum(load[key]["value"] for key in ("alerted", "referred", "left"))
    assert total == pytest.approx(1)
    assert load["recall_with_referred"]["value"] > load["recall"]["value"]
    # The operating point, for who goes on without a promise, is on the same scale.
    others = val[~at["val"].is_priority]
    assert (others < found["operating_point"]["threshold"]).mean() >= 0.8
