"""Questions for language models about the posts of a run, in the batch formats of servers.

Nothing is sent: a file is written, and whoever sends it decides where the posts go.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from mental_health_classifier.contracts import PARTS, InputError
from mental_health_classifier.contracts.questions import (
    FORMS,
    MOST_LETTERS,
    MOST_SHOTS,
    Message,
    draw_examples,
)
from mental_health_classifier.prediction.run_posts import corpus_of_run
from mental_health_classifier.tracking.record.external_runs import parts_of
from mental_health_classifier.tracking.record.run_summary import RunSummary

_MOST_TOKENS = 400
_OF_WORDING = 6
"""Digits of the hash of a question; servers take identifiers of 64 signs at most."""


def _of_openai(
    custom_id: str, model: str, messages: Sequence[Message], *, answer: str
) -> dict[str, Any]:
    of_answer: dict[str, dict[str, Any]] = {
        "probabilities": {"response_format": {"type": "json_object"}},
        "letter": {"max_completion_tokens": 1, "logprobs": True, "top_logprobs": MOST_LETTERS},
        "class": {},
    }
    return {
        "custom_id": custom_id,
        "method": "POST",
        "url": "/v1/chat/completions",
        "body": {"model": model, "temperature": 0, "messages": [*messages], **of_answer[answer]},
    }


def _of_anthropic(
    custom_id: str, model: str, messages: Sequence[Message], *, answer: str
) -> dict[str, Any]:
    system, *others = messages
    return {
        "custom_id": custom_id,
        "params": {
            "model": model,
            "max_tokens": 1 if answer == "letter" else _MOST_TOKENS,
            "temperature": 0,
            "system": system["content"],
            "messages": others,
        },
    }


FORMATS: Mapping[str, Callable[..., dict[str, Any]]] = {
    "openai": _of_openai,
    "anthropic": _of_anthropic,
}
"""A line of a batch: OpenAI's, which vLLM and others read too, or a request of Anthropic's message
batches."""


def prompts_of_run(
    run: RunSummary,
    parts: Sequence[str],
    *,
    model: str,
    server: str,
    answer: str,
    shots: int,
    seed: int,
) -> tuple[list[str], int]:
    """A line of JSON for each post of some parts of a run.

    Args:
        parts: of those that are judged; empty: all of these.
        model: what the server calls it.
        server, answer: of FORMATS and FORMS.
        shots: posts of each class that are shown with their label, from train alone.
        seed: of the draw of those.

    Returns:
        The lines, and how many posts of train they hold.

    Raises:
        InputError: there is no such part, format or answer, the posts are not at hand any more, or
            too few of a class are in train.
    """
    judged = parts_of(run) or PARTS[1:]
    for given, known, option in (
        (server, tuple(FORMATS), "--format"),
        (answer, tuple(FORMS), "--answer"),
        *((part, judged, "--part") for part in parts),
    ):
        if given not in known:
            raise InputError(f"{option}={given}: expected one of {', '.join(known)}.")
    if not 0 <= shots <= MOST_SHOTS:
        raise InputError(f"--shots={shots}: expected 0 to {MOST_SHOTS} posts of each class.")
    corpus = corpus_of_run(run)
    question = FORMS[answer](corpus.task)
    # Answers to other questions are another configuration, and only this tells them apart.
    wording = hashlib.sha256(question.instruction.encode()).hexdigest()[:_OF_WORDING]
    asked = f"{shots}shot{seed if shots else ''}-q{wording}"
    question = replace(question, examples=draw_examples(corpus, shots=shots, seed=seed))
    lines = []
    for part in parts or judged:
        posts = corpus.part(part)
        for post, text in zip(posts["id"], posts["text"], strict=True):
            messages = question.messages(text)
            line = FORMATS[server](f"{asked}-{post}", model, messages, answer=answer)
            lines.append(json.dumps(line, ensure_ascii=False))
    return lines, len(question.examples)
