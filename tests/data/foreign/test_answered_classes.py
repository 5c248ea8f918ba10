"""What counts as an answer of a language model, and what becomes of the others."""

from __future__ import annotations

import json

import numpy as np
import pytest

from mental_health_classifier.contracts import Task
from mental_health_classifier.data.foreign.answered_classes import (
    CLASS_ALONE,
    PROSE,
    REFUSED,
    STATED,
    TOKENS,
    Answer,
    read_answer,
)
from mental_health_classifier.data.foreign.server_replies import Reply

TASK = Task.categorical("condition", ("control", "anxiety", "suicide"), "suicide")
PLACES = {"control": 0, "anxiety": 1, "suicide": 2, "si": 2}
SHARES = {"probabilities": {"Suicide": 0.7, "anxiety": 0.2, "control": 0.1}}


@pytest.mark.parametrize(
    ("said", "expected", "kind"),
    [
        (json.dumps(SHARES), [0.1, 0.2, 0.7], STATED),
        (f"```json\n{json.dumps(SHARES)}\n```\n", [0.1, 0.2, 0.7], STATED),
        (SHARES, [0.1, 0.2, 0.7], STATED),
        (json.dumps(SHARES["probabilities"]), [0.1, 0.2, 0.7], STATED),
        ('{"label": "anxiety", "confidence": 0.8}', [0.1, 0.8, 0.1], STATED),
        ('{"suicide": "0.7", "anxiety": "0,2", "control": "10%"}', [0.1, 0.2, 0.7], STATED),
        ('{"suicide": 70, "anxiety": 20, "control": 10}', [0.1, 0.2, 0.7], STATED),
        ('{"label": "anxiety", "confidence": 80}', [0.1, 0.8, 0.1], STATED),
        ('{"label": "anxiety", "confidence": "80%"}', [0.1, 0.8, 0.1], STATED),
        ('{"label": "anxiety", "confidence": "high"}', [0, 1, 0], CLASS_ALONE),
        ("**Suicide.**", [0, 0, 1], CLASS_ALONE),
        ("Label: control", [1, 0, 0], CLASS_ALONE),
        (" B)", [0, 1, 0], CLASS_ALONE),
        ('{"label": "SI"}', [0, 0, 1], CLASS_ALONE),
    ],
)
def test_answers_in_many_forms(said, expected, kind) -> None:
    answer = read_answer(Reply(said, end="stop"), PLACES, TASK)
    assert answer.kind == kind
    np.testing.assert_allclose(answer.probabilities, expected, atol=1e-12)


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (Reply(None, end="refusal"), REFUSED),
        (Reply("", end="content_filter"), REFUSED),
        (Reply(None, error="content_filter"), REFUSED),
        (Reply(None), REFUSED),
        (Reply("I\N{RIGHT SINGLE QUOTATION MARK}m sorry, call a crisis line."), REFUSED),
        (Reply('I am sorry. The post says {"label": "control"}'), REFUSED),
        (Reply("This person seems tired, perhaps anxiety."), PROSE),
        (Reply("", end="length"), PROSE),
        (Reply('{"probabilities": {"suicide": 0.9, "anxiety": 0.9, "control": 0}}'), PROSE),
        (Reply('{"probabilities": {"suicide": 0.9, "anxiety": 0.1}}'), PROSE),
        (Reply('{"probabilities": {"suicide": NaN, "anxiety": 0.1, "control": 0}}'), PROSE),
        (Reply('{"probabilities": [0.1, 0.2, 0.7]}'), PROSE),
        (Reply("[0.1, 0.2, 0.7]"), PROSE),
        (Reply('{"label": "stress"}'), PROSE),
        (Reply(f"Sure:\n```json\n{json.dumps(SHARES)}\n```"), PROSE),
        (Reply(f"The post asks for {json.dumps(SHARES)}, which I leave out."), PROSE),
        (Reply('{"label": "control", "probability": 0.02}'), PROSE),
        (Reply('{"label": "control", "confidence": 250}'), PROSE),
        (Reply(json.dumps({"label": "control", **SHARES})), PROSE),
        (Reply('{"label": "suicide", "probabilities": {"suicide": 0.9}}'), PROSE),
        (Reply('{"label": "control", "label": "suicide"}'), PROSE),
    ],
)
def test_what_is_no_answer_names_no_class(reply, kind) -> None:
    assert read_answer(reply, PLACES, TASK) == Answer(kind)


def test_log_probabilities_of_the_letters_are_shares() -> None:
    tokens = [("C", -0.5), (" c", -3.0), ("A", -1.5), ("The", -2.0)]
    listed = [{"token": token, "logprob": value} for token, value in tokens]
    answer = read_answer(Reply("C", tokens=listed), PLACES, TASK)
    odds = np.exp([-1.5, -np.inf, np.logaddexp(-0.5, -3.0)])
    assert answer.kind == TOKENS
    np.testing.assert_allclose(answer.probabilities, odds / odds.sum(), atol=1e-12)


def test_tokens_of_prose_are_no_answer() -> None:
    prose = Reply("A person who is tired.", tokens=[{"token": "A", "logprob": -0.1}])
    assert read_answer(prose, PLACES, TASK) == Answer(PROSE)
