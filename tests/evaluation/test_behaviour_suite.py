import numpy as np
import pytest

from mental_health_classifier.evaluation.behaviour_suite import (
    Case,
    assess_behaviour,
    behaviour_cases,
)

CAPABILITIES = {
    *("negation", "idiom", "third person", "past and present", "quotes and lyrics", "typos"),
    *("leetspeak", "emoji", "casing", "length padding", "neutral prefix", "gender", "age"),
    *("religion", "ethnicity", "orientation", "denial that is none", "elongated words"),
}


def assess(score, **settings):
    def probabilities(texts):
        scores = np.array([score(text) for text in texts], dtype=float)
        return np.column_stack([1 - scores, scores])

    return assess_behaviour(
        probabilities, priority_index=1, threshold=0.5, refer_from=0.25, **settings
    )


def keyword(text):
    return 0.9 if any(w in text for w in ("suicid", "die", "kill", "end my life")) else 0.05


def failures(found, capability):
    return found["capabilities"][capability]


def test_every_capability_has_cases_of_its_own():
    cases = behaviour_cases()
    assert {case.capability for case in cases} >= CAPABILITIES
    assert len(cases) > 80 and len(set(cases)) == len(cases)
    for case in cases:
        assert all(text and "{" not in text for text in case.texts)
        assert len(case.texts) == (1 if case.kind == "minimum" else 2)


def test_a_keyword_model_fails_negation_and_idiom_with_false_alarms():
    found = assess(keyword)
    for capability in ("negation", "idiom"):
        assert failures(found, capability)["false_alarms"] >= 3
        assert failures(found, capability)["misses"] == 0
    assert failures(found, "leetspeak")["misses"] >= 2
    assert failures(found, "religion")["failure_rate"] == 0
    assert not found["passes"]


@pytest.mark.parametrize(("score", "kind"), [(0.0, "misses"), (1.0, "false_alarms")])
def test_a_constant_model_fails_the_minimum_and_no_invariance(score, kind):
    found = assess(lambda text: score)
    other = {"misses": "false_alarms", "false_alarms": "misses"}[kind]
    assert found["total"][kind] > 10 and found["total"][other] == 0
    plain = "plain statement" if kind == "misses" else "everyday posts"
    assert failures(found, plain)["failure_rate"] == 1
    assert failures(found, "casing")["failure_rate"] == 0
    # False alarms alone do not block a release.
    assert found["passes"] is (kind == "false_alarms")


def test_rates_have_intervals_and_add_up():
    found = assess(keyword)
    total = found["total"]
    assert sum(each["n"] for each in found["capabilities"].values()) == total["n"]
    for each in (total, *found["capabilities"].values()):
        low, high = each["interval"]
        assert low - 1e-12 <= each["failure_rate"] <= high
        assert each["failure_rate"] == (each["misses"] + each["false_alarms"]) / each["n"]


SCORES = {"a": 0.6, "b": 0.55, "c": 0.48, "d": 0.3, "e": 0.71}


@pytest.mark.parametrize(
    ("kind", "expect", "texts", "failure"),
    [
        ("invariance", None, "ab", None),
        ("invariance", None, "bc", "misses"),  # flips
        ("invariance", None, "cb", "false_alarms"),
        ("invariance", None, "ae", "false_alarms"),  # moves by more than .1
        ("direction", "up", "ab", None),
        ("direction", "up", "bc", "misses"),
        ("direction", "down", "ab", None),
        ("direction", "down", "dc", "false_alarms"),
        ("minimum", "alert", "c", "misses"),
        ("minimum", "alert_or_refer", "c", None),
        ("minimum", "alert_or_refer", "d", None),
        ("minimum", "no_alert", "c", None),
        ("minimum", "no_alert", "a", "false_alarms"),
    ],
)
def test_each_kind_of_case_fails_where_it_should(kind, expect, texts, failure):
    found = assess(SCORES.get, cases=[Case("x", kind, expect, tuple(texts))])
    counted = {key: found["total"][key] for key in ("misses", "false_alarms")}
    assert counted == {"misses": failure == "misses", "false_alarms": failure == "false_alarms"}
