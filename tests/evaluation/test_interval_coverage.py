"""Coverage of every printed interval where posts of one author hang together."""

import numpy as np
import pytest

from mental_health_classifier.contracts import Predictions, Task
from mental_health_classifier.evaluation.calibration import calibration_numbers
from mental_health_classifier.evaluation.decision_curve import decision_curve
from mental_health_classifier.evaluation.evaluate import MIN_DRAWS, evaluate
from mental_health_classifier.evaluation.groups import assess_groups
from mental_health_classifier.evaluation.intervals import wilson_interval
from mental_health_classifier.evaluation.metrics import posts_behind
from mental_health_classifier.evaluation.operating_point import OperatingPoint
from mental_health_classifier.evaluation.triage import assess_triage

CLASSES = ("control", "anxiety", "suicide")
TASK = Task.categorical("condition", CLASSES, "suicide")
CLASS_SHARES = (0.45, 0.30, 0.25)
POSTS_PER_AUTHOR = 7
TRIALS = 400
LEAST_COVERAGE = 0.93


def posts_by_authors(part, num_authors, *, seed):
    """Posts of authors who mostly write of one thing, and whom a model knows well or badly."""
    generator = np.random.default_rng(seed)
    n = num_authors * POSTS_PER_AUTHOR
    authors = np.repeat(np.arange(num_authors), POSTS_PER_AUTHOR)
    usual = generator.choice(3, p=CLASS_SHARES, size=num_authors)[authors]
    other = generator.choice(3, p=CLASS_SHARES, size=n)
    labels = np.where(generator.random(n) < 0.6, usual, other)
    logits = 1.5 * generator.normal(size=(num_authors, 3))[authors]
    logits += generator.normal(size=(n, 3)) + 2 * np.eye(3)[labels]
    odds = np.exp(logits)
    return Predictions(
        part=part,
        task=TASK,
        post_ids=[f"{part}{i}" for i in range(n)],
        authors=[f"{part}-author{i}" for i in authors],
        labels=labels,
        probabilities=(odds / odds.sum(axis=1, keepdims=True)).round(6),
        groups={"gender": [("f", "m")[i % 2] for i in authors]},
    )


def shares_covered(measured, truth):
    """Of each number the share of trials whose interval holds the true one."""
    held = {}
    for intervals in measured:
        for key, value in truth.items():
            low, high = intervals.get(key) or (np.nan, np.nan)
            held.setdefault(key, []).append(low <= value <= high)
    return {key: np.mean(each) for key, each in held.items()}


def assert_covered(covered, show):
    show(f"coverage of 95 % intervals, {TRIALS} trials of 60 authors with 7 posts each")
    for key, share in sorted(covered.items(), key=lambda item: item[1]):
        show(f"  {share:.3f}  {key}")
    assert min(covered.values()) >= LEAST_COVERAGE


@pytest.mark.slow
def test_intervals_of_the_numbers_of_a_run_hold_the_truth(show):
    val = posts_by_authors("val", 60, seed=10**6)
    everybody = posts_by_authors("test", 20_000, seed=10**6 + 1)
    settings = {"specificity_floor": 0.8}
    true = evaluate({"val": val, "test": everybody}, **settings, bootstrap_draws=MIN_DRAWS)
    tests = [posts_by_authors("test", 60, seed=seed) for seed in range(TRIALS)]
    found = [
        evaluate({"val": val, "test": test}, **settings, bootstrap_draws=500) for test in tests
    ]
    measured = [each.intervals for each in found]
    truth = {key: true.metrics[key] for key in measured[0] if key.startswith("test/")}
    over_posts = [
        {
            f"test/{key}": wilson_interval(each.metrics[f"test/{key}"] * of.posts.sum(), n)
            for key, of in posts_behind(test).items()
            if of.kind == "share" and (n := int(of.posts.sum()))
        }
        for each, test in zip(found, tests, strict=True)
    ]
    shares = {key: truth[key] for key in over_posts[0]}
    too_narrow = shares_covered(over_posts, shares).values()
    show(f"Wilson's intervals over posts: {min(too_narrow):.3f} to {max(too_narrow):.3f}")
    assert_covered(shares_covered(measured, truth), show)


def assessed(test, *, draws):
    """Numbers and intervals of the other pages of a run."""
    calibration = calibration_numbers(test, draws=draws)
    curve = decision_curve(test, bootstrap_draws=draws)
    triage = assess_triage(test, bootstrap_draws=draws)["shares_needed"]
    groups = assess_groups(test, point=OperatingPoint(0.3), bootstrap_draws=draws)["groups"][
        "gender"
    ]
    of_priority = calibration["priority"]
    return {
        **{key: (calibration[key], calibration[f"{key}_interval"]) for key in KINDS},
        **{k: (of_priority[k], of_priority[f"{k}_interval"]) for k in ("slope", "intercept")},
        **{f"net benefit/{p['threshold']}": (p["net_benefit"], p["interval"]) for p in curve},
        **{
            f"read/{key}": (each["share"], each["interval"]) for key, each in triage.items() if each
        },
        **{
            f"{name}/{value}": (rate["value"], rate["interval"])
            for value, rates in groups.items()
            for name, rate in rates.items()
            if name != "n"
        },
    }


KINDS = ("ece", "brier", "log_loss")


@pytest.mark.slow
def test_intervals_of_assessments_hold_the_truth(show):
    true = assessed(posts_by_authors("test", 20_000, seed=10**6 + 1), draws=MIN_DRAWS)
    measured = [
        {
            key: interval
            for key, (_, interval) in assessed(
                posts_by_authors("test", 60, seed=seed), draws=500
            ).items()
        }
        for seed in range(TRIALS)
    ]
    assert_covered(shares_covered(measured, {k: value for k, (value, _) in true.items()}), show)
