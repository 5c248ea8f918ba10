"""Account of a reading: where every row went, as numbers and row references."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from mental_health_classifier.console.wording import count

_SHOWN = 10
_SHOWN_IN_LINE = 3


@dataclass(slots=True)
class Dropped:
    rows: int = 0
    first: list[str] = field(default_factory=list)
    """`Source.reference` of the first few."""

    def add(self, rows: int, first: list[str]) -> None:
        self.rows += rows
        self.first += first[: _SHOWN - len(self.first)]


@dataclass(slots=True)
class Account:
    """Where every row that was read went. Rows are named, never quoted."""

    rows_read: int = 0
    rows_kept: int = 0
    dropped: dict[str, Dropped] = field(default_factory=dict)
    scrubbed: Counter[str] = field(default_factory=Counter)
    noted: dict[str, Dropped] = field(default_factory=dict)
    """Rows that were kept although something about them was not taken as it stands, and what else
    there is to say of the files."""

    def note(self, reason: str, *rows: str, num_rows: int = 1) -> None:
        """Counts rows of which something is to be said, and names the first few."""
        self.noted.setdefault(reason, Dropped()).add(num_rows, list(rows))

    def drop(self, reason: str, *rows: str, num_rows: int = 1) -> None:
        """Counts `num_rows` rows, of which the first few are named."""
        self.dropped.setdefault(reason, Dropped()).add(num_rows, list(rows))

    def include(self, part: Mapping[str, Any]) -> None:
        """Adds what another account described, of rows that come after these."""
        self.rows_read += part["rows_read"]
        self.rows_kept += part["rows_kept"]
        self.scrubbed.update(part["scrubbed"])
        for reason, dropped in part["dropped"].items():
            self.dropped.setdefault(reason, Dropped()).add(dropped["rows"], dropped["first"])
        for reason, noted in part["noted"].items():
            self.noted.setdefault(reason, Dropped()).add(noted["rows"], noted["first"])

    def describe(self) -> dict[str, Any]:
        return {
            "rows_read": self.rows_read,
            "rows_kept": self.rows_kept,
            "dropped": _described(self.dropped),
            "noted": _described(self.noted),
            "scrubbed": dict(sorted(self.scrubbed.items())),
        }


def _described(rows: Mapping[str, Dropped]) -> dict[str, Any]:
    return {
        reason: {"rows": dropped.rows, "first": dropped.first}
        for reason, dropped in sorted(rows.items())
    }


def account_lines(data: Mapping[str, Any]) -> Iterator[str]:
    """A few lines that say what became of the posts.

    Args:
        data: what `Corpus.describe` returns.
    """
    account = data["account"]
    rows = count(account["rows_read"], "row")
    yield f"{data['name']}: {rows} read, {account['rows_kept']:,} kept"
    # Records of before have noted nothing.
    yield from reason_lines({"dropped": account["dropped"], "noted": account.get("noted", {})})
    if scrubbed := account["scrubbed"]:
        yield "  scrubbed: " + ", ".join(f"{kind} {count:,}" for kind, count in scrubbed.items())
    if near := account.get("near_duplicates"):
        yield (
            f"  near-duplicates: {near['posts']:,} posts in {count(near['clusters'], 'cluster')}, "
            f"of which {near['clusters_in_several_parts']:,} in more than one part"
        )
    parts = ", ".join(f"{part} {counts['posts']:,}" for part, counts in data["parts"].items())
    yield f"  parts: {parts}"
    for warning in data["warnings"]:
        yield f"  warning: {warning}"


def reason_lines(groups: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """A line for each reason why something became of rows.

    Args:
        groups: reasons as `Account.describe` has them, by what became of the rows.
    """
    for what, reasons in groups.items():
        for reason, rows in reasons.items():
            named = rows["first"][:_SHOWN_IN_LINE]
            more = ["..."] if rows["rows"] > len(named) else []
            where = f" ({', '.join(named + more)})" if named else ""
            yield f"  {what} {rows['rows']:,}: {reason}{where}"
    named = [
        row for reasons in groups.values() for rows in reasons.values() for row in rows["first"]
    ]
    if any(re.match(r"file \d+:", row) for row in named):
        yield "  file N: the Nth of data.path, by name"
