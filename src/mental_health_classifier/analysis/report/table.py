"""The comparison table: completed runs, best first, those on other terms apart."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from mental_health_classifier.analysis.pages.run_list import model_of
from mental_health_classifier.analysis.report.evidence import Evidence
from mental_health_classifier.analysis.report.parts import (
    Measure,
    Piece,
    Said,
    difference_to_yardstick,
    measure_of,
    shortened,
)
from mental_health_classifier.analysis.tables.run_facts import facts_of
from mental_health_classifier.console.wording import duration, is_number, moment
from mental_health_classifier.contracts.headline import headline_of
from mental_health_classifier.tracking.record.run_summary import RunSummary
from mental_health_classifier.tracking.selection.candidates import terms_of

MEGABYTE = 2**20


@dataclass(frozen=True, slots=True)
class Cell:
    shown: Piece
    sort: float | str | None
    """What it is ordered by; None: not known, which comes last in either order."""


@dataclass(frozen=True, slots=True)
class Column:
    title: str
    is_number: bool
    is_shown: bool
    """At first; a reader can choose others."""
    is_ordering: bool = False
    """The rows are in its order, greatest first."""
    n: int | None = None
    """Posts behind every number of it; None: not the same for all, and said beside each."""


@dataclass(frozen=True, slots=True)
class RunGroup:
    """Runs that can be compared: on the same posts, divided alike, and of one priority class."""

    title: str
    fingerprint: str | None
    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]
    """A row a run, best headline on test first."""


def comparison(evidence: Evidence) -> list[RunGroup]:
    """The runs that the report speaks of first, then others, which are not ranked against them."""
    groups: dict[Hashable, dict[Path, RunSummary]] = {}
    for run in (*evidence.comparable, *evidence.runs):
        if run.status == "completed":
            groups.setdefault(terms_of(run), {})[run.directory] = run
    tables = [list(runs.values()) for runs in groups.values()]
    is_told = len({_priority_class_of(runs) for runs in tables}) > 1
    return [_group(evidence, runs, has_class_in_title=is_told) for runs in tables]


def _priority_class_of(runs: Sequence[RunSummary]) -> str | None:
    return runs[0].data.get("priority_class")


def _group(evidence: Evidence, runs: Sequence[RunSummary], *, has_class_in_title: bool) -> RunGroup:
    makers = _makers(evidence, runs)
    names = sorted({str(run.data.get("name")) for run in runs if run.data})
    title = ", ".join(map(shortened, names)) or "posts not known"
    if has_class_in_title:
        title += f", priority class: {shortened(_priority_class_of(runs) or 'none')}"
    filled = [_with_one_n(column, [make(run) for run in runs]) for column, make in makers]
    return RunGroup(
        title=title,
        fingerprint=runs[0].parts_fingerprint,
        columns=[column for column, _ in filled],
        rows=list(zip(*(cells for _, cells in filled), strict=True)),
    )


def _with_one_n(column: Column, cells: list[Cell]) -> tuple[Column, list[Cell]]:
    """Moves the number of posts into the heading where it is the same in all cells."""
    measures = [cell.shown for cell in cells if isinstance(cell.shown, Measure)]
    counts = {measure.n for measure in measures if measure.value is not None}
    if len(counts) != 1 or counts == {None}:
        return column, cells
    return replace(column, n=counts.pop()), [
        replace(cell, shown=replace(cell.shown, n=None))
        if isinstance(cell.shown, Measure)
        else cell
        for cell in cells
    ]


Maker = tuple[Column, Callable[[RunSummary], Cell]]


def _makers(evidence: Evidence, runs: Sequence[RunSummary]) -> list[Maker]:
    priority_class = _priority_class_of(runs)
    headline = headline_of(priority_class)

    def metric(title: str, key: str, *, is_shown: bool = True) -> Maker:
        is_ordering = key == f"test/{headline}"
        return (
            Column(title, is_number=True, is_shown=is_shown, is_ordering=is_ordering),
            lambda run: _of_measure(measure_of(run, key, evidence.anchor(run))),
        )

    def fact(title: str, name: str, *, is_shown: bool = False) -> Maker:
        return (
            Column(title, is_number=False, is_shown=is_shown),
            lambda run: _of_text(facts_of(run)[name]),
        )

    def amount(
        title: str, value: Callable[[RunSummary], Any], *, decimals: int, is_shown: bool = False
    ) -> Maker:
        return (
            Column(title, is_number=True, is_shown=is_shown),
            lambda run: _of_amount(value(run), evidence.anchor(run), decimals=decimals),
        )

    makers: list[Maker] = [
        (
            Column("Run", is_number=False, is_shown=True),
            lambda run: Cell(evidence.link(run), str(evidence.link(run)).casefold()),
        ),
    ]
    if priority_class is not None:
        of = shortened(priority_class, 20)
        makers += [
            metric(f"Recall of {of} at specificity 0.80", "test/recall_at_spec80"),
            metric("Recall at the operating point", "test/operating_point/recall"),
            metric("Specificity there", "test/operating_point/specificity"),
            metric("Precision there", "test/operating_point/precision", is_shown=False),
            metric("Alert rate there", "test/operating_point/alert_rate"),
            metric("Area under precision-recall", "test/auprc", is_shown=False),
        ]
    makers += [metric("Accuracy", "test/accuracy"), metric("Macro F1", "test/f1_macro")]
    makers += [
        (
            Column("Above the yardstick", is_number=True, is_shown=True),
            lambda run: _of_measure(
                difference_to_yardstick(run, f"test/{headline}", evidence.anchor(run))
            ),
        ),
        metric("Headline on validation", f"val/{headline}", is_shown=False),
    ]
    classes = next((run.data["classes"] for run in runs if run.data.get("classes")), ())
    for name in sorted(classes, key=lambda name: name != priority_class):
        makers.append(
            metric(f"Recall of {shortened(name, 20)}", f"test/recall/{name}", is_shown=False)
        )
    return [
        *makers,
        (
            Column("Model", is_number=False, is_shown=True),
            lambda run: _of_text(model_of(facts_of(run))),
        ),
        (
            Column("Seed", is_number=True, is_shown=True),
            lambda run: Cell("\u2013" if run.seed is None else str(run.seed), run.seed),
        ),
        amount(
            "Parameters, millions",
            lambda run: _divided(run.model_facts.get("parameters"), 1e6),
            decimals=2,
            is_shown=True,
        ),
        amount(
            "MFLOPs a post",
            lambda run: _divided(run.model_facts.get("inference_flops_per_post"), 1e6),
            decimals=1,
        ),
        amount(
            "Peak memory, MB",
            lambda run: _divided(run.end.get("peak_memory_bytes"), MEGABYTE),
            decimals=0,
        ),
        (
            Column("Time", is_number=True, is_shown=True),
            lambda run: Cell(
                duration(run.duration_seconds).replace("-", "\u2013"), run.duration_seconds
            ),
        ),
        fact("Tags", "tags"),
        (
            Column("Commit", is_number=False, is_shown=False),
            lambda run: _of_text(run.commit and run.commit[:7] + ("+" if run.is_dirty else "")),
        ),
        (
            Column("Started", is_number=False, is_shown=False),
            lambda run: _of_text(moment(run.created_at)),
        ),
    ]


def _of_measure(measure: Measure | None) -> Cell:
    return Cell("\u2013", None) if measure is None else Cell(measure, measure.value)


def _of_amount(value: Any, anchor: str, *, decimals: int) -> Cell:
    known = value if is_number(value) else None
    return Cell(Measure(known, anchor, decimals=decimals), known)


def _of_text(value: object) -> Cell:
    shown = shortened(value, 40) if value else "\u2013"
    return Cell(Said(shown), shown.casefold() if value else None)


def _divided(value: Any, by: float) -> float | None:
    return value / by if is_number(value) else None
