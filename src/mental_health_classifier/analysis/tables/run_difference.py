"""Differences between two runs, in settings and in numbers."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from rich.console import Group, RenderableType

from mental_health_classifier.console.tables import Column, TextTable, text
from mental_health_classifier.console.wording import amount, number
from mental_health_classifier.tracking.provenance.configuration_hash import flattened
from mental_health_classifier.tracking.provenance.former_names import SHORT_NAMES, renamed
from mental_health_classifier.tracking.run_index import RunSummary

ABSENT = "(not there)"
KEY_WIDTH = 34


def run_difference(a: RunSummary, b: RunSummary) -> list[dict[str, Any]]:
    """Only what differs, one mapping each: choices first, numbers of the test part before others.

    Each has `kind` (record, environment, configuration, metric), `key`, and `a` and `b` unless the
    run lacks it. A metric has `a_interval`, `b_interval` and `difference` (b minus a) too, which is
    the difference of two numbers: it does not say whether chance could have made it.
    """
    differences = []
    for kind, of_a, of_b in (
        ("record", _facts(a), _facts(b)),
        (
            "environment",
            flattened(a.run.get("environment", {})),
            flattened(b.run.get("environment", {})),
        ),
        ("configuration", *(flattened(renamed(x.configuration, SHORT_NAMES)) for x in (a, b))),
    ):
        differences += [{"kind": kind, **each} for each in _differing(of_a, of_b)]
    for each in sorted(
        _differing(a.metrics, b.metrics), key=lambda each: not each["key"].startswith("test/")
    ):
        key, of_a, of_b = each["key"], each.get("a"), each.get("b")
        differences.append(
            {
                "kind": "metric",
                **each,
                "a_interval": a.intervals.get(key),
                "b_interval": b.intervals.get(key),
                "difference": None if of_a is None or of_b is None else of_b - of_a,
            }
        )
    return differences


def difference_page(a: RunSummary, b: RunSummary) -> RenderableType:
    """The same for a terminal."""
    differences = run_difference(a, b)
    choices = [each for each in differences if each["kind"] != "metric"]
    metrics = [each for each in differences if each["kind"] == "metric"]
    lines: list[RenderableType] = [
        text(f"{side}: {run.name or '-'}  {run.id or '-'}  {run.status}  {run.directory}")
        for side, run in (("a", a), ("b", b))
    ]
    if not differences:
        lines += ["", text("Nothing differs, neither choices nor numbers.")]
    if choices:
        lines += ["", _table_of_choices(choices)]
    if metrics:
        lines += ["", _table_of_metrics(metrics), ""]
        lines.append(text("b minus a. Whether chance could have made a difference is not tested."))
    if a.data and b.data and a.data.get("fingerprint") != b.data.get("fingerprint"):
        lines.append(text("They were tested on different posts: the numbers cannot be compared."))
    return Group(*lines)


def _table_of_choices(choices: list[dict[str, Any]]) -> RenderableType:
    columns = [Column("", [each["key"] for each in choices])]
    for side in ("a", "b"):
        columns.append(Column(side, [_choice(each, side) for each in choices]))
    return TextTable(columns)


def _table_of_metrics(metrics: list[dict[str, Any]]) -> RenderableType:
    columns = [Column("", [each["key"] for each in metrics], max_width=KEY_WIDTH)]
    for side in ("a", "b"):
        cells = [_metric(each.get(side), each[f"{side}_interval"]) for each in metrics]
        columns.append(Column(side, cells, is_number=True))
    cells = [_metric(each["difference"], None, signed=True) for each in metrics]
    return TextTable([*columns, Column("difference", cells, is_number=True)])


def _choice(difference: Mapping[str, Any], side: str) -> str:
    if side not in difference:
        return ABSENT
    value = difference[side]
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _metric(value: Any, interval: Any, *, signed: bool = False) -> str:
    return amount(value) if isinstance(value, int) else number(value, interval, signed=signed)


def _facts(run: RunSummary) -> dict[str, Any]:
    return {
        "status": run.status,
        "commit": run.commit,
        "is_dirty": run.is_dirty,
        "data_fingerprint": run.data.get("fingerprint"),
        "parameters": run.model_facts.get("parameters"),
    }


def _differing(a: Mapping[str, Any], b: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for key in {**a, **b}:
        sides = {side: of[key] for side, of in (("a", a), ("b", b)) if key in of}
        if len(sides) < 2 or sides["a"] != sides["b"]:
            yield {"key": key, **sides}
