"""Which column of a table of predictions holds what, by its name."""

from __future__ import annotations

import pytest

from mental_health_classifier.contracts import InputError, Task
from mental_health_classifier.data.foreign.prediction_columns import find_columns, order_by_class

TASK = Task.categorical("condition", ("control", "anxiety", "suicide"), "suicide")
TWO = Task.categorical("condition", ("control", "suicide"), "suicide")
CLASSES = {name: name for name in TASK.class_names}


def find(*header: str, **given: str):
    return find_columns(header, given, CLASSES | {"si": "suicide"}, TASK)


def test_roles_and_classes_are_known_in_many_spellings() -> None:
    assert find("ID", "Split", "pred", "prob_SI", "P.CONTROL", "anxiety", "note") == (
        {"id": "ID", "part": "Split", "prediction": "pred"},
        {"suicide": "prob_SI", "control": "P.CONTROL", "anxiety": "anxiety"},
        False,
    )
    assert find("id", "logit-suicide")[2] and find("id", "scores suicide")[2]


def test_what_is_named_goes_before_what_is_guessed() -> None:
    roles, of_class, _ = find("id", "who", "p_suicide", "mine", id="who", p_suicide="mine")
    assert roles == {"id": "who"} and of_class == {"suicide": "mine"}
    header = ["p_control", "p_anxiety", "p_suicide", "mine"]
    _, of_class, _ = find(*header, p_suicide="mine")
    ordered = order_by_class("p.csv", of_class, header, {}, CLASSES, TASK)
    assert ordered["suicide"] == "mine"  # the other one is not of an unknown class
    assert find("id", "pred", prediction="[]")[0] == {"id": "id"}


@pytest.mark.parametrize(
    ("header", "given", "message"),
    [
        (["id"], {"id": "key"}, "no such column"),
        (["id", "a"], {"suicid": "a"}, "did you mean suicide"),
        (["pred", "predicted"], {}, "can both be prediction"),
        (["p_suicide", "suicide"], {}, "Two columns"),
    ],
)
def test_a_column_that_is_not_there_or_not_alone_is_refused(header, given, message) -> None:
    with pytest.raises(InputError, match=message):
        find(*header, **given)


def test_columns_stand_in_the_order_of_the_classes_and_of_two_one_is_enough() -> None:
    of_class = {"suicide": "a", "control": "b", "anxiety": "c"}
    ordered = order_by_class("p.csv", of_class, ["a", "b", "c"], {}, CLASSES, TASK)
    assert list(ordered.items()) == [("control", "b"), ("anxiety", "c"), ("suicide", "a")]
    assert order_by_class("p.csv", {"suicide": "a"}, ["a"], {}, {}, TWO) == {"suicide": "a"}


@pytest.mark.parametrize(
    ("header", "message"),
    [
        (["p_control", "p_suicide"], r"p\.csv .*none of anxiety"),
        (["p_control", "p_anxiety", "p_suicid"], "'p_suicid' is of none"),
        (["p_control", "p_anxiety", "p_suicide", "p_ptsd"], "another class.*'p_ptsd'"),
    ],
)
def test_every_class_has_a_column_and_no_column_is_of_another(header, message) -> None:
    with pytest.raises(InputError, match=message):
        order_by_class("p.csv", find(*header)[1], header, {}, CLASSES, TASK)
