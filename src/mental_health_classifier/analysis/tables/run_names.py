"""Names of runs and configurations wherever several are shown, no two alike."""

from __future__ import annotations

import re
import shlex
from collections import defaultdict
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any

from mental_health_classifier.tracking.provenance.configuration_hash import is_left_out

NAMED_BY = (
    *("experiment_name", "model", "variants", "overrides"),
    *("configuration_hash", "directory"),
)
"""Facts of a run that its configuration is named by."""

ID_LENGTH = 6

_CHOICE = re.compile(r"[a-z][a-z0-9_]*")
"""The name of a file in a group of conf/, or of one of the values of a key."""

Shown = Callable[[object], str]
"""How a name is written where it is shown: cut, escaped."""


def configuration_names(rows: Sequence[Mapping[str, Any]], *, shown: Shown) -> list[str]:
    """A name for the configuration of each run: with its variants, and where different
    configurations would be called alike, with the choices that they do not share, or else the model
    or the beginning of the hash.

    Args:
        rows: NAMED_BY of each, as `facts_of` and `run_table` have them.
    """
    names = [_name_of(row, shown) for row in rows]
    with_choices = [
        _with(name, shown(choices))
        for name, choices in zip(names, _choices_not_shared(rows, names), strict=True)
    ]
    models = [
        _with(name, shown(row["model"]) if _is_known(row["model"]) else "")
        for name, row in zip(names, rows, strict=True)
    ]
    hashes = [row["configuration_hash"] for row in rows]
    with_hashes = [
        _with(name, _beginning(each, shown)) for name, each in zip(names, hashes, strict=True)
    ]
    configurations = [
        each if _is_known(each) else place for place, each in enumerate(hashes, start=1)
    ]
    return _told_apart(configurations, names, with_choices, models, with_hashes)


def names_by_hash(rows: Sequence[Mapping[str, Any]], *, shown: Shown) -> dict[str, str]:
    """`configuration_names` by the hash of each configuration that has one."""
    names = configuration_names(rows, shown=shown)
    hashes = (row["configuration_hash"] for row in rows)
    return {each: name for each, name in zip(hashes, names, strict=True) if _is_known(each)}


def run_names(rows: Sequence[Mapping[str, Any]], *, shown: Shown) -> list[str]:
    """A name for each run: that of its configuration, with its seed, and with the beginning of its
    id, only where it has to.

    Args:
        rows: as for `configuration_names`, with `seed` and `run_id`.
    """
    names = configuration_names(rows, shown=shown)
    seeds = [_with(name, f"seed {row['seed']}") for name, row in zip(names, rows, strict=True)]
    ids = [
        _with(name, _beginning(row["run_id"], shown)) for name, row in zip(seeds, rows, strict=True)
    ]
    return _told_apart(range(len(rows)), names, seeds, ids)


def group_names(rows: Sequence[Mapping[str, Any]], *, shown: Shown) -> list[str]:
    """A name for each row of a `group_table`: that of its configuration, with its place where the
    same configuration has several rows because it was tested on different posts, or where two are
    written alike."""
    names = [shown(row["configuration"]) for row in rows]
    places = [_with(name, str(place)) for place, name in enumerate(names, start=1)]
    return _told_apart(range(len(rows)), names, places)


def choices_of(overrides: object) -> dict[str, str]:
    """What a command line chose that makes it another configuration, by key; of a run what a sweep
    varied is among it, and nothing that follows from it.

    Args:
        overrides: as `facts_of` has them.
    """
    if not isinstance(overrides, str):
        return {}
    # Quotes are rare, and a shell's rules are slow for tables of many thousand runs.
    parts = shlex.split(overrides) if "'" in overrides else overrides.split()
    keys_and_values = (part.lstrip("+~").partition("=") for part in parts)
    return {
        key: value
        for key, _, value in keys_and_values
        if not key.startswith("hydra") and not is_left_out(key)
    }


def value_words(value: str) -> str:
    """`attention readout` for `attention_readout`; numbers and paths stay as they are."""
    return value.replace("_", " ") if _CHOICE.fullmatch(value) else value


def _told_apart(things: Sequence[Hashable], *choices: Sequence[str]) -> list[str]:
    """Of each thing the first of its names that no other thing has."""
    chosen = list(choices[-1])
    for names in reversed(choices):
        owners: dict[str, Hashable] = {}
        shared = set()
        for thing, name in zip(things, names, strict=True):
            if owners.setdefault(name, thing) != thing:
                shared.add(name)
        for place, name in enumerate(names):
            if name not in shared:
                chosen[place] = name
    return chosen


def _choices_not_shared(rows: Sequence[Mapping[str, Any]], names: Sequence[str]) -> list[str]:
    """Of each run what was chosen for it and not for all runs of its name, such as
    `attention entmax, learning rate 0.002`; one text a configuration."""
    chosen: dict[Hashable, dict[str, str]] = {}
    members: defaultdict[str, list[Hashable]] = defaultdict(list)
    owners = []
    for place, (row, name) in enumerate(zip(rows, names, strict=True)):
        known = row["configuration_hash"]
        owner = (name, known) if _is_known(known) else place
        owners.append(owner)
        if owner not in chosen:
            chosen[owner] = choices_of(row.get("overrides"))
            members[name].append(owner)
    told = {}
    for same_name in members.values():
        shared = set.intersection(*(set(chosen[owner].items()) for owner in same_name))
        for owner in same_name:
            own = [each for each in chosen[owner].items() if each not in shared]
            told[owner] = ", ".join(f"{_words(key)} {value_words(value)}" for key, value in own)
    return [told[owner] for owner in owners]


def _words(key: str) -> str:
    """`learning rate` for `optimizer.learning_rate`, `attention` for `network/attention`."""
    return key.replace("/", ".").rpartition(".")[2].replace("_", " ")


def _name_of(row: Mapping[str, Any], shown: Shown) -> str:
    name, variants = row["experiment_name"], row["variants"]
    called = shown(name if _is_known(name) else row.get("directory", "?"))
    return f"{called} + {shown(variants)}" if _is_known(variants) else called


def _with(name: str, more: str) -> str:
    return f"{name} ({more})" if more else name


def _beginning(value: object, shown: Shown) -> str:
    return shown(str(value)[:ID_LENGTH]) if _is_known(value) else ""


def _is_known(value: object) -> bool:
    return value == value and value not in (None, "")
