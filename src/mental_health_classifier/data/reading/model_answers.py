"""Reader of the answers of language models, as servers return batches of them.

A refusal and an answer that cannot be read are answers: they are counted, and a person reads the
post. An error of the server is none, and the post has to be asked about again.
"""

from __future__ import annotations

import json
import math
import re
import string
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from mental_health_classifier.contracts import InputError, Task
from mental_health_classifier.contracts.predictions import DECIMALS
from mental_health_classifier.data.reading.foreign_predictions import (
    ForeignPredictions,
    Kind,
    first_of,
)
from mental_health_classifier.data.reading.source import fold_labels
from mental_health_classifier.data.reading.spellings import folded, with_decimal_point
from mental_health_classifier.data.reading.table_files import TableFile

STATED, TOKENS, CLASS_ALONE = "with probabilities", "with log-probabilities", "with a class alone"
REFUSED, PROSE, SERVER = "refused", "that cannot be read", "errors of the server"
"""What became of an answer."""
_KINDS = (STATED, TOKENS, CLASS_ALONE, REFUSED, PROSE, SERVER)
_KEYS = ("custom_id", "post", "id")
_FILTERS = ("content_filter", "content_policy", "safety", "refusal")
"""In the code of an error, or the reason for an end: the server declined."""
_BEGINNING = 4096
_CUT = ("length", "max_tokens")
_ID = re.compile(
    r"(?:(?P<shots>\d+)shot(?P<draw>\d*)-(?:(?P<wording>q[0-9a-f]{6})-)?)?(?P<post>.+)"
)
"""As mhc prompts writes it; earlier versions said neither draw nor wording."""
_DECLINED = re.compile(
    r"\b(?:i'?m sorry|i am sorry|i apologi[sz]e|as an ai|i (?:can'?t|cannot|can not|won'?t)\b"
    r"|i(?:'m| am) (?:unable|not able)|unable to (?:help|assist|comply|provide))",
    re.IGNORECASE,
)
_FENCED = re.compile(r"```(?:json)?\s*(.*?)\s*```", re.DOTALL | re.IGNORECASE)
_BEFORE_LABEL = re.compile(
    r"^(?:(?:the )?(?:label|class|answer|classification)(?: is)?\s*[:=]?\s*)"
)
_OFF = 0.05
"""By which stated probabilities may miss their sum: models do sums badly."""


class _Reply(NamedTuple):
    """What a server returned for one post."""

    said: str | Mapping[str, Any] | None
    """What the model wrote, or fields of a table. None: nothing."""
    end: str = ""
    """Why it ended there."""
    error: str = ""
    tokens: Sequence[Mapping[str, Any]] = ()
    """The likeliest first tokens with their log-probabilities."""
    model: str = ""


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


class _Answer(NamedTuple):
    kind: str
    probabilities: Sequence[float] | None = None


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
    for reference, fields in _lines(path):
        key = next((fields[name] for name in _KEYS if isinstance(fields.get(name), str)), None)
        found = _ID.fullmatch(key or "")
        if found is None:
            raise InputError(
                f"{reference} does not say which post it is about: custom_id was expected, as mhc "
                "prompts writes it."
            )
        reply = _reply(fields)
        if reply.error and not any(word in reply.error for word in _FILTERS):
            failed[found["post"]] = (reference, reply.error)
            continue
        rows.append(reference)
        posts.append(found["post"])
        answers.append(_read(reply, classes, task))
        models.update([reply.model] if reply.model else [])
        if found["shots"]:
            draw, wording = found["draw"] or "", found["wording"] or ""
            asked.update([_Asked(int(found["shots"]), draw, wording)])
    for what, found_here in (("models", models), ("kinds of questions", asked)):
        if len(found_here) > 1:
            counted = ((ascii(str(name))[1:-1][:80], n) for name, n in found_here.items())
            each = ", ".join(f"{name} ({n:,})" for name, n in counted)
            raise InputError(
                f"{path.name} holds answers of several {what}: {each}. A run is of one: give each "
                "a file of its own."
            )
    failed = {post: each for post, each in failed.items() if post not in posts}
    if failed and not refers_missing:
        places, errors = zip(*failed.values(), strict=True)
        raise InputError(
            f"{path.name} has errors of the server in place of an answer to {len(failed):,} of "
            f"{len({*posts, *failed}):,} posts ({first_of(places)}; the first: {errors[0]}). Ask "
            "about these again and put the answers below, or have them counted as posts that a "
            "person reads, by --refer-missing"
        )
    for post, (reference, _) in failed.items():
        rows.append(reference)
        posts.append(post)
        answers.append(_Answer(SERVER))
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
    notes = [] if question is None else [_shown_with(question)]
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
        answers={kind: counts[kind] for kind in _KINDS if counts[kind]},
        asked=f"{'shots not said' if question is None else question.kind}, answered "
        f"{max(_KINDS[:3], key=lambda kind: counts[kind])}",
    )
    return found, next(iter(models), "")


def _shown_with(asked: _Asked) -> str:
    if not asked.shots:
        return "Zero-shot: the questions showed no labelled post."
    drawn = f", drawn with seed {asked.draw}" if asked.draw else ""
    return (
        f"Few-shot: the questions showed {asked.shots} posts of each class of train with their "
        f"labels{drawn}."
    )


