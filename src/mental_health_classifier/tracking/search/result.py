"""What a search came to, in the result.json of its folder: enough to draw it without Optuna."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from mental_health_classifier.contracts import InputError
from mental_health_classifier.storage.files import SCHEMA_VERSION, read_json, write_json
from mental_health_classifier.tracking.record.shapes import (
    Shape,
    count,
    list_of,
    number,
    numbers,
    optional,
    record,
    text,
    whole_number,
)

FILE_NAME = "result.json"

STATES = ("completed", "pruned", "failed", "running")


@dataclass(frozen=True, slots=True)
class TrialResult:
    """What became of a trial."""

    number: int
    state: str
    """One of STATES."""
    value: float | None
    """What is maximised; of a pruned trial the last that was measured."""
    overrides: tuple[str, ...]
    """What it tries, without what all trials have in common."""
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class FreshSeeds:
    """A number of the best configuration, trained again with seeds that no trial had."""

    mean: float
    low: float | None
    high: float | None
    """Ends of the 95 % interval of the mean over other authors and seeds."""
    worst: float
    worst_seed: int


@dataclass(frozen=True, slots=True)
class SearchResult:
    """What a search came to."""

    name: str
    metric: str
    """What is maximised, a number of val."""
    wanted: int
    """Trials."""
    trials: tuple[TrialResult, ...]
    best: int | None
    """The trial with the greatest value, which is optimistic: it is the highest of many."""
    seeds: tuple[int, ...]
    """Fresh ones that are completed."""
    fresh: Mapping[str, FreshSeeds]
    """By the name of the number: what is maximised, and the same of test."""
    importances: Mapping[str, float]
    """By the key of the space; empty where there are too few trials."""

    def counts(self) -> dict[str, int]:
        """How many trials ended how, in the order of STATES."""
        found = Counter(trial.state for trial in self.trials)
        return {state: found[state] for state in STATES if found[state]}

    @property
    def best_trial(self) -> TrialResult | None:
        return next((each for each in self.trials if each.number == self.best), None)


_FRESH = record(
    needed={"mean": number, "worst": number, "worst_seed": whole_number},
    known={"low": optional(number), "high": optional(number)},
)
_SHAPE = Shape(
    record(
        needed={
            **{"name": text, "metric": text, "wanted": count, "best": optional(count)},
            "trials": list_of(
                record(
                    needed={
                        **{"number": count, "state": text, "value": optional(number)},
                        "overrides": list_of(text),
                    },
                    known={"problem": optional(text)},
                )
            ),
            **{"seeds": list_of(whole_number), "importances": numbers},
            "fresh": record(known={}),
        }
    )
)
_FRESH_SHAPE = Shape(_FRESH)


def write_result(result: SearchResult, directory: Path) -> None:
    """Writes result.json, in place of what it was."""
    write_json(directory / FILE_NAME, {"schema_version": SCHEMA_VERSION, **asdict(result)})


def read_result(directory: Path) -> SearchResult | None:
    """What the search in a folder came to so far. None: the folder is of no search.

    Raises:
        InputError: result.json is damaged.
    """
    path = directory / FILE_NAME
    try:
        content = read_json(path)
    except FileNotFoundError:
        return None
    wrong = _SHAPE.wrong_in(content)
    for name, each in content["fresh"].items() if wrong is None else ():
        wrong = wrong or (f"fresh.{name}" if _FRESH_SHAPE.wrong_in(each) else None)
    if wrong is not None:
        raise InputError(f"{path} is damaged: {wrong} is missing or of the wrong kind.")
    return SearchResult(
        **{key: content[key] for key in ("name", "metric", "wanted", "best", "importances")},
        trials=tuple(_trial(each) for each in content["trials"]),
        seeds=tuple(content["seeds"]),
        fresh={name: FreshSeeds(**each) for name, each in content["fresh"].items()},
    )


def _trial(content: Mapping[str, Any]) -> TrialResult:
    number, state, value = (content[key] for key in ("number", "state", "value"))
    return TrialResult(number, state, value, tuple(content["overrides"]), content.get("problem"))
