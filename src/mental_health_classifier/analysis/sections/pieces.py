"""Numbers, links and sentences, before they are written for a terminal, a card or a report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from mental_health_classifier.console.wording import count, is_interval, is_number, printable
from mental_health_classifier.contracts.decimals import decimals
from mental_health_classifier.tracking.record.run_summary import RunSummary

SHARE = 3
"""Decimals of a share, and of whatever else is about as large."""
NAME_LENGTH = 100
"""Characters that are shown of a name; people can put whole books into them."""

MINUS, DASH = "\u2212", "\u2013"

_WHERE_RARER = "operating_point/precision_at_prevalence/"
_TINY = (_WHERE_RARER, "operating_point/threshold")
ANYTHING = 0.99
"""An interval of a share that is as long leaves it unknown."""


@dataclass(frozen=True, slots=True)
class RunLink:
    """The name of a run, which leads to its section of the report."""

    name: str
    anchor: str

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class Measure:
    """A number with what a reader needs to judge it, and the run that it comes from."""

    value: float | None
    """None: not known."""
    interval: tuple[float, float] | None = None
    """Of 95 %; None: it has none."""
    n: int | None = None
    """Posts behind it."""
    anchor: str | None = None
    """Where in a report its run is described."""
    is_signed: bool = False
    authors: int | None = None
    """Who wrote those posts; None: not said."""
    decimals: int | None = SHARE
    """0: a count; 1, 2: an amount. None: three digits of a number that decimals would hide."""

    @property
    def shown(self) -> str:
        """The number alone; a dash where it is not known."""
        return decimal(self.value, self.decimals, is_signed=self.is_signed)

    @property
    def shown_interval(self) -> str:
        """Empty where there is none."""
        if self.interval is None:
            return ""
        return f"[{', '.join(_end_of(end, self.decimals) for end in self.interval)}]"

    @property
    def shown_count(self) -> str:
        """`40`, `40 of 12 authors`; empty where posts are not counted."""
        if self.n is None:
            return ""
        of = "" if self.authors is None else f" of {count(self.authors, 'author')}"
        return f"{self.n:,}{of}"

    def __str__(self) -> str:
        n = f" (n = {self.shown_count})" if self.shown_count else ""
        return f"{self.shown} {self.shown_interval}".strip() + n


Sentence = str | tuple[str | RunLink | Measure, ...]
Piece = Sentence | RunLink | Measure
"""What stands in a cell."""


def plain(piece: Piece) -> str:
    """A sentence or a cell as text."""
    return "".join(map(str, piece)) if isinstance(piece, tuple) else str(piece)


def decimal(value: object, places: int | None = SHARE, *, is_signed: bool = False) -> str:
    """`.812`, with a true minus sign, and none of what rounds to zero; a dash where there is no
    number.

    Args:
        places: as `decimals` of a `Measure`.
    """
    if not is_number(value):
        return DASH
    sign = "+" if is_signed else ""
    if places == SHARE:
        shown = decimals(value, SHARE, sign=sign)
    elif places is None:
        shown = f"{value:{sign}z.3g}".replace("0.", ".", 1) if abs(value) < 1 else f"{value:z.3g}"
    else:
        shown = f"{value:{sign}z,.{places}f}"
    return shown.replace("-", MINUS)


def _end_of(end: float, places: int | None) -> str:
    """An end of an interval, whose last digit says little."""
    if places is None:
        return decimal(end, None)
    return decimals(end, SHARE - 1).replace("-", MINUS)


def shortened(value: object, length: int = NAME_LENGTH) -> str:
    """What a person wrote, on one line, no longer than `length` and steering nothing."""
    # Cut before it is escaped, so that nobody waits for the end of what is not shown.
    shown = printable(" ".join(str(value)[: 4 * length].split()))
    is_cut = len(shown) > length or len(str(value)) > 4 * length
    return f"{shown[: length - 1]}\u2026" if is_cut else shown


def interval_of(value: object) -> tuple[float, float] | None:
    return (value[0], value[1]) if is_interval(value) else None


def number_of(value: object) -> float | None:
    return value if is_number(value) else None


def measure_of(run: RunSummary, key: str, anchor: str | None = None) -> Measure:
    """A number of a run's record under its key, such as `test/recall/suicide`."""
    measure = measure_in(run.metrics, run.intervals, key)
    return replace(measure, n=_posts_behind(run, key), anchor=anchor)


def measure_in(metrics: Mapping[str, Any], intervals: Mapping[str, Any], key: str) -> Measure:
    """A number under its key, without the posts behind it; not known where the interval of a
    precision that was worked out, not counted, holds all that there is."""
    _, _, name = key.partition("/")
    is_count = name == "n" or name.startswith(("support/", "predicted/"))
    decimals = 0 if is_count else None if name.startswith(_TINY) else 3
    value, interval = number_of(metrics.get(key)), interval_of(intervals.get(key))
    if name.startswith(_WHERE_RARER) and interval and interval[1] - interval[0] > ANYTHING:
        value = interval = None
    return Measure(value, interval, decimals=decimals)


def difference_to_yardstick(run: RunSummary, key: str, anchor: str | None = None) -> Measure | None:
    """How much better than the yardstick a run is on its own test posts; None: not recorded."""
    yardstick = run.yardstick or {}
    value = yardstick.get("differences", {}).get(key)
    if not is_number(value):
        return None
    interval = interval_of(yardstick.get("difference_intervals", {}).get(key))
    return Measure(value, interval, _posts_behind(run, key), anchor, is_signed=True)


def heading_title(heading: str, priority_class: object) -> str:
    """What a heading of `best_models` is called, with the class that it is about."""
    name = "priority class" if priority_class is None else shortened(priority_class)
    words = heading.replace("_", " ").replace("f1 macro", "macro F1")
    return words.replace("suicide", name)


def yardstick_name(run: RunSummary) -> str:
    return shortened((run.yardstick or {}).get("name"))


def side_of_zero(interval: object) -> str:
    """`above`, `below`, or `not distinguishable from` what a difference was taken to."""
    if not is_interval(interval) or interval[0] <= 0 <= interval[1]:
        return "not distinguishable from"
    return "above" if interval[0] > 0 else "below"


def listed(items: Sequence[str]) -> str:
    """`a, b and c`."""
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}"


def _posts_behind(run: RunSummary, key: str) -> int | None:
    part, _, name = key.partition("/")
    kind, _, of = name.partition("/")

    def counted(what: str) -> float | None:
        return number_of(run.metrics.get(f"{part}/{what}"))

    posts, priority = counted("n"), counted(f"support/{run.data.get('priority_class')}")
    if kind in ("recall", "f1") and of:
        count = counted(f"support/{of}")
    elif kind == "precision" and of:
        count = counted(f"predicted/{of}")
    elif name in ("recall_at_spec80", "recall_at_spec90", "operating_point/recall"):
        count = priority
    elif name == "operating_point/specificity":
        count = None if posts is None or priority is None else posts - priority
    elif name == "operating_point/precision":
        rate = counted("operating_point/alert_rate")
        count = None if rate is None or posts is None else rate * posts
    else:
        count = posts
    return None if count is None else round(count)
