"""What the sentences and cells of the report are made of, so that they can be read without HTML."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from mental_health_classifier.console.wording import is_interval, is_number, printable
from mental_health_classifier.tracking.record.run_summary import RunSummary

NAME_LENGTH = 60
"""Characters that are shown of a name; people can put whole books into them."""

MINUS = "\u2212"


@dataclass(frozen=True, slots=True)
class RunLink:
    """The name of a run, which leads to its section of the page."""

    name: str
    anchor: str

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class Said:
    """Words of a person, which may be in another script and run the other way."""

    text: str

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class Measure:
    """A number with what a reader needs to judge it, and the run that it comes from."""

    value: float | None
    anchor: str | None
    interval: tuple[float, float] | None = None
    """Of 95 %; None: it has none."""
    n: int | None = None
    """Posts behind it."""
    is_signed: bool = False
    decimals: int = 3

    @property
    def shown(self) -> str:
        """The number alone; a dash where it is not known."""
        return decimal(self.value, self.decimals, is_signed=self.is_signed)

    @property
    def shown_interval(self) -> str:
        """Empty where there is none."""
        if self.interval is None:
            return ""
        ends = (decimal(end, max(self.decimals - 1, 2)) for end in self.interval)
        return f"[{', '.join(ends)}]"

    def __str__(self) -> str:
        n = "" if self.n is None else f" (n = {self.n:,})"
        return f"{self.shown} {self.shown_interval}".strip() + n


Piece = str | RunLink | Said | Measure
Sentence = tuple[Piece, ...]


def plain(sentence: Iterable[Piece]) -> str:
    """A sentence as text."""
    return "".join(map(str, sentence))


def decimal(value: object, decimals: int, *, is_signed: bool = False) -> str:
    """`0.812`, with a true minus sign; a dash where there is no number."""
    if not is_number(value):
        return "\u2013"
    sign = "+" if is_signed else ""
    return f"{value:{sign},.{decimals}f}".replace("-", MINUS)


def shortened(value: object, length: int = NAME_LENGTH) -> str:
    """What a person wrote, on one line, no longer than `length` and steering nothing."""
    # Cut before it is escaped, so that nobody waits for the end of what is not shown.
    shown = printable(" ".join(str(value)[: 4 * length].split()))
    is_cut = len(shown) > length or len(str(value)) > 4 * length
    return f"{shown[: length - 1]}\u2026" if is_cut else shown


def interval_of(value: object) -> tuple[float, float] | None:
    return (value[0], value[1]) if is_interval(value) else None


def measure_of(run: RunSummary, key: str, anchor: str | None) -> Measure:
    """A number of a run's record under its key, such as `test/recall/suicide`."""
    value = run.metrics.get(key)
    return Measure(
        value=value if is_number(value) else None,
        anchor=anchor,
        interval=interval_of(run.intervals.get(key)),
        n=_posts_behind(run, key),
    )


def difference_to_yardstick(run: RunSummary, key: str, anchor: str | None) -> Measure | None:
    """How much better than the yardstick a run is on its own test posts; None: not recorded."""
    yardstick = run.yardstick or {}
    value = yardstick.get("differences", {}).get(key)
    if not is_number(value):
        return None
    interval = interval_of(yardstick.get("difference_intervals", {}).get(key))
    return Measure(value, anchor, interval, _posts_behind(run, key), is_signed=True)


def listed(items: Sequence[str]) -> str:
    """`a, b and c`."""
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}"


def _posts_behind(run: RunSummary, key: str) -> int | None:
    part, _, name = key.partition("/")
    priority = run.data.get("priority_class")
    kind, _, of = name.partition("/")
    others = run.metrics.get(f"{part}/n"), run.metrics.get(f"{part}/support/{priority}")
    if kind in ("recall", "f1") and of:
        count = run.metrics.get(f"{part}/support/{of}")
    elif kind == "precision" and of:
        count = run.metrics.get(f"{part}/predicted/{of}")
    elif name in ("recall_at_spec80", "recall_at_spec90", "operating_point/recall"):
        count = others[1]
    elif name == "operating_point/specificity":
        count = others[0] - others[1] if all(map(is_number, others)) else None  # pyright: ignore
    elif name == "operating_point/precision":
        rate = run.metrics.get(f"{part}/operating_point/alert_rate")
        count = rate * others[0] if is_number(rate) and is_number(others[0]) else None
    else:
        count = others[0]
    return round(count) if is_number(count) else None
