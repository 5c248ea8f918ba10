"""Names of runs and configurations wherever several are shown, no two alike."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any

ID_LENGTH = 6

Shown = Callable[[object], str]
"""How a name is written where it is shown: cut, escaped."""


def configuration_names(rows: Sequence[Mapping[str, Any]], *, shown: Shown) -> list[str]:
    """A name for the configuration of each run: with its variants, and with the model or else the
    beginning of its hash only where different configurations would be called alike.

    Args:
        rows: `experiment_name`, `model`, `variants`, `configuration_hash` and `directory` of each,
            as `facts_of` and `run_table` have them.
    """
    names = [_name_of(row, shown) for row in rows]
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
    return _told_apart(configurations, names, models, with_hashes)


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
    same configuration has several rows because it was tested on different posts."""
    names = configuration_names(rows, shown=shown)
    places = [_with(name, str(place)) for place, name in enumerate(names, start=1)]
    return _told_apart(range(len(rows)), names, places)


def _told_apart(things: Sequence[Hashable], *choices: Sequence[str]) -> list[str]:
    """Of each thing the first of its names that no other thing has."""
    owners: list[dict[str, set[Hashable]]] = [{} for _ in choices]
    for found, names in zip(owners, choices, strict=True):
        for thing, name in zip(things, names, strict=True):
            found.setdefault(name, set()).add(thing)
    chosen = []
    for names in zip(*choices, strict=True):
        free = (name for name, found in zip(names, owners, strict=True) if len(found[name]) == 1)
        chosen.append(next(free, names[-1]))
    return chosen


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
