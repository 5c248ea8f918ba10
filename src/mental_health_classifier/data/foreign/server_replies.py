"""Replies of language models, as servers return batches of them: one line of JSON a post."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from mental_health_classifier.contracts import InputError
from mental_health_classifier.data.reading.table_files import TableFile

_FILTERS = ("content_filter", "content_policy", "safety", "refusal")
"""In the code of an error, or the reason for an end: the server declined."""


class Reply(NamedTuple):
    """What a server returned for one post."""

    said: str | Mapping[str, Any] | None
    """What the model wrote, or fields of a table. None: nothing."""
    end: str = ""
    """Why it ended there."""
    error: str = ""
    tokens: Sequence[Mapping[str, Any]] = ()
    """The likeliest first tokens with their log-probabilities."""
    model: str = ""

    @property
    def is_declined(self) -> bool:
        """Whether the server, or a filter before it, refused to answer."""
        return any(word in self.error or word in self.end for word in _FILTERS)


def lines_of(path: Path) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The lines of a file, each with how messages call it.

    Raises:
        InputError: a line is no JSON object.
    """
    with TableFile(path, path.name).binary() as file:
        for number, line in enumerate(file, start=1):
            if line.isspace():
                continue
            try:
                fields = json.loads(line)
            except (ValueError, RecursionError):
                fields = None
            if not isinstance(fields, dict):
                raise InputError(
                    f"{path.name}:{number} is no whole line of JSON: the file was cut, or is no "
                    "file of answers. Fetch it again."
                )
            yield f"{path.name}:{number}", fields


def reply_of(fields: Mapping[str, Any]) -> Reply:
    """The reply in a line of OpenAI's or Anthropic's batches, or in an object with `answer`."""
    result, response = _mapping(fields.get("result")), _mapping(fields.get("response"))
    if result:  # Anthropic
        if result.get("type") != "succeeded":
            return Reply(None, error=_said(result.get("error") or result.get("type")))
        message = _mapping(result.get("message"))
        blocks = message.get("content")
        texts = [_mapping(b).get("text") for b in blocks] if isinstance(blocks, list) else []
        return Reply(
            "".join(text for text in texts if isinstance(text, str)),
            end=str(message.get("stop_reason") or ""),
            model=_one_line(message.get("model")),
        )
    if fields.get("error") or response.get("status_code") not in (None, 200):
        body = _mapping(response.get("body"))
        return Reply(
            None, error=_said(fields.get("error") or body.get("error") or response["status_code"])
        )
    if response:  # OpenAI
        body = _mapping(response.get("body"))
        choices = body.get("choices")
        choice = _mapping(choices[0]) if isinstance(choices, list) and choices else {}
        message = _mapping(choice.get("message"))
        logs = _mapping(choice.get("logprobs")).get("content")
        first = _mapping(logs[0]) if isinstance(logs, list) and logs else {}
        tokens = first.get("top_logprobs")
        is_refused = bool(message.get("refusal"))
        return Reply(
            message.get("content") if isinstance(message.get("content"), str) else None,
            end="refusal" if is_refused else str(choice.get("finish_reason") or ""),
            tokens=[_mapping(each) for each in tokens] if isinstance(tokens, list) else (),
            model=_one_line(body.get("model")),
        )
    answer = fields.get("answer", fields)
    model = _one_line(fields.get("model"))
    return Reply(answer if isinstance(answer, str | dict) else None, model=model)


def _one_line(name: Any) -> str:
    return " ".join(str(name or "").split())


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _said(error: Any) -> str:
    """An error by its code alone: its message can quote the post."""
    if not isinstance(error, Mapping):
        return re.sub(r"[^\w -]", "", str(error))[:40] or "error"
    inner = error.get("error")
    codes = [error.get(key) for key in ("code", "type")]
    codes += [_said(inner)] if inner else []
    return " ".join(re.sub(r"[^\w -]", "", str(code))[:40] for code in codes if code) or "error"
