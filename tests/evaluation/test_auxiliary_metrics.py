"""Numbers of auxiliary tasks against scikit-learn and tables worked by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score, f1_score, r2_score

from mental_health_classifier.contracts import AuxiliaryPredictions, Task
from mental_health_classifier.contracts.task_kinds import (
    MISSING,
    Binary,
    Categorical,
    MultiLabel,
    Ordinal,
    Regression,
    TaskKind,
)
from mental_health_classifier.evaluation.auxiliary_metrics import evaluate_auxiliary, levels_of
from mental_health_classifier.evaluation.evaluate import Evaluation


def evaluated(kind: TaskKind, labels: np.ndarray, outputs: np.ndarray, part="test") -> Evaluation:
    given = AuxiliaryPredictions(
        part=part,
        task=Task("asked", kind, weight=1.0),
        post_ids=[f"p{row}" for row in range(len(labels))],
        authors=[f"a{row // 2}" for row in range(len(labels))],
        labels=labels,
        outputs=outputs,
    )
    return evaluate_auxiliary([given], bootstrap_draws=200)


@pytest.fixture
def generator() -> np.random.Generator:
    return np.random.default_rng(4)


def test_levels_are_compared_as_scikit_learn_does(generator) -> None:
    labels = generator.integers(0, 5, 300)
    predicted = np.clip(labels + generator.integers(-2, 3, 300), 0, 4)
    found = evaluated(Ordinal(tuple("01234")), labels, np.eye(5)[predicted])
    kappa = cohen_kappa_score(labels, predicted, weights="quadratic")
    assert found.metrics["test/asked/kappa"] == pytest.approx(kappa)
    assert found.metrics["test/asked/mae"] == pytest.approx(np.abs(labels - predicted).mean())
    assert found.metrics["test/asked/accuracy"] == pytest.approx((labels == predicted).mean())
    too_low = (predicted <= labels - 2).mean()
    assert found.metrics["test/asked/underestimated"] == pytest.approx(too_low)
    for key, (low, high) in found.intervals.items():
        value = found.metrics[key]
        assert value is not None and low <= value <= high
    assert set(found.intervals) == set(found.metrics) - {"test/asked/n"}


def test_the_level_is_the_lowest_that_is_not_exceeded_with_more_than_one_half() -> None:
    outputs = np.array([[0.5, 0.1, 0.4], [0.49, 0.02, 0.49], [0.3, 0.15, 0.55], [1.0, 0.0, 0.0]])
    assert levels_of(outputs).tolist() == [0, 1, 2, 0]


def test_posts_without_a_label_do_not_count(generator) -> None:
    labels = generator.integers(0, 3, 60)
    outputs = generator.dirichlet(np.ones(3), 60)
    is_missing = np.arange(60) % 3 == 0
    with_gaps = np.where(is_missing, MISSING, labels)
    kind = Ordinal(("a", "b", "c"))
    found = evaluated(kind, with_gaps, outputs).metrics
    assert found["test/asked/n"] == 40
    expected = cohen_kappa_score(
        labels[~is_missing], levels_of(outputs[~is_missing]), weights="quadratic"
    )
    assert found["test/asked/kappa"] == pytest.approx(expected)


def test_nothing_is_said_where_no_label_is_known() -> None:
    found = evaluated(Regression(0.0, 1.0), np.full(4, math.nan, np.float32), np.zeros((4, 1)))
    assert found.metrics == {"test/asked/n": 0} and not found.intervals


def test_calibration_is_left_alone() -> None:
    labels, outputs = np.array([0, 1]), np.array([[0.1], [0.9]])
    assert evaluated(Binary(("no", "yes")), labels, outputs, part="calibration").metrics == {}


def test_numbers_are_compared_as_scikit_learn_does(generator) -> None:
    labels = generator.normal(1e4, 5, 200).astype(np.float32)
    outputs = labels[:, None].astype(float) + generator.normal(0, 3, (200, 1))
    found = evaluated(Regression(0.0, 1.0), labels, outputs)
    assert found.metrics["test/asked/r2"] == pytest.approx(r2_score(labels, outputs[:, 0]))
    assert found.metrics["test/asked/mae"] == pytest.approx(np.abs(labels - outputs[:, 0]).mean())
    low, high = found.intervals["test/asked/r2"]
    assert low < found.metrics["test/asked/r2"] < high


def test_equal_numbers_leave_nothing_to_explain() -> None:
    found = evaluated(Regression(0.0, 1.0), np.full(9, 0.1, np.float32), np.arange(9.0)[:, None])
    assert found.metrics["test/asked/r2"] is None


def test_yes_and_no_by_hand() -> None:
    # Found 2 of 3, one false alarm, 2 rightly left: precision 2/3, recall 2/3, F1 2/3.
    labels = np.array([1, 1, 1, 0, 0, 0])
    outputs = np.array([[0.9], [0.5], [0.49], [0.7], [0.1], [0.2]])
    found = evaluated(Binary(("no", "yes")), labels, outputs)
    for key in ("accuracy", "precision", "recall", "f1"):
        assert found.metrics[f"test/asked/{key}"] == pytest.approx(2 / 3)
        low, high = found.intervals[f"test/asked/{key}"]
        assert low < 2 / 3 < high


def test_a_perfect_answer_on_few_posts_keeps_an_honest_interval() -> None:
    labels = np.array([1, 0, 1, 0])
    found = evaluated(Binary(("no", "yes")), labels, labels[:, None].astype(float))
    assert found.intervals["test/asked/f1"][0] < 0.6
    assert found.intervals["test/asked/accuracy"][0] < 0.6


def test_several_labels_are_scored_as_scikit_learn_does(generator) -> None:
    labels = (generator.random((150, 3)) < 0.4).astype(np.float32)
    outputs = np.clip(labels * 0.4 + generator.random((150, 3)) * 0.6, 0, 1)
    found = evaluated(MultiLabel(("anger", "fear", "joy")), labels, outputs).metrics
    scores = f1_score(labels, outputs >= 0.5, average=None)
    assert found["test/asked/f1/fear"] == pytest.approx(scores[1])
    assert found["test/asked/f1_macro"] == pytest.approx(scores.mean())


def test_classes_are_scored_as_scikit_learn_does(generator) -> None:
    labels = generator.integers(0, 3, 150)
    outputs = generator.dirichlet(np.ones(3), 150) + 0.3 * np.eye(3)[labels]
    found = evaluated(Categorical(("a", "b", "c")), labels, outputs).metrics
    expected = f1_score(labels, outputs.argmax(1), average="macro")
    assert found["test/asked/f1_macro"] == pytest.approx(expected)
