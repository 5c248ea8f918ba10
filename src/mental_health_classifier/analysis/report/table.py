"""The comparison table: completed runs, best first, those on other terms apart."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

from mental_health_classifier.analysis.pages.run_list import model_of
from mental_health_classifier.analysis.report.evidence import Evidence
from mental_health_classifier.analysis.sections.performance import classes_in_order
from mental_health_classifier.analysis.sections.pieces import (
    DASH,
    Measure,
    Piece,
    difference_to_yardstick,
    measure_of,
    shortened,
)
from mental_health_classifier.analysis.tables.run_facts import facts_of
from mental_health_classifier.console.wording import duration, is_number, moment
from mental_health_classifier.contracts.headline import headline_of
from mental_health_classifier.tracking.record.run_summary import RunSummary
from mental_health_classifier.tracking.selection.candidates import terms_of


class Cell(NamedTuple):
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
    names = sorted({str(run.data.get("name")) for run in runs if run.data})
    title = ", ".join(map(shortened, names)) or "posts not known"
    if has_class_in_title:
        title += f", priority class: {shortened(_priority_class_of(runs) or 'none')}"
    columns, filled = [], []
    for spec in _specs(evidence, runs):
        cells = [_cell(spec.value(run)) for run in runs]
        counts = {
            cell.shown.n
            for cell in cells
            if isinstance(cell.shown, Measure) and cell.sort is not None
        }
        n = counts.pop() if len(counts) == 1 else None
        if n is not None:
            # Said once in the heading.
            cells = [
                cell._replace(shown=replace(cell.shown, n=None))
                if isinstance(cell.shown, Measure)
                else cell
                for cell in cells
            ]
        is_number = not any(isinstance(cell.sort, str) for cell in cells)
        columns.append(Column(spec.title, is_number, spec.is_shown, spec.is_ordering, n))
        filled.append(cells)
    return RunGroup(
        title=title,
        fingerprint=runs[0].parts_fingerprint,
        columns=columns,
        rows=list(zip(*filled, strict=True)),
    )


class _Spec(NamedTuple):
    title: str
    value: Callable[[RunSummary], Cell | Piece | None]
    is_shown: bool = False
    is_ordering: bool = False


def _specs(evidence: Evidence, runs: Sequence[RunSummary]) -> Iterator[_Spec]:
    """The columns, in order; a reader can choose those that are not shown at first."""
    priority_class = _priority_class_of(runs)
    headline = headline_of(priority_class)

    def metric(title: str, key: str, *, is_shown: bool = False) -> _Spec:
        is_ordering = key == f"test/{headline}"
        return _Spec(
            title, lambda run: measure_of(run, key, evidence.anchor(run)), is_shown, is_ordering
        )

    def amount(
        title: str,
        value: Callable[[RunSummary], Any],
        by: float,
        decimals: int,
        *,
        is_shown: bool = False,
    ) -> _Spec:
        def measure(run: RunSummary) -> Measure | None:
            found = value(run)
            return (
                Measure(found / by, anchor=evidence.anchor(run), decimals=decimals)
                if is_number(found)
                else None
            )

        return _Spec(title, measure, is_shown)

    yield _Spec("Run", evidence.link, is_shown=True)
    if priority_class is not None:
        of = shortened(priority_class, 20)
        yield metric(f"Recall of {of} at specificity 0.80", "test/recall_at_spec80", is_shown=True)
        yield metric("Recall at the operating point", "test/operating_point/recall", is_shown=True)
        yield metric("Specificity there", "test/operating_point/specificity", is_shown=True)
        yield metric("Precision there", "test/operating_point/precision")
        yield metric("Alert rate there", "test/operating_point/alert_rate", is_shown=True)
        yield metric("Area under precision-recall", "test/auprc")
    yield metric("Accuracy", "test/accuracy", is_shown=True)
    yield metric("Macro F1", "test/f1_macro", is_shown=True)
    yield _Spec(
        "Above the yardstick",
        lambda run: difference_to_yardstick(run, f"test/{headline}", evidence.anchor(run)),
        is_shown=True,
    )
    yield metric("Headline on validation", f"val/{headline}")
    for name in next((classes_in_order(run) for run in runs if run.data.get("classes")), ()):
        yield metric(f"Recall of {shortened(name, 20)}", f"test/recall/{name}")
    yield _Spec("Model", lambda run: model_of(facts_of(run)), is_shown=True)
    yield _Spec("Seed", lambda run: Cell(str(run.seed), run.seed), is_shown=True)
    yield amount(
        "Parameters, millions", lambda run: run.model_facts.get("parameters"), 1e6, 2, is_shown=True
    )
    yield amount(
        "MFLOPs a post", lambda run: run.model_facts.get("inference_flops_per_post"), 1e6, 1
    )
    yield amount("Peak memory, MB", lambda run: run.end.get("peak_memory_bytes"), 2**20, 0)
    yield _Spec(
        "Time",
        lambda run: Cell(duration(run.duration_seconds), run.duration_seconds),
        is_shown=True,
    )
    yield _Spec("Tags", lambda run: facts_of(run)["tags"])
    yield _Spec("Commit", lambda run: run.commit and run.commit[:7] + "+" * bool(run.is_dirty))
    yield _Spec("Started", lambda run: run.created_at and moment(run.created_at))


def _cell(value: Cell | Piece | None) -> Cell:
    match value:
        case Cell(sort=None) | None | "":
            return Cell(DASH, None)
        case Cell():
            return value
        case Measure():
            return Cell(value, value.value)
        case str():
            return Cell(shortened(value, 40), value.casefold())
    return Cell(value, str(value).casefold())
