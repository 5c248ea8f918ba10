"""One line of a server's batch becomes one reply, in whichever format it is."""

from __future__ import annotations

import pytest

from mental_health_classifier.contracts import InputError
from mental_health_classifier.data.foreign.server_replies import Reply, lines_of, reply_of


def of_openai(choice: dict, **body) -> dict:
    return {"response": {"status_code": 200, "body": {"model": "m-1", "choices": [choice], **body}}}


def of_anthropic(blocks: object, end: str = "end_turn") -> dict:
    message = {"model": "c-1", "stop_reason": end, "content": blocks}
    return {"result": {"type": "succeeded", "message": message}}


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (
            of_openai({"message": {"content": "suicide"}, "finish_reason": "stop"}),
            Reply("suicide", end="stop", model="m-1"),
        ),
        (
            of_openai({"message": {"content": None, "refusal": "no"}, "finish_reason": "stop"}),
            Reply(None, end="refusal", model="m-1"),
        ),
        (
            of_openai(
                {
                    "message": {"content": "A"},
                    "logprobs": {"content": [{"top_logprobs": [{"token": "A", "logprob": -0.5}]}]},
                },
                model="two\nlines",
            ),
            Reply("A", tokens=[{"token": "A", "logprob": -0.5}], model="two lines"),
        ),
        (
            of_anthropic([{"type": "text", "text": "sui"}, {"text": "cide"}, {"type": "tool"}, 3]),
            Reply("suicide", end="end_turn", model="c-1"),
        ),
        (of_anthropic(None, end="refusal"), Reply("", end="refusal", model="c-1")),
        ({"id": "a", "answer": "control", "model": "mine"}, Reply("control", model="mine")),
        ({"id": "a", "answer": 3}, Reply(None)),
        ({"response": {"status_code": 200, "body": {"choices": []}}}, Reply(None)),
    ],
)
def test_formats_are_read(line, expected) -> None:
    assert reply_of(line) == expected


@pytest.mark.parametrize(
    ("line", "code", "is_declined"),
    [
        ({"error": {"code": "rate_limit", "message": "of a post"}}, "rate_limit", False),
        ({"error": "overloaded!"}, "overloaded", False),
        ({"response": {"status_code": 503, "body": None}}, "503", False),
        (
            {"response": {"status_code": 400, "body": {"error": {"code": "content_filter"}}}},
            "content_filter",
            True,
        ),
        ({"result": {"type": "expired"}}, "expired", False),
        (
            {
                "result": {
                    "type": "errored",
                    "error": {"type": "error", "error": {"type": "overloaded", "message": "post"}},
                }
            },
            "error overloaded",
            False,
        ),
    ],
)
def test_errors_are_told_by_their_codes_alone(line, code, is_declined) -> None:
    reply = reply_of(line)
    assert reply.said is None and reply.error == code and reply.is_declined == is_declined


def test_an_end_can_be_a_refusal_too() -> None:
    assert Reply(None, end="content_filter").is_declined
    assert not Reply("I am sorry.", end="stop").is_declined  # what it wrote is read elsewhere


def test_lines_are_numbered_as_an_editor_does_and_a_torn_one_is_named(tmp_path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"id": "a"}\n\n{"id": "b"}\n{"id": ')
    lines = lines_of(path)
    assert [next(lines), next(lines)] == [("a.jsonl:1", {"id": "a"}), ("a.jsonl:3", {"id": "b"})]
    with pytest.raises(InputError, match=r"a\.jsonl:4 is no whole line of JSON"):
        next(lines)
