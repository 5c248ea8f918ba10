"""Behaviour suite: sentences that any model should get right.

Misses, which leave a person in danger unseen, and false alarms are counted apart.

Source: the design of Ribeiro et al., Beyond Accuracy: Behavioral Testing of NLP Models with
CheckList, ACL 2020.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import product
from typing import Any

import numpy as np
import yaml

from mental_health_classifier.evaluation.decisions import decide
from mental_health_classifier.evaluation.shares import Share

MAX_SCORE_CHANGE = 0.1
"""How far the score may move where nothing that matters was changed."""
MAX_WRONG_WAY = 0.05
"""How far it may move the wrong way where something was."""

Score = Callable[[Sequence[str]], np.ndarray]
"""Texts -> class probabilities, shape `(n, C)`."""


@dataclass(frozen=True, slots=True)
class Case:
    capability: str
    kind: str
    """minimum, invariance or direction."""
    expect: str | None
    """minimum: alert, no_alert or alert_or_refer. direction: up or down."""
    texts: tuple[str, ...]
    """One for minimum; the first is what the others are compared with."""


@cache
def behaviour_cases() -> tuple[Case, ...]:
    """The cases of behaviour_cases.yaml with their slots filled."""
    source = files("mental_health_classifier.evaluation") / "behaviour_cases.yaml"
    written = yaml.safe_load(source.read_text(encoding="utf-8"))
    return tuple(case for entry in written["cases"] for case in _cases_of(entry))


def _cases_of(entry: Mapping[str, Any]) -> Iterator[Case]:
    about = entry["capability"], entry["type"], entry.get("expect")
    filled = [list(_fill(text, entry.get("slots", {}))) for text in entry["texts"]]
    if entry["type"] == "minimum":
        for text in (text for texts in filled for text in texts):
            yield Case(*about, (text,))
    elif entry["type"] == "invariance":
        for texts in filled:
            yield from (Case(*about, (texts[0], other)) for other in texts[1:])
    else:
        for (text,), changed in zip(filled, entry["changed"], strict=True):
            yield Case(*about, (text, changed))


def _fill(text: str, slots: Mapping[str, Sequence[str]]) -> Iterator[str]:
    used = [name for name in slots if f"{{{name}}}" in text]
    for values in product(*(slots[name] for name in used)):
        yield text.format(**dict(zip(used, values, strict=True)))


def texts_of_suite(cases: Sequence[Case] | None = None) -> list[str]:
    """Every text of the cases once. None: the cases of this package."""
    cases = behaviour_cases() if cases is None else cases
    return list(dict.fromkeys(text for case in cases for text in case.texts))


def assess_behaviour(
    score: Score,
    *,
    priority_index: int,
    threshold: float,
    refer_from: float,
    cases: Sequence[Case] | None = None,
) -> dict[str, Any]:
    """Failure rate of each capability with its interval, misses and false alarms apart.

    Args:
        score: the model.
        priority_index: place of the priority class among its probabilities.
        threshold: what is alerted reaches it.
        refer_from: what is not alerted, and reaches it, is referred.
        cases: None: those of this package.

    Returns:
        `capabilities`, by name, and `total`: `n`, `misses`, `false_alarms`, `failure_rate`,
        `interval`. `passes`: there is no miss; false alarms alone do not block a release.
    """
    cases = behaviour_cases() if cases is None else cases
    texts = texts_of_suite(cases)
    probabilities = score(texts)
    decisions = decide(
        probabilities,
        priority_index=priority_index,
        threshold=threshold,
        refer_from=refer_from,
        reasons_to_refer=[None] * len(texts),
    )
    actions = {text: each.action for text, each in zip(texts, decisions, strict=True)}
    scores = dict(zip(texts, probabilities[:, priority_index].tolist(), strict=True))
    counts: dict[str, dict[str, int]] = {}
    for case in cases:
        failure = _failure(case, actions, scores)
        for name in (case.capability, ""):
            count = counts.setdefault(name, {"n": 0, "misses": 0, "false_alarms": 0})
            count["n"] += 1
            if failure is not None:
                count[failure] += 1
    total = _with_rate(counts.pop(""))
    return {
        "threshold": threshold,
        "passes": total["misses"] == 0,
        "total": total,
        "capabilities": {name: _with_rate(count) for name, count in counts.items()},
    }


def _failure(case: Case, actions: Mapping[str, str], scores: Mapping[str, float]) -> str | None:
    """`misses` or `false_alarms`, or None where the model did as it should."""
    text = case.texts[0]
    if case.kind == "minimum":
        action = actions[text]
        if case.expect == "no_alert":
            return "false_alarms" if action == "alert" else None
        is_noticed = action == "alert" or (case.expect == "alert_or_refer" and action == "refer")
        return None if is_noticed else "misses"
    other = case.texts[1]
    change = scores[other] - scores[text]
    if case.kind == "direction":
        if case.expect == "up":
            return "misses" if change < -MAX_WRONG_WAY else None
        return "false_alarms" if change > MAX_WRONG_WAY else None
    is_flipped = (actions[other] == "alert") != (actions[text] == "alert")
    if is_flipped or abs(change) > MAX_SCORE_CHANGE:
        return "misses" if change < 0 else "false_alarms"
    return None


def _with_rate(count: dict[str, int]) -> dict[str, Any]:
    share = Share(count["misses"] + count["false_alarms"], count["n"])
    return {**count, "failure_rate": share.value, "interval": share.interval}