def _lines(path: Path) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The lines of a file by how messages call them."""
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


def _reply(fields: Mapping[str, Any]) -> _Reply:
    """One line in whichever of the formats it is."""
    result, response = _mapping(fields.get("result")), _mapping(fields.get("response"))
    if result:  # Anthropic
        if result.get("type") != "succeeded":
            return _Reply(None, error=_said(result.get("error") or result.get("type")))
        message = _mapping(result.get("message"))
        blocks = message.get("content")
        texts = [_mapping(b).get("text") for b in blocks] if isinstance(blocks, list) else []
        return _Reply(
            "".join(text for text in texts if isinstance(text, str)),
            end=str(message.get("stop_reason") or ""),
            model=_one_line(message.get("model")),
        )
    if fields.get("error") or response.get("status_code") not in (None, 200):
        body = _mapping(response.get("body"))
        return _Reply(
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
        return _Reply(
            message.get("content") if isinstance(message.get("content"), str) else None,
            end="refusal" if is_refused else str(choice.get("finish_reason") or ""),
            tokens=[_mapping(each) for each in tokens] if isinstance(tokens, list) else (),
            model=_one_line(body.get("model")),
        )
    answer = fields.get("answer", fields)
    model = _one_line(fields.get("model"))
    return _Reply(answer if isinstance(answer, str | dict) else None, model=model)


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


def _read(reply: _Reply, classes: Mapping[str, int], task: Task) -> _Answer:
    if reply.error or any(word in reply.end for word in _FILTERS):
        return _Answer(REFUSED)
    is_token = reply.tokens and _class_named(reply.said, classes, task) is not None
    if is_token and (by_tokens := _of_tokens(reply.tokens, classes, task)):
        return _Answer(TOKENS, by_tokens)
    fields = reply.said if isinstance(reply.said, Mapping) else _fields(reply.said or "")
    if fields and (answer := _of_fields(fields, classes, task)):
        return answer
    place = None if fields else _class_named(reply.said, classes, task)
    if place is not None:
        return _Answer(CLASS_ALONE, np.eye(task.num_classes)[place].tolist())
    is_declined = isinstance(reply.said, str) and _DECLINED.search(
        reply.said.replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")
    )
    is_empty = not reply.said and reply.end not in _CUT
    return _Answer(REFUSED if is_declined or is_empty else PROSE)


def _fields(said: str) -> Mapping[str, Any]:
    """The JSON object that an answer is, in a code fence or not. One that is quoted in prose may be
    the post's own, and one that names a field twice says two things: neither is an answer."""
    fenced = _FENCED.fullmatch(said.strip())
    try:
        return _mapping(json.loads(fenced[1] if fenced else said, object_pairs_hook=_each_once))
    except (ValueError, RecursionError):
        return {}


def _each_once(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("A field is there twice.")
    return found


def _of_fields(fields: Mapping[str, Any], classes: Mapping[str, int], task: Task) -> _Answer | None:
    """What an answer in JSON says. None: nothing, or what contradicts itself."""
    place = _class_named(fields.get("label", fields.get("class")), classes, task)
    names = {folded(name) for name in fields}
    are_shares = set(map(folded, task.class_names)) <= names  # without the key that was asked for
    listed = fields if are_shares else fields.get("probabilities")
    stated = fields.get("probability", fields.get("confidence"))
    if listed is not None:
        shares = _shares(listed, classes, task)
    elif place is None:
        return None
    elif not re.search(r"\d", str(stated)):  # nothing, or a word such as high
        return _Answer(CLASS_ALONE, np.eye(task.num_classes)[place].tolist())
    else:
        shares = _around(place, stated, task)
    if shares is None or (place is not None and shares[place] < max(shares)):
        return None
    return _Answer(STATED, shares)


def _shares(listed: Any, classes: Mapping[str, int], task: Task) -> list[float] | None:
    """Probabilities of all classes, which sum to one or to a hundred percent."""
    shares = [math.nan] * task.num_classes
    for name, value in _mapping(listed).items():
        place, number = classes.get(folded(name)), _number(value)
        if place is None or number is None:
            continue
        if not math.isnan(shares[place]):
            return None
        shares[place] = number
    total = sum(shares)  # not a number where a class is missing
    is_whole = any(abs(total / whole - 1) <= _OFF for whole in (1, 100))
    return [share / total for share in shares] if is_whole else None


def _around(place: int, stated: Any, task: Task) -> list[float] | None:
    """The probability of one class, with the rest spread evenly over the others."""
    share = _number(stated)
    if share is not None and share > 1:  # no share, and so percent
        share /= 100
    if share is None or share > 1:
        return None
    rest = (1 - share) / (task.num_classes - 1)
    return [share if each == place else rest for each in range(task.num_classes)]


def _number(value: Any) -> float | None:
    """A number that is not negative, also in quotes, and of percent the share."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    plain = str(value).strip()
    try:
        number = float(with_decimal_point(plain.removesuffix("%").strip()))
    except ValueError:
        return None
    number = number / 100 if plain.endswith("%") else number
    return number if math.isfinite(number) and number >= 0 else None


def _class_named(named: Any, classes: Mapping[str, int], task: Task) -> int | None:
    """The class that a text is the name or the letter of, and nothing else."""
    if not isinstance(named, str | int | float):
        return None
    plain = str(named).strip().strip("\"'`*.()[]: \n")
    name = _BEFORE_LABEL.sub("", folded(plain)).strip("\"'`*.()[]: ")
    if name in classes:
        return classes[name]
    letters = string.ascii_lowercase[: task.num_classes]
    return letters.index(name) if len(name) == 1 and name in letters else None


def _of_tokens(
    tokens: Sequence[Mapping[str, Any]], classes: Mapping[str, int], task: Task
) -> list[float] | None:
    """The share of each class among the likeliest first tokens. None: none of them names one."""
    shares = [0.0] * task.num_classes
    for each in tokens:
        place = _class_named(str(each.get("token", "")), classes, task)
        logarithm = each.get("logprob")
        if place is not None and isinstance(logarithm, int | float) and logarithm <= 0:
            shares[place] += math.exp(logarithm)
    total = sum(shares)
    return [share / total for share in shares] if total > 0 else None
