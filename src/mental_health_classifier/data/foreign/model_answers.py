"""Reader of the answers of language models, as servers return batches of them.

A refusal and an answer that cannot be read are answers: they are counted, and a person reads the
post. An error of the server is none, and the post has to be asked about again.
"""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from mental_health_classifier.contracts import InputError, Task
from mental_health_classifier.contracts.predictions import DECIMALS
from mental_health_classifier.data.foreign.answered_classes import (
    CLASS_ALONE,
    KINDS,
    SERVER,
    STATED,
    TOKENS,
    Answer,
    read_answer,
)
from mental_health_classifier.data.foreign.foreign_predictions import (
    ForeignPredictions,
    Kind,
    first_of,
)
from mental_health_classifier.data.foreign.server_replies import lines_of, reply_of
from mental_health_classifier.data.reading.source import fold_labels
from mental_health_classifier.data.reading.spellings import folded
from mental_health_classifier.data.reading.table_files import TableFile

_KEYS = ("custom_id", "post", "id")
_BEGINNING = 4096
_ID = re.compile(
    r"(?:(?P<shots>\d+)shot(?P<draw>\d*)-(?:(?P<wording>q[0-9a-f]{6})-)?)?(?P<post>.+)"
)
"""As mhc prompts writes it; earlier versions said neither draw nor wording."""


class _Asked(NamedTuple):
    """What an identifier says of the question."""

    shots: int
    draw: str
    """Seed of the posts that were shown. Empty: none was, or it is not said."""
    wording: str
    """Digits of its hash. Empty: not said."""

    def __str__(self) -> str:
        of_draw = f" of draw {self.draw}" if self.draw else ""
        return f"{self.shots} shots{of_draw}" + (f" {self.wording}" if self.wording else "")

    @property
    def kind(self) -> str:
        """What is the same for all draws."""
        return str(self._replace(draw=""))

    @property
    def in_words(self) -> str:
        if not self.shots:
            return "Zero-shot: the questions showed no labelled post."
        drawn = f", drawn with seed {self.draw}" if self.draw else ""
        return (
            f"Few-shot: the questions showed {self.shots} posts of each class of train with their "
            f"labels{drawn}."
        )


def are_answers(path: Path) -> bool:
    """Whether a file holds answers of a language model rather than a table of predictions.

    Raises:
        InputError: they are in one JSON document, or the file cannot be unpacked.
    """
    table = TableFile(path, path.name)
    if table.ending == ".json":
        with table.binary() as file:
            is_answer = b'"custom_id"' in file.read(_BEGINNING)
        if is_answer:
            raise InputError(
                f"{path.name} holds answers of a language model, which are read from a file of one "
                "JSON object a line that ends in .jsonl. Write it so."
            )
    if table.ending not in (".jsonl", ".ndjson"):
        return False
    with table.binary() as file:
        first = next((line for line in file if not line.isspace()), b"")
    try:
        fields = json.loads(first)
    except ValueError:
        return True  # it is told there which line is no JSON
    return isinstance(fields, dict) and bool({"custom_id", "answer"} & fields.keys())


def read_answers(
    path: Path,
    task: Task,
    *,
    labels: Mapping[str, str] | None = None,
    refers_missing: bool = False,
) -> tuple[ForeignPredictions, str]:
    """Reads a line of JSON for each post: what OpenAI's or Anthropic's batches return, or objects
    with `custom_id`, `post` or `id` and an `answer`.

    An answer is JSON with `probabilities` of all classes, or with a `label` and perhaps its
    `probability`; or the name of a class or its letter, perhaps with log-probabilities of tokens.

    Args:
        labels: class of each spelling that is none itself.
        refers_missing: whether a post for which the server returned an error alone counts as one
            without an answer.

    Returns:
        The answers, and what the server calls the model (empty: it does not say).

    Raises:
        InputError: a line is no JSON or does not say which post it is about, the file holds no
            answer, or those of several models or to several kinds of questions, or the server
            returned errors.
    """
    classes = {folded(name): place for place, name in enumerate(task.class_names)}
    for spelling, name in fold_labels(labels or {}).items():
        if folded(name) not in classes:
            raise InputError(
                f"--label ...={name}: there is no such class; {', '.join(task.class_names)} are."
            )
        classes[spelling] = classes[folded(name)]
    rows, posts, answers, models, asked = [], [], [], Counter[str](), Counter[_Asked]()
    failed: dict[str, tuple[str, str]] = {}
    for reference, fields in lines_of(path):
        key = next((fields[name] for name in _KEYS if isinstance(fields.get(name), str)), None)
        found = _ID.fullmatch(key or "")
        if found is None:
            raise InputError(
                f"{reference} does not say which post it is about: custom_id was expected, as mhc "
                "prompts writes it."
            )
        reply = reply_of(fields)
        if reply.error and not reply.is_declined:
            failed[found["post"]] = (reference, reply.error)
            continue
        rows.append(reference)
        posts.append(found["post"])
        answers.append(read_answer(reply, classes, task))
        models.update([reply.model] if reply.model else [])
        if found["shots"]:
            draw, wording = found["draw"] or "", found["wording"] or ""
            asked.update([_Asked(int(found["shots"]), draw, wording)])
    _require_one(path, "models", models)
    _require_one(path, "kinds of questions", asked)
    answered = set(posts)
    failed = {post: each for post, each in failed.items() if post not in answered}
    if failed and not refers_missing:
        num_posts = len(answered) + len(failed)
        places, errors = zip(*failed.values(), strict=True)
        raise InputError(
            f"{path.name} has errors of the server in place of an answer to {len(failed):,} of "
            f"{num_posts:,} posts ({first_of(places)}; the first: {errors[0]}). Ask "
            "about these again and put the answers below, or have them counted as posts that a "
            "person reads, by --refer-missing"
        )
    for post, (reference, _) in failed.items():
        rows.append(reference)
        posts.append(post)
        answers.append(Answer(SERVER))
    counts = Counter(answer.kind for answer in answers)
    if not any(answer.probabilities is not None for answer in answers):
        said = ", ".join(f"{n} {kind}" for kind, n in counts.items()) or "it is empty"
        raise InputError(
            f"{path.name} holds no answer that names one of {', '.join(task.class_names)}: {said}. "
            "Ask for the form that mhc prompts describes, or map spellings: --label SPELLING=CLASS"
        )
    nothing = [math.nan] * task.num_classes
    is_ranked = counts[STATED] + counts[TOKENS] > 0
    kind: Kind = "probabilities" if is_ranked else "labels"
    question = next(iter(asked), None)
    notes = [] if question is None else [question.in_words]
    if is_ranked and counts[CLASS_ALONE]:
        notes.append(
            "Answers with a class alone count as certain of it, beside those with probabilities."
        )
    found = ForeignPredictions(
        name=path.name,
        rows=rows,
        keys={"post": posts},
        probabilities=np.array([a.probabilities or nothing for a in answers]).round(DECIMALS),
        kind=kind,
        notes=notes,
        answers={kind: counts[kind] for kind in KINDS if counts[kind]},
        asked=f"{'shots not said' if question is None else question.kind}, answered "
        f"{max(KINDS[:3], key=lambda kind: counts[kind])}",
    )
    return found, next(iter(models), "")


def _require_one(path: Path, what: str, found: Mapping[Any, int]) -> None:
    if len(found) > 1:
        counted = ((ascii(str(name))[1:-1][:80], n) for name, n in found.items())
        each = ", ".join(f"{name} ({n:,})" for name, n in counted)
        raise InputError(
            f"{path.name} holds answers of several {what}: {each}. A run is of one: give each a "
            "file of its own."
        )
