"""Whole files of answers of language models: one model, one kind of questions, no torn line."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mental_health_classifier.contracts import InputError, Task
from mental_health_classifier.data.foreign.answered_classes import CLASS_ALONE
from mental_health_classifier.data.foreign.model_answers import are_answers, read_answers

TASK = Task.categorical("condition", ("control", "anxiety", "suicide"), "suicide")
SHARES = {"probabilities": {"Suicide": 0.7, "anxiety": 0.2, "control": 0.1}}


def of_openai(content: Any, *, post: str = "a", status: int = 200, **choice: Any) -> dict[str, Any]:
    message = {"content": content, "refusal": choice.pop("refusal", None)}
    choices = [{"message": message, "finish_reason": choice.pop("end", "stop"), **choice}]
    body = {"model": "m-1", "choices": choices}
    if status != 200:
        body = {"error": {"code": "rate_limit", "message": "a post could stand here"}}
    response = {"status_code": status, "body": body}
    return {"custom_id": f"0shot-{post}", "response": response, "error": None}


def of_anthropic(content: str, *, post: str = "a", end: str = "end_turn") -> dict[str, Any]:
    message = {"model": "c-1", "stop_reason": end, "content": [{"type": "text", "text": content}]}
    return {"custom_id": f"2shot-{post}", "result": {"type": "succeeded", "message": message}}


def read(path: Path, *lines: Any, **asked: Any):
    file = path / "answers.jsonl"
    file.write_text(
        "".join(f"{each if isinstance(each, str) else json.dumps(each)}\n" for each in lines)
    )
    return read_answers(file, TASK, **asked)


def test_a_file_becomes_predictions_and_no_answer_is_left_open(tmp_path) -> None:
    prose = of_openai("This person seems tired.", post="b")
    found, model = read(tmp_path, of_openai(json.dumps(SHARES)), prose)
    assert found.keys == {"post": ["a", "b"]} and found.kind == "probabilities" and model == "m-1"
    assert found.probabilities[0].tolist() == [0.1, 0.2, 0.7]
    assert np.isnan(found.probabilities[1]).all()
    assert found.answers == {"with probabilities": 1, "that cannot be read": 1}
    assert found.rows == ["answers.jsonl:1", "answers.jsonl:2"]


def test_other_spellings_are_classes_where_that_is_said(tmp_path) -> None:
    found, _ = read(tmp_path, {"id": "a", "answer": "SI"}, labels={"SI": "suicide"})
    assert found.probabilities.tolist() == [[0, 0, 1]] and found.kind == "labels"
    with pytest.raises(InputError, match="no such class"):
        read(tmp_path, {"id": "a", "answer": "SI"}, labels={"SI": "self-harm"})


def test_an_error_of_the_server_is_no_answer_and_a_later_one_is(tmp_path) -> None:
    error, other = of_openai(None, status=429), of_openai(json.dumps(SHARES), post="b")
    with pytest.raises(InputError, match=r"to 1 of 2 posts \(answers\.jsonl:1; .*rate_limit") as e:
        read(tmp_path, error, other)
    assert "could stand here" not in str(e.value)
    found, _ = read(tmp_path, error, other, refers_missing=True)
    assert found.answers == {"with probabilities": 1, "errors of the server": 1}
    found, _ = read(tmp_path, error, other, of_openai("suicide"))
    assert found.answers == {"with probabilities": 1, "with a class alone": 1}
    assert any("count as certain" in note for note in found.notes)
    failed = {"custom_id": "a", "result": {"type": "errored", "error": {"type": "overloaded"}}}
    with pytest.raises(InputError, match="overloaded"):
        read(tmp_path, failed)


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ([of_openai("suicide"), '{"custom_id": "b", "ans'], r"jsonl:2 is no whole line of JSON"),
        (["[1, 2]"], "is no whole line"),
        ([{"answer": "suicide"}], "which post it is about"),
        (
            [of_openai("Well, who knows.")],
            "holds no answer that names one of.*1 that cannot be read",
        ),
    ],
)
def test_what_is_no_file_of_answers_is_told(tmp_path, lines, message) -> None:
    with pytest.raises(InputError, match=message):
        read(tmp_path, *lines)


def test_answers_of_several_models_or_questions_are_no_run(tmp_path) -> None:
    other = of_openai("suicide", post="b")
    other["response"]["body"]["model"] = "m-2\n"
    with pytest.raises(InputError, match=r"several models: m-1 \(1\), m-2 \(1\)"):
        read(tmp_path, of_openai("suicide"), other)
    shown = {**of_openai("suicide", post="b"), "custom_id": "3shot-b"}
    with pytest.raises(InputError, match=r"kinds of questions: 0 shots \(1\), 3 shots \(1\)"):
        read(tmp_path, of_openai("suicide"), shown)
    found, _ = read(tmp_path, shown)
    assert found.asked == "3 shots, answered with a class alone"


def test_packed_answers_are_read_and_whole_documents_told(tmp_path) -> None:
    path = tmp_path / "answers.jsonl.gz"
    path.write_bytes(gzip.compress(json.dumps(of_openai("suicide")).encode()))
    assert are_answers(path) and read_answers(path, TASK)[1] == "m-1"
    (tmp_path / "answers.json").write_text(json.dumps([of_openai("suicide")]))
    with pytest.raises(InputError, match=r"ends in \.jsonl"):
        are_answers(tmp_path / "answers.json")


def test_shots_are_told_and_tables_are_no_answers(tmp_path) -> None:
    found, model = read(tmp_path, of_anthropic("suicide"))
    assert found.notes == [
        "Few-shot: the questions showed 2 posts of each class of train with their labels."
    ]
    assert model == "c-1" and are_answers(tmp_path / "answers.jsonl")
    table = tmp_path / "table.jsonl"
    table.write_text('{"id": "a", "p_suicide": 0.5}\n')
    assert not are_answers(table) and not are_answers(tmp_path / "p.csv")


@pytest.mark.parametrize(
    ("beginning", "asked", "note"),
    [
        ("", "shots not said", []),
        ("2shot-", "2 shots", "labels."),
        ("2shot7-q1a2b3c-", "2 shots q1a2b3c", "drawn with seed 7."),
        ("0shot-q1a2b3c-", "0 shots q1a2b3c", "no labelled post."),
    ],
)
def test_identifiers_of_every_version_say_what_was_asked(tmp_path, beginning, asked, note) -> None:
    line = {"custom_id": f"{beginning}0123abcd", "answer": "anxiety"}
    found, _ = read(tmp_path, line)
    assert found.keys == {"post": ["0123abcd"]}
    assert found.asked == f"{asked}, answered {CLASS_ALONE}"
    assert [each.endswith(note) for each in found.notes] == ([True] if note else [])


def test_answers_to_two_draws_or_wordings_are_no_run(tmp_path) -> None:
    for first, second in (("2shot1-q1a2b3c", "2shot2-q1a2b3c"), ("0shot-q111111", "0shot-q222222")):
        lines = [
            {"custom_id": f"{asked}-{post}", "answer": "anxiety"}
            for asked, post in ((first, "a"), (second, "b"))
        ]
        with pytest.raises(InputError, match="several kinds of questions"):
            read(tmp_path, *lines)
