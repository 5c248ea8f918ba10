"""What a language model's answer says of the classes: in JSON, as a name or a letter, by tokens.

A refusal and an answer that cannot be read are answers too.
"""

from __future__ import annotations

import json
import math
import re
import string
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from mental_health_classifier.contracts import Task
from mental_health_classifier.data.foreign.server_replies import Reply
from mental_health_classifier.data.reading.spellings import folded, with_decimal_point

STATED, TOKENS, CLASS_ALONE = "with probabilities", "with log-probabilities", "with a class alone"
REFUSED, PROSE, SERVER = "refused", "that cannot be read", "errors of the server"
KINDS = (STATED, TOKENS, CLASS_ALONE, REFUSED, PROSE, SERVER)
"""What became of an answer."""
_CUT = ("length", "max_tokens")
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


class Answer(NamedTuple):
    """What became of a reply."""

    kind: str
    """One of KINDS."""
    probabilities: Sequence[float] | None = None
    """Of each class, summing to one. None: it names no class."""


def read_answer(reply: Reply, classes: Mapping[str, int], task: Task) -> Answer:
    """What a reply says of the classes.

    Args:
        classes: place of each class by the spellings that stand for it, folded.
    """
    if reply.is_declined:
        return Answer(REFUSED)
    is_token = reply.tokens and _class_named(reply.said, classes, task) is not None
    if is_token and (by_tokens := _of_tokens(reply.tokens, classes, task)):
        return Answer(TOKENS, by_tokens)
    fields = reply.said if isinstance(reply.said, Mapping) else _fields(reply.said or "")
    if fields and (answer := _of_fields(fields, classes, task)):
        return answer
    place = None if fields else _class_named(reply.said, classes, task)
    if place is not None:
        return Answer(CLASS_ALONE, np.eye(task.num_classes)[place].tolist())
    is_declined = isinstance(reply.said, str) and _DECLINED.search(
        reply.said.replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")
    )
    is_empty = not reply.said and reply.end not in _CUT
    return Answer(REFUSED if is_declined or is_empty else PROSE)


def _fields(said: str) -> Mapping[str, Any]:
    """The JSON object that an answer is, in a code fence or not. One that is quoted in prose may be
    the post's own, and one that names a field twice says two things: neither is an answer."""
    fenced = _FENCED.fullmatch(said.strip())
    try:
        found = json.loads(fenced[1] if fenced else said, object_pairs_hook=_each_once)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, Mapping) else {}


def _each_once(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("A field is there twice.")
    return found


def _of_fields(fields: Mapping[str, Any], classes: Mapping[str, int], task: Task) -> Answer | None:
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
        return Answer(CLASS_ALONE, np.eye(task.num_classes)[place].tolist())
    else:
        shares = _around(place, stated, task)
    if shares is None or (place is not None and shares[place] < max(shares)):
        return None
    return Answer(STATED, shares)


def _shares(listed: Any, classes: Mapping[str, int], task: Task) -> list[float] | None:
    """Probabilities of all classes, which sum to one or to a hundred percent."""
    if not isinstance(listed, Mapping):
        return None
    shares = [math.nan] * task.num_classes
    for name, value in listed.items():
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
