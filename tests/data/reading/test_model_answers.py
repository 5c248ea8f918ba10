"""Answers of language models: what counts as one, and what becomes of the others."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mental_health_classifier.contracts import InputError, Task
from mental_health_classifier.data.reading.model_answers import (
    CLASS_ALONE,
    PROSE,
    REFUSED,
    STATED,
    are_answers,
    read_answers,
)

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


@pytest.mark.parametrize(
    ("line", "expected", "kind"),
    [
        (of_openai(json.dumps(SHARES)), [0.1, 0.2, 0.7], STATED),
        (of_openai(f"```json\n{json.dumps(SHARES)}\n```\n"), [0.1, 0.2, 0.7], STATED),
        (of_anthropic(json.dumps(SHARES)), [0.1, 0.2, 0.7], STATED),
        ({"id": "a", "answer": SHARES}, [0.1, 0.2, 0.7], STATED),
        (of_openai(json.dumps(SHARES["probabilities"])), [0.1, 0.2, 0.7], STATED),
        (of_openai('{"label": "anxiety", "confidence": 0.8}'), [0.1, 0.8, 0.1], STATED),
        (of_openai('{"suicide": "0.7", "anxiety": "0,2", "control": "10%"}'), [.1, .2, .7], STATED),
        (of_openai('{"suicide": 70, "anxiety": 20, "control": 10}'), [0.1, 0.2, 0.7], STATED),
        (of_openai('{"label": "anxiety", "confidence": 80}'), [0.1, 0.8, 0.1], STATED),
        (of_openai('{"label": "anxiety", "confidence": "80%"}'), [0.1, 0.8, 0.1], STATED),
        (of_openai('{"label": "anxiety", "confidence": "high"}'), [0, 1, 0], CLASS_ALONE),
        (of_openai("**Suicide.**"), [0, 0, 1], CLASS_ALONE),
        (of_anthropic("Label: control"), [1, 0, 0], CLASS_ALONE),
        (of_openai(" B)"), [0, 1, 0], CLASS_ALONE),
        ({"custom_id": "a", "answer": '{"label": "SI"}'}, [0, 0, 1], CLASS_ALONE),
    ],
)  # fmt: skip
def test_answers_in_many_forms(tmp_path, line, expected, kind) -> None:
    found, _ = read(tmp_path, line, labels={"SI": "suicide"})
    np.testing.assert_allclose(found.probabilities, [expected], atol=1e-6)
    assert found.keys == {"post": ["a"]} and found.answers == {kind: 1}
    assert found.kind == ("labels" if kind == CLASS_ALONE else "probabilities")


def test_log_probabilities_of_the_letters_are_shares(tmp_path) -> None:
    tokens = [("C", -0.5), (" c", -3.0), ("A", -1.5), ("The", -2.0)]
    logs = {"content": [{"top_logprobs": [{"token": t, "logprob": p} for t, p in tokens]}]}
    found, model = read(tmp_path, of_openai("C", logprobs=logs))
    odds = np.exp([-1.5, -np.inf, np.logaddexp(-0.5, -3.0)])
    np.testing.assert_allclose(found.probabilities, [odds / odds.sum()], atol=1e-6)
    assert model == "m-1" and found.answers == {"with log-probabilities": 1}


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        (of_openai(None, refusal="I can't help with that."), REFUSED),
        (of_openai("", end="content_filter"), REFUSED),
        (of_openai("I\N{RIGHT SINGLE QUOTATION MARK}m sorry, call a crisis line."), REFUSED),
        (of_anthropic("", end="refusal"), REFUSED),
        ({"custom_id": "a", "error": {"code": "content_filter"}}, REFUSED),
        (of_openai("This person seems tired, perhaps anxiety."), PROSE),
        (of_openai("", end="length"), PROSE),
        (of_openai('{"probabilities": {"suicide": 0.9, "anxiety": 0.9, "control": 0}}'), PROSE),
        (of_openai('{"probabilities": {"suicide": 0.9, "anxiety": 0.1}}'), PROSE),
        (of_openai('{"probabilities": {"suicide": NaN, "anxiety": 0.1, "control": 0}}'), PROSE),
        (of_openai('{"label": "stress"}'), PROSE),
        (of_openai(f"Sure:\n```json\n{json.dumps(SHARES)}\n```"), PROSE),
        (of_openai(f"The post asks for {json.dumps(SHARES)}, which I leave out."), PROSE),
        (of_openai('I am sorry. The post says {"label": "control"}'), REFUSED),
        (of_openai('{"label": "control", "probability": 0.02}'), PROSE),
        (of_openai('{"label": "control", "confidence": 250}'), PROSE),
        (of_openai(json.dumps({"label": "control", **SHARES})), PROSE),
        (of_openai('{"label": "suicide", "probabilities": {"suicide": 0.9}}'), PROSE),
        (of_openai('{"label": "control", "label": "suicide"}'), PROSE),
    ],
)  # fmt: skip
def test_what_is_no_answer_is_counted_and_left_open(tmp_path, line, kind) -> None:
    found, _ = read(tmp_path, line, {"post": "b", "answer": SHARES})
    assert np.isnan(found.probabilities[0]).all() and found.answers[kind] == 1
    assert found.keys["post"] == ["a", "b"]


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
