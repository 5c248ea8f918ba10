"""All numbers of an evaluation beside each other, a column a part."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mental_health_classifier.console.tables import Column, TextTable
from mental_health_classifier.console.wording import amount, number

COUNTS = ("n", "support/", "predicted/")
TINY = ("operating_point/precision_at_prevalence/", "operating_point/threshold")
"""Numbers that three decimals would hide."""


def evaluation_table(
    metrics: Mapping[str, float | None], intervals: Mapping[str, Any]
) -> TextTable:
    """A row for each number, in the order of the record; a hyphen where it is not defined."""
    parts = list(dict.fromkeys(key.partition("/")[0] for key in metrics))
    names = list(dict.fromkeys(key.partition("/")[2] for key in metrics))
    columns = [Column("", names)]
    for part in parts:
        cells = [
            _cell(name, metrics.get(f"{part}/{name}"), intervals.get(f"{part}/{name}"))
            for name in names
        ]
        columns.append(Column(part, cells, is_number=True))
    return TextTable(columns)


def _cell(name: str, value: float | None, interval: Any) -> str:
    if value is None:
        return "-"
    if name.startswith(COUNTS):
        return amount(value)
    if name.startswith(TINY):
        ends = "" if interval is None else f" [{interval[0]:.2g}, {interval[1]:.2g}]"
        return f"{value:.3g}{ends}"
    return number(value, interval)
