from dataclasses import replace

import numpy as np
import pytest

from mental_health_classifier.analysis.sections.shortcuts import shortcuts
from mental_health_classifier.contracts import Predictions, Task
from mental_health_classifier.evaluation.shortcuts import (
    assess_shortcuts,
    keyword_scores,
    without_names,
)

CLASSES = ("control", "eating_disorder", "suicide")


def test_words_of_a_list_are_counted():
    texts = ["I want to die. Suicide, suicidal.", "i had soup", "I want to end my life"]
    assert keyword_scores(texts).tolist() == [3, 0, 1]


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("my Depression and PTSD", "my something and something"),
        ("I have an eating disorder", "I have an something"),
        ("out of control", "out of something"),
        ("read r/SuicideWatch", "read something"),
        ("the addition of a paddle", "the addition of a paddle"),
    ],
)
def test_diagnoses_and_classes_are_no_longer_named(text, masked):
    assert without_names(text, CLASSES) == masked


def predictions_of(scores, is_priority):
    rest = (1 - scores) / 2
    return Predictions(
        part="test",
        task=Task.categorical("condition", CLASSES, "suicide"),
        post_ids=[str(i) for i in range(len(scores))],
        authors=None,
        labels=np.where(is_priority, 2, 0),
        probabilities=np.column_stack([rest, rest, scores]),
    )


def test_a_model_that_reads_the_name_of_the_label_is_found_out():
    is_priority = np.arange(200) % 4 == 0
    generator = np.random.default_rng(0)
    named = predictions_of(np.where(is_priority, 0.9, 0.1), is_priority)
    blind = predictions_of(generator.random(200), is_priority)
    texts = ["suicide" if priority else "soup" for priority in is_priority]
    found = assess_shortcuts(named, blind, texts, bootstrap_draws=100)
    assert found["unmasked"] == 1 and found["masked"] < 0.5
    assert found["loss"] == pytest.approx(found["unmasked"] - found["masked"])
    assert found["loss_interval"][0] > 0.3
    assert found["masked_share"] == 0.25 and found["keyword_recall_at_spec80"] == 1
    first, second = shortcuts(found).warnings
    assert "name of the label" in first and "adds nothing to the list" in second


def test_a_model_that_does_not_is_not_warned_about():
    is_priority = np.arange(200) % 4 == 0
    model = predictions_of(np.where(is_priority, 0.9, 0.1), is_priority)
    found = assess_shortcuts(model, replace(model), ["soup"] * 200, bootstrap_draws=50)
    assert found["loss"] == 0 and found["loss_interval"] is None
    assert shortcuts(found).warnings == []
