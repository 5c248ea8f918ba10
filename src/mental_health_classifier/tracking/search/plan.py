"""What a search is to do, as a file in conf/search/ or the search.json of its folder says it."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from mental_health_classifier.contracts import InputError
from mental_health_classifier.storage.files import SCHEMA_VERSION, read_json, write_json_once

FILE_NAME = "search.json"

Choice: TypeAlias = str | int | float | bool | None

_KEY = re.compile(r"[\w./-]+(@[\w.]+)?")
_KEYS = (
    *("name", "overrides", "space", "trials", "minutes", "sampler", "seed", "startup_trials"),
    *("pruner", "warmup_epochs", "maximise", "fresh_seeds"),
)
_SAMPLERS = ("tpe", "random")
_PRUNERS = ("median", "hyperband", "none")
_MOST = 10_000
"""Trials of one search, whose journal is read as a whole."""


@dataclass(frozen=True, slots=True)
class Numbers:
    """Numbers from `low` to `high`, both included."""

    is_whole: bool
    low: float
    high: float
    is_log: bool = False
    step: float | None = None
    """None: any number, or each whole one."""

    @property
    def ends(self) -> tuple[Choice, ...]:
        return (self.low, self.high)


@dataclass(frozen=True, slots=True)
class Choices:
    """One of a few values."""

    values: tuple[Choice, ...]

    @property
    def ends(self) -> tuple[Choice, ...]:
        return self.values


@dataclass(frozen=True, slots=True)
class SearchPlan:
    """What a search is to do."""

    name: str
    overrides: tuple[str, ...]
    """What all trials have in common."""
    space: Mapping[str, Numbers | Choices]
    """By the key that an override sets, or the group that it chooses a file of."""
    trials: int
    minutes: float | None
    """Of training, added up over all trials, after which none begins. None: no limit."""
    sampler: str
    seed: int
    startup_trials: int
    """Drawn at random before the sampler learns from them, and pruned against none."""
    pruner: str
    warmup_epochs: int
    """That every trial is given before it can be pruned."""
    maximise: str | None
    """A number of val. None: the headline."""
    fresh_seeds: int
    """That the best configuration is run again with."""
    max_epochs: int | None = None
    """Of the configuration; filled in as the search begins."""


def plan_from(content: Any, *, of: str) -> SearchPlan:
    """The plan that a file holds.

    Args:
        of: how messages call the file.

    Raises:
        InputError: something in it cannot be used; says what, and what was expected.
    """

    def refuse(what: str) -> InputError:
        return InputError(f"{of}: {what}")

    if not isinstance(content, Mapping):
        raise refuse("keys and values were expected, as in conf/search/small.yaml.")
    known = {key: content[key] for key in content if key in _KEYS}
    if unknown := [str(key) for key in content if key not in (*_KEYS, *_FILLED_IN)]:
        raise refuse(f"{unknown[0]} is no key of a search: expected {', '.join(_KEYS)}.")

    def whole(key: str, default: int, *, least: int, most: int = _MOST) -> int:
        value = known.get(key, default)
        if type(value) is not int or not least <= value <= most:
            raise refuse(f"{key}={value}: a whole number from {least} to {most:,} was expected.")
        return value

    def one_of(key: str, names: tuple[str, ...]) -> str:
        value = known.get(key, names[0])
        value = "none" if value is None else value
        if value not in names:
            raise refuse(f"{key}={value}: expected one of {', '.join(names)}.")
        return value

    name, minutes, maximise = (known.get(key) for key in ("name", "minutes", "maximise"))
    if name is not None and not isinstance(name, str):
        raise refuse(f"name={name}: text was expected.")
    if minutes is not None and not (_is_number(minutes) and minutes > 0):
        raise refuse(f"minutes={minutes}: more than 0 was expected, or null for no limit.")
    if maximise is not None and not (isinstance(maximise, str) and maximise.startswith("val/")):
        raise refuse(
            f"maximise={maximise}: a number of val was expected, such as val/partial_auc. What "
            "test says is kept for the end."
        )
    overrides = known.get("overrides") or []
    if not isinstance(overrides, list) or not all(isinstance(each, str) for each in overrides):
        raise refuse("overrides: a list of texts KEY=VALUE was expected.")
    space = known.get("space")
    if not isinstance(space, Mapping) or not space:
        raise refuse("space: at least one key with what to try was expected.")
    max_epochs = content.get("max_epochs")
    return SearchPlan(
        name=name or Path(of).stem,
        overrides=tuple(overrides),
        space={str(key): _distribution(str(key), node, refuse) for key, node in space.items()},
        trials=whole("trials", 30, least=1),
        minutes=minutes,
        sampler=one_of("sampler", _SAMPLERS),
        seed=whole("seed", 1, least=0, most=2**31 - 1),
        startup_trials=whole("startup_trials", 10, least=1),
        pruner=one_of("pruner", _PRUNERS),
        warmup_epochs=whole("warmup_epochs", 1, least=0),
        maximise=maximise,
        fresh_seeds=whole("fresh_seeds", 5, least=1, most=100),
        max_epochs=max_epochs if type(max_epochs) is int and max_epochs > 0 else None,
    )


_FILLED_IN = ("schema_version", "max_epochs")


def read_plan(directory: Path) -> SearchPlan:
    """The plan of the search in a folder.

    Raises:
        InputError: it is missing or damaged.
    """
    path = directory / FILE_NAME
    try:
        return plan_from(read_json(path), of=str(path))
    except FileNotFoundError:
        raise InputError(f"{path} is missing: what was to be searched is not known.") from None


def is_search(directory: Path) -> bool:
    """Whether a folder is that of a search."""
    return (directory / FILE_NAME).is_file()


def write_plan(plan: SearchPlan, directory: Path) -> None:
    """Writes search.json, once."""
    facts = {key: getattr(plan, key) for key in _KEYS if key not in ("space", "overrides")}
    space = {key: _written(each) for key, each in plan.space.items()}
    content = {**facts, "overrides": list(plan.overrides), "space": space}
    filled_in = {"schema_version": SCHEMA_VERSION, "max_epochs": plan.max_epochs}
    write_json_once(directory / FILE_NAME, {**filled_in, **content})


def _written(distribution: Numbers | Choices) -> dict[str, Any]:
    if isinstance(distribution, Choices):
        return {"categorical": list(distribution.values)}
    kind = "int" if distribution.is_whole else "float"
    facts: dict[str, Any] = {kind: [distribution.low, distribution.high]}
    facts |= {"log": True} if distribution.is_log else {}
    return facts if distribution.step is None else {**facts, "step": distribution.step}


def _distribution(key: str, node: Any, refuse: Any) -> Numbers | Choices:
    if not _KEY.fullmatch(key):
        raise refuse(f"space.{key}: a key or a group of the configuration was expected.")
    if key == "seed":
        raise refuse(
            "space.seed: a seed is nothing to search for, since the luckiest would win. The best "
            "configuration is run again with fresh_seeds."
        )
    node = {"categorical": node} if isinstance(node, list) else node
    kinds = [
        kind
        for kind in ("float", "int", "categorical")
        if isinstance(node, Mapping) and kind in node
    ]
    if len(kinds) != 1:
        shown = ", ".join(map(str, node)) if isinstance(node, Mapping) else node
        raise refuse(
            f"space.{key}: {shown} is no distribution. Write {{float: [LOW, HIGH]}}, "
            "{int: [LOW, HIGH]} or {categorical: [A, B]}; of numbers log: true or step: STEP "
            "besides."
        )
    (kind,) = kinds
    allowed = (kind,) if kind == "categorical" else (kind, "log", "step")
    if unknown := [each for each in node if each not in allowed]:
        raise refuse(f"space.{key}.{unknown[0]}: {kind} takes {', '.join(allowed)}.")
    if kind == "categorical":
        return _choices(key, node[kind], refuse)
    return _numbers(key, node, kind, refuse)


def _choices(key: str, values: Any, refuse: Any) -> Choices:
    is_plain = isinstance(values, list) and all(
        each is None or isinstance(each, str | bool) or _is_number(each) for each in values
    )
    if not is_plain or len(values) < 2:
        raise refuse(f"space.{key}: a list of at least two texts, numbers or nulls was expected.")
    if len({(type(each), each) for each in values}) < len(values):
        raise refuse(f"space.{key}: a value stands there twice. Leave one out.")
    return Choices(tuple(values))


def _numbers(key: str, node: Mapping[str, Any], kind: str, refuse: Any) -> Numbers:
    ends, is_log, step = node[kind], node.get("log", False), node.get("step")
    is_whole = kind == "int"
    if not isinstance(ends, list) or len(ends) != 2:
        raise refuse(f"space.{key}: [LOW, HIGH] was expected after {kind}.")
    numbers = [_number(each) for each in (*ends, *([] if step is None else [step]))]
    if None in numbers or (is_whole and any(each != int(each) for each in numbers if each)):
        raise refuse(f"space.{key}: {'whole numbers' if is_whole else 'numbers'} were expected.")
    low, high, *steps = (
        int(each) if is_whole else float(each) for each in numbers if each is not None
    )
    if low >= high:
        raise refuse(f"space.{key}: {low:g} is not below {high:g}. Give the lower end first.")
    if type(is_log) is not bool:
        raise refuse(f"space.{key}.log={is_log}: true or false was expected.")
    if is_log and low <= 0:
        raise refuse(f"space.{key}: with log: true the lower end has to be above 0, not {low:g}.")
    if steps and is_log:
        raise refuse(f"space.{key}: log and step exclude each other. Leave one out.")
    if steps and not 0 < steps[0] <= high - low:
        raise refuse(f"space.{key}.step={steps[0]:g}: above 0 and at most {high - low:g} expected.")
    return Numbers(is_whole, low, high, is_log=is_log, step=steps[0] if steps else None)


def _number(value: Any) -> float | None:
    """YAML takes 1e-3 for text, since it has no point."""
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            return None
    return value if _is_number(value) else None


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
