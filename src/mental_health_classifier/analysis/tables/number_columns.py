"""The numbers of many runs become columns.

Runs mostly measure the same things. Names of columns are therefore worked out once for all runs
with the same keys, and only numbers are kept of each run.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Collection, Iterable, Mapping
from itertools import chain
from typing import Any, NamedTuple

import numpy as np

from mental_health_classifier.analysis.sections.assessments import EXPLAINED
from mental_health_classifier.console.wording import is_interval, is_number
from mental_health_classifier.contracts import InputError
from mental_health_classifier.tracking.record.assessments import read_assessment
from mental_health_classifier.tracking.run_index import RunSummary

CEILING = "ceiling_"

INTERPRETABILITY = {
    name: name if name.startswith("interpretability") else f"interpretability_{name}"
    for name in EXPLAINED
}
"""Columns of what `mhc explain` measures."""


class Source(NamedTuple):
    """Numbers of one kind that a run has recorded."""

    prefix: str
    """What their columns begin with."""
    values: Mapping[str, Any]
    intervals: Mapping[str, Any]
    among: Collection[str] | None
    """All keys measured together with them, see `column_of`. None: the keys are columns as they
    are."""


def sources_of(run: RunSummary) -> list[Source]:
    """The run's own numbers, what was measured of it later, the numbers of its yardstick, distances
    to that, and ceilings."""
    sources = [Source("", run.metrics, run.intervals, run.metrics)]
    if later := interpretability_of(run):
        sources.append(Source("", *later, None))
    yardstick = run.yardstick or {}
    if differences := yardstick.get("differences"):
        measured = yardstick.get("metrics", {})
        ends = yardstick.get("difference_intervals", {})
        compared = {key: measured.get(key) for key in differences}
        sources.append(Source("yardstick_", compared, {}, measured))
        sources.append(Source("yardstick_difference_", differences, ends, measured))
    if ceilings := run.data.get("ceilings"):
        sources.append(Source(CEILING, ceilings, {}, None))
    return sources


def column_of(key: str, keys: Collection[str]) -> str:
    """The column of a metric, among all `keys` of its run: `test/f1/suicide` -> `final_f1_suicide`.

    A class whose name would make it another metric's column (`f1/macro`) gets `class` into it. A
    key without a part counts as one of test.
    """
    part, slash, rest = key.partition("/")
    if not slash:
        return f"final_{key}"
    name = rest.replace("/", "_")
    if "/" in rest and f"{part}/{name}" in keys:
        name = rest.replace("/", "_class_", 1)
    return f"{'final' if part == 'test' else part}_{name}"


def interpretability_of(run: RunSummary) -> tuple[dict[str, Any], dict[str, Any]] | None:
    """What `mhc explain` has measured, with intervals, by column; None where it has not."""
    try:
        found = read_assessment(run.directory, "explain")
    except InputError:
        # The table says what is known; `mhc show` says what is damaged.
        return None
    if found is None:
        return None
    columns = {name: column for name, column in INTERPRETABILITY.items() if name in found}
    intervals = found.get("intervals", {})
    return (
        {column: found[name] for name, column in columns.items()},
        {column: intervals[name] for name, column in columns.items() if name in intervals},
    )


class NumberColumns:
    """Columns of numbers, filled run by run; what a run did not measure is missing."""

    def __init__(self) -> None:
        self._shapes: dict[tuple[Any, ...], _Shape] = {}

    def add(self, place: int, run: RunSummary) -> None:
        """Takes the numbers of the run that is row `place`."""
        for source in sources_of(run):
            key = (source.prefix, *source.values, None, *source.intervals)
            shape = self._shapes.get(key)
            if shape is None:
                shape = self._shapes[key] = _Shape(source)
            shape.add(place, source)

    @property
    def recalls(self) -> list[str]:
        """Columns with the recall of a class on the test part."""
        return list(
            dict.fromkeys(
                name
                for shape in self._shapes.values()
                for key, name in shape.names.items()
                if name.startswith("final_") and key.startswith("test/recall/")
            )
        )

    def columns(self, count: int) -> dict[str, np.ndarray]:
        """The columns of `count` rows, NaN where a number is missing."""
        columns: dict[str, np.ndarray] = {}
        for shape in self._shapes.values():
            places = np.frombuffer(shape.places, dtype=np.int64)
            for name, values in shape.columns():
                if name not in columns:
                    columns[name] = np.full(count, np.nan)
                columns[name][places] = values
        return columns


class _Shape:
    """The numbers of the runs that have recorded the same keys."""

    def __init__(self, source: Source) -> None:
        self.places = array("q")
        self.names = {
            key: source.prefix + (key if source.among is None else column_of(key, source.among))
            for key in source.values
        }
        """The column of each key."""
        self._with_interval = [key for key in source.values if key in source.intervals]
        self._values = array("d")
        self._ends = array("d")

    def add(self, place: int, source: Source) -> None:
        self.places.append(place)
        self._values.extend(_numbers(source.values.values()))
        self._ends.extend(_ends([source.intervals[key] for key in self._with_interval]))

    def columns(self) -> Iterable[tuple[str, np.ndarray]]:
        if not self.names:
            return
        rows = len(self.places)
        values = np.frombuffer(self._values).reshape(rows, -1).T
        ends = np.frombuffer(self._ends).reshape(rows, len(self._with_interval), 2)
        at = {key: place for place, key in enumerate(self._with_interval)}
        for (key, name), numbers in zip(self.names.items(), values, strict=True):
            yield name, numbers
            # Where no run has an interval there is no column for it.
            if key in at and not np.isnan(ends[:, at[key]]).all():
                yield f"{name}_low", ends[:, at[key], 0]
                yield f"{name}_high", ends[:, at[key], 1]


def _numbers(values: Collection[Any]) -> array[float]:
    try:
        return array("d", values)
    except TypeError:
        return array("d", [value if is_number(value) else math.nan for value in values])


def _ends(intervals: list[Any]) -> array[float]:
    try:
        if all(len(interval) == 2 for interval in intervals):
            return array("d", chain.from_iterable(intervals))
    except TypeError:
        pass
    pairs = (pair if is_interval(pair) else (math.nan, math.nan) for pair in intervals)
    return array("d", chain.from_iterable(pairs))
