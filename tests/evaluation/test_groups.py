from dataclasses import replace

import numpy as np
import pytest

from mental_health_classifier.analysis.sections.assessments import groups
from mental_health_classifier.contracts import Predictions, Task
from mental_health_classifier.evaluation.groups import MIN_POSTS, assess_groups
from mental_health_classifier.evaluation.operating_point import OperatingPoint

TASK = Task.categorical("risk", ("control", "suicide"), "suicide")


def predictions(is_alerted, labels, groups, task=TASK) -> Predictions:
    scores = np.where(is_alerted, 0.9, 0.1)
    return Predictions(
        part="test",
        task=task,
        post_ids=[str(i) for i in range(len(labels))],
        authors=None,
        labels=np.array(labels),
        probabilities=np.column_stack([1 - scores, scores]),
        groups=groups,
    )


def fifty_women_and_some_men(task=TASK) -> Predictions:
    # Women: 45 of 50 risk posts found, 5 of 20 others alerted. Men: 10 of 20, 2 of 10. One unknown.
    is_alerted = [1] * 45 + [0] * 5 + [1] * 5 + [0] * 15 + [1] * 10 + [0] * 10 + [1] * 2 + [0] * 9
    labels = [1] * 50 + [0] * 20 + [1] * 20 + [0] * 11
    gender = ["female"] * 70 + ["male"] * 30 + [""]
    return predictions(np.array(is_alerted, bool), labels, {"gender": gender}, task)


def test_each_group_has_its_recall_and_false_alarms_with_wilson_intervals() -> None:
    found = assess_groups(
        fifty_women_and_some_men(), point=OperatingPoint(0.5), bootstrap_draws=200
    )
    women, men = found["groups"]["gender"]["female"], found["groups"]["gender"]["male"]
    assert list(found["groups"]["gender"]) == ["female", "male"]
    assert (women["n"], men["n"]) == (70, 30)
    assert women["recall"]["value"] == pytest.approx(0.9)
    assert women["recall"]["interval"] == pytest.approx((0.7864, 0.9565), abs=1e-4)
    assert women["false_alarm_rate"]["value"] == pytest.approx(0.25)
    assert (men["recall"]["n"], men["recall"]["value"]) == (20, 0.5)
    assert found["not_known"] == {"gender": 1}
    assert list(map(str, groups(found).rows[-1])) == ["gender: not known", "1", "", ""]
    assert found["gaps"]["gender"] == pytest.approx({"recall": 0.4, "false_alarm_rate": 0.05})


def test_a_rate_of_too_few_posts_is_not_told() -> None:
    few = ["a"] * (MIN_POSTS - 1) + ["b"] * MIN_POSTS
    given = predictions(np.ones(len(few), bool), [1] * len(few), {"age": few})
    found = assess_groups(given, point=OperatingPoint(0.5), bootstrap_draws=200)
    rates = found["groups"]["age"]
    assert rates["a"]["recall"] == {
        **{"n": MIN_POSTS - 1, "authors": None},
        **{"value": None, "interval": None},
    }
    assert rates["b"]["recall"]["value"] == 1
    assert found["gaps"] == {"age": {}}
    shown = groups(found)
    assert shown.header == ["group", "posts", "recall", "false alarms"]
    assert list(map(str, shown.rows[0])) == ["age: a", "9", "too few (n = 9)", "too few (n = 0)"]
    assert len(shown.notes) == 1


def test_levels_are_in_the_order_of_numbers() -> None:
    given = predictions(np.ones(30, bool), [1] * 30, {"severity": ["10"] * 10 + ["2"] * 20})
    assert list(
        assess_groups(given, point=OperatingPoint(0.5), bootstrap_draws=200)["groups"]["severity"]
    ) == [
        "2",
        "10",
    ]


def test_without_a_priority_class_groups_have_their_accuracy() -> None:
    given = fifty_women_and_some_men(Task.categorical("risk", ("control", "suicide"), None))
    found = assess_groups(given, point=OperatingPoint(None), bootstrap_draws=200)["groups"][
        "gender"
    ]
    assert found["female"]["accuracy"]["value"] == pytest.approx((45 + 15) / 70)
    assert set(found["male"]) == {"n", "accuracy"}


def test_without_a_threshold_it_says_why_there_is_nothing_to_show() -> None:
    found = assess_groups(
        fifty_women_and_some_men(), point=OperatingPoint(None), bootstrap_draws=200
    )
    assert "Without a threshold" in groups(found).missing and not groups(found).rows
    assert "No columns were named" in groups({"groups": {}, "gaps": {}, "min_posts": 10}).missing


def test_a_rate_of_few_people_who_write_much_is_less_sure() -> None:
    alone = fifty_women_and_some_men()
    # Ten posts each: five women wrote the fifty risk posts, one of whom is missed in five of hers.
    authors = [f"author{i // 10}" for i in range(len(alone))]
    for given, people in ((alone, None), (replace(alone, authors=authors), 5)):
        recall = assess_groups(given, point=OperatingPoint(0.5), bootstrap_draws=500)["groups"][
            "gender"
        ]["female"]["recall"]
        assert (recall["n"], recall["authors"], recall["value"]) == (50, people, 0.9)
        width = recall["interval"][1] - recall["interval"][0]
        assert (width > 0.4) is (people == 5)
