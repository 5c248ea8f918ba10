"""Recall and false alarms by group, as rows that a terminal and a model card show alike."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mental_health_classifier.console.tables import Column, TextTable
from mental_health_classifier.console.wording import amount, number

TOO_FEW = "too few"
NAMES = {"recall": "recall", "false_alarm_rate": "false alarms", "accuracy": "accuracy"}


def group_rows(assessed: Mapping[str, Any]) -> tuple[list[str], list[list[str]]]:
    """Header and rows of what `assess_groups` returned: group, value, posts, and each rate with its
    interval and how many posts it is a share of."""
    named = {
        key: None
        for values in assessed["groups"].values()
        for rates in values.values()
        for key in rates
        if key != "n"
    }
    rows = [
        [group, value, amount(rates["n"]), *(_rate(rates[key]) for key in named)]
        for group, values in assessed["groups"].items()
        for value, rates in values.items()
    ]
    return ["group", "value", "posts", *(NAMES[key] for key in named)], rows


def _rate(rate: Mapping[str, Any]) -> str:
    shown = TOO_FEW if rate["value"] is None else number(rate["value"], rate["interval"])
    return f"{shown} of {amount(rate['n'])}"


def groups_table(assessed: Mapping[str, Any]) -> TextTable:
    """The rows as a table for a terminal."""
    header, rows = group_rows(assessed)
    named = zip(header, map(list, zip(*rows, strict=True)), strict=True)
    return TextTable(
        [Column(name, values, place > 1) for place, (name, values) in enumerate(named)]
    )


def group_notes(assessed: Mapping[str, Any]) -> Iterator[str]:
    """What a reader of the table has to know."""
    yield (
        f"95 % intervals; a rate of fewer than {assessed['min_posts']} posts is not shown. Alerts "
        "begin at the threshold frozen on val."
    )
    for group, gaps in assessed["gaps"].items():
        if gaps:
            listed = ", ".join(f"{NAMES[key]} {number(gap)}" for key, gap in gaps.items())
            yield f"Largest difference by {group}: {listed}."
