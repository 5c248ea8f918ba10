"""Cells of a table of predictions become probabilities, or one sentence says why not."""

from __future__ import annotations

import numpy as np
import pytest

from mental_health_classifier.contracts import InputError, Task
from mental_health_classifier.data.foreign.class_probabilities import (
    distributions_of,
    read_classes,
    read_numbers,
    require_likeliest,
    softmax_of,
)

TASK = Task.categorical("condition", ("control", "anxiety", "suicide"), "suicide")
TWO = Task.categorical("condition", ("control", "suicide"), "suicide")
OF_CLASS = {name: f"p_{name}" for name in TASK.class_names}
CLASSES = {name: name for name in TASK.class_names}


def distributions(*table: str, of_class=OF_CLASS, task: Task = TASK):
    """What rows of cells become, and what is said of it."""
    columns = list(map(list, zip(*(row.split() for row in table), strict=True)))
    rows = [f"p.csv:{number}" for number in range(2, len(table) + 2)]
    notes: list[str] = []
    numbers = read_numbers(columns, rows, of_class)
    return distributions_of(numbers, columns, rows, of_class, task, notes).tolist(), notes


def test_scores_become_their_softmax_and_of_two_classes_one_is_enough() -> None:
    odds = np.exp([0, -1, 2])
    made = softmax_of(np.array([[0.0, -1, 2]]), OF_CLASS, TASK)
    np.testing.assert_allclose(made, [odds / odds.sum()], atol=1e-6)
    one = softmax_of(np.array([[1.0]]), {"suicide": "s"}, TWO)
    np.testing.assert_allclose(one[0, 1], 1 / (1 + np.exp(-1)), atol=1e-6)
    assert distributions("0.25", of_class={"suicide": "p"}, task=TWO)[0] == [[0.75, 0.25]]


def test_scores_that_are_probabilities_are_refused() -> None:
    with pytest.raises(InputError, match="are probabilities"):
        softmax_of(np.array([[0.1, 0.2, 0.7]]), OF_CLASS, TASK)


def test_rounded_probabilities_are_divided_by_their_sum_and_others_left_alone() -> None:
    found, _ = distributions("0.33 0.33 0.33", "0.333333 0.333333 0.333334")
    assert found[1] == [0.333333, 0.333333, 0.333334]
    rounded, notes = distributions("0.33 0.33 0.33")
    assert rounded == [[0.333333] * 3] and "in 1 of 1 rows" in notes[0]
    assert distributions("0,25 0,25 0,5") == ([[0.25, 0.25, 0.5]], [])


def test_numbers_of_16_bits_are_probabilities_that_are_rounded() -> None:
    bits = np.array([0.1, 0.2, 0.7], dtype=np.float32).view(np.uint32) & 0xFFFF0000
    found, notes = distributions(" ".join(map(repr, bits.view(np.float32).tolist())))
    np.testing.assert_allclose(found, [[0.1, 0.2, 0.7]], atol=2e-3)
    assert sum(found[0]) == pytest.approx(1, abs=2e-6) and "divided by their sum" in notes[0]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (".5 .5 .5", r"sum to one.*1 of 2 rows \(p\.csv:3\).*by their sum"),
        ("1.5 -0.5 0", "between 0 and 1.*score_CLASS"),
        ("nan 0.5 0.5", r"No finite number .*p\.csv:3"),
        ("- 0.5 0.5", "No finite number"),
    ],
)
def test_numbers_that_are_no_probabilities_are_refused(row, message) -> None:
    with pytest.raises(InputError, match=message):
        distributions("1 0 0", row)


def test_classes_are_read_by_name_and_near_ones_named() -> None:
    rows = ["p.csv:2", "p.csv:3"]
    read = read_classes(["SI", " Control "], rows, CLASSES | {"si": "suicide"}, TASK)
    assert read.tolist() == [2, 0]
    with pytest.raises(InputError, match=r"1 of 2 rows \(p\.csv:3\).*One is near suicide"):
        read_classes(["suicide", "suicid"], rows, CLASSES, TASK)


def test_a_class_that_the_numbers_contradict_is_refused() -> None:
    rows, shares = ["p.csv:2", "p.csv:3"], np.array([[0.0, 0, 1], [0.5, 0.5, 0]])
    require_likeliest(np.array([2, 1]), shares, rows, "pred")  # one of two that are alike
    with pytest.raises(InputError, match=r"1 of 2 rows \(p\.csv:2\).*prediction=\[\]"):
        require_likeliest(np.array([0, 1]), shares, rows, "pred")
