"""Beginning of a search: its plan is tried against the configuration before anything is trained."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from mental_health_classifier.contracts import InputError
from mental_health_classifier.contracts.headline import headline_of
from mental_health_classifier.sweeps.jobs import composed, quoted
from mental_health_classifier.tracking.provenance.overrides import is_of_a_run
from mental_health_classifier.tracking.provenance.source_files import PROJECT
from mental_health_classifier.tracking.search.plan import (
    Choice,
    Choices,
    Numbers,
    SearchPlan,
    write_plan,
)
from mental_health_classifier.tracking.search.study import open_study, optuna
from mental_health_classifier.tracking.sweep.ledger import begin_sweep

_PLAIN = re.compile(r"[A-Za-z_][\w.-]*(/[\w.-]+)*")
_NOT_TEXT = {"true", "false", "null", "yes", "no", "on", "off", "nan", "inf"}


def begin_search(plan: SearchPlan, directory: Path) -> None:
    """Makes the folder of a search, in which it has nothing tried yet.

    Raises:
        InputError: the plan does not fit the configuration, Optuna is not installed, or the folder
            exists.
    """
    optuna()
    plan = with_configuration(plan)
    try:
        directory.mkdir(parents=True)
    except FileExistsError:
        raise InputError(
            f"{directory} exists already. `mhc search {directory}` goes on with a search; choose "
            "another folder for a new one."
        ) from None
    begin_sweep(directory, []).end({"begun": True})
    write_plan(plan, directory)
    open_study(directory, plan)


def with_configuration(plan: SearchPlan) -> SearchPlan:
    """The plan with what the configuration says: the headline to maximise, and how many epochs
    there are.

    Raises:
        InputError: an override or an end of the space makes no configuration that can be run, or
            training does not measure what is maximised.
    """
    for override in plan.overrides:
        if not is_of_a_run(override):
            raise InputError(f"overrides: {override} is no KEY=VALUE of a run.")
    values = _tried(plan.overrides, "overrides")
    maximise = plan.maximise or f"val/{headline_of(values['data'].get('priority_class'))}"
    _tried([*plan.overrides, f"optimized_metric={maximise}"], f"maximise={maximise}")
    is_network = "_target_" not in values["model"]
    if plan.pruner != "none" and is_network:
        try:
            composed([*plan.overrides, f"evaluation.selection_metric={maximise}"])
        except InputError as error:
            raise InputError(
                f"maximise={maximise}: a trial is pruned by what training measures on val, and "
                f"this is not measured before its end. Choose pruner: none, or another. ({error})"
            ) from None
    for key, distribution in plan.space.items():
        _require_key(key, values, is_number=not isinstance(distribution, Choices))
        for value in distribution.ends:
            override = override_of(key, value)
            _tried([*plan.overrides, override], f"space.{key}")
    epochs = values.get("trainer", {}).get("max_epochs")
    return replace(plan, maximise=maximise, max_epochs=epochs if type(epochs) is int else None)


def overrides_of(plan: SearchPlan, values: Mapping[str, Any]) -> tuple[str, ...]:
    """What a trial tries. Of numbers from a range four digits, which people can read and which
    train alike."""
    return tuple(
        override_of(key, _readable(plan.space[key], value)) for key, value in values.items()
    )


def _readable(distribution: Numbers | Choices, value: Choice) -> Choice:
    if isinstance(distribution, Choices) or not isinstance(value, float) or distribution.step:
        return value
    return min(max(float(f"{value:.4g}"), distribution.low), distribution.high)


def override_of(key: str, value: Choice) -> str:
    """What sets a key to a value, or chooses a file of a group."""
    if value is None or isinstance(value, bool):
        return f"{key}={str(value).lower() if value is not None else 'null'}"
    if not isinstance(value, str):
        return f"{key}={value!r}"
    is_plain = _PLAIN.fullmatch(value) and value.lower() not in _NOT_TEXT
    return f"{key}={value if is_plain else quoted(value)}"


def _tried(overrides: Sequence[str], what: str) -> dict[str, Any]:
    try:
        return composed(overrides)
    except InputError as error:
        raise InputError(f"{what}: {' '.join(str(error).split())}") from None


def _require_key(key: str, values: Mapping[str, Any], *, is_number: bool) -> None:
    """Refuses what neither is a key of the configuration nor a folder of conf/."""
    group = key.partition("@")[0]
    if (PROJECT / "conf" / group).is_dir():
        if is_number:
            raise InputError(
                f"space.{key}: a file of conf/{group} is chosen there, not a number. Write "
                "{categorical: [FILE, FILE]}."
            )
        return
    found: Any = values
    place = "the configuration"
    for name in key.split("."):
        if not isinstance(found, Mapping) or name not in found:
            known = ", ".join(map(str, found)) if isinstance(found, Mapping) else "none"
            raise InputError(
                f"space.{key}: {place} has no key {name}. Keys there: {known}. Name one of them."
            )
        found, place = found[name], name if place == "the configuration" else f"{place}.{name}"
