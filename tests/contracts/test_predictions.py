from dataclasses import replace

import numpy as np
import pytest
from written_predictions import predictions_of

from mental_health_classifier.contracts import (
    AuxiliaryPredictions,
    InputError,
    Task,
)
from mental_health_classifier.contracts.task_kinds import Regression

GIVEN = predictions_of(Task.categorical("condition", ("control", "suicide"), "suicide"), posts=4)
ANSWERS = AuxiliaryPredictions(
    part="val",
    task=Task("urgency", Regression(0.0, 1.0), weight=1.0),
    post_ids=["a", "b"],
    authors=None,
    labels=np.array([1.0, np.nan], np.float32),
    outputs=np.array([[0.5], [2.0]]),
)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"post_ids": ["a"]}, r"post_ids: shape \(4,\) was expected, not \(1,\)"),
        ({"authors": ["a"]}, r"authors: shape \(4,\)"),
        ({"probabilities": np.ones((4, 1))}, r"probabilities: shape \(4, 2\)"),
        ({"groups": {"gender": ["f"]}}, r"groups\.gender: shape \(4,\)"),
        ({"labels": np.array([0, 1, 2, 0])}, "places below 2 were expected"),
        ({"labels": np.array([0, 1, -1, 0])}, "places below 2 were expected"),
    ],
)
def test_what_does_not_fit_together_is_no_predictions(changes, message) -> None:
    with pytest.raises(ValueError, match=message):
        replace(GIVEN, **changes)


@pytest.mark.parametrize("row", [[np.nan, np.nan], [np.inf, -np.inf], [2.0, -1.0], [0.5, 0.6]])
def test_what_is_no_distribution_is_refused_with_the_part_and_what_to_do(row) -> None:
    probabilities = GIVEN.probabilities.copy()
    probabilities[[1, 3]] = row
    with pytest.raises(InputError, match=r"2 of 4 rows .* for test .*Lower model\.learning_rate"):
        replace(GIVEN, probabilities=probabilities)


def test_answers_to_other_tasks_fit_together_too() -> None:
    with pytest.raises(ValueError, match=r"outputs: shape \(2, 1\) was expected"):
        replace(ANSWERS, outputs=np.ones((2, 3)))
    with pytest.raises(InputError, match="1 of 2 answers to task urgency for val are not finite"):
        replace(ANSWERS, outputs=np.array([[0.5], [np.nan]]))
