"""What the behaviour suite found, a row a capability."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mental_health_classifier.console.tables import Column, TextTable
from mental_health_classifier.console.wording import amount, number


def behaviour_table(behaviour: Mapping[str, Any]) -> TextTable:
    """Most misses first, since a miss is worse than a false alarm; the total comes last."""
    rows = sorted(behaviour["capabilities"].items(), key=lambda row: -row[1]["misses"])
    rows.append(("all", behaviour["total"]))
    counts = [
        Column(header, [amount(row[key]) for _, row in rows], is_number=True)
        for header, key in (("cases", "n"), ("misses", "misses"), ("false alarms", "false_alarms"))
    ]
    rates = [number(row["failure_rate"], row["interval"]) for _, row in rows]
    names = Column("capability", [name for name, _ in rows])
    return TextTable([names, *counts, Column("failure rate", rates, is_number=True)])


def seen_texts(behaviour: Mapping[str, Any]) -> str:
    """How many texts of the suite the model learned from."""
    seen = behaviour.get("texts_seen")
    if seen is None:
        return "Whether the model learned from texts of the suite is not known."
    return (
        f"The model learned from {amount(seen)} of the suite's {amount(behaviour['texts'])} texts."
    )
