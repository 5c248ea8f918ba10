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
    cells: Sequence[Cell]
    """One a run."""
    is_shown: bool
    """At first; a reader can choose others."""
    is_ordering: bool
    """The rows are in its order, greatest first."""
    n: int | None
    """Posts behind every number of it; None: not the same for all, and said beside each."""

    @property
    def is_number(self) -> bool:
        return not any(isinstance(cell.sort, str) for cell in self.cells)


@dataclass(frozen=True, slots=True)
class RunGroup:
    """Runs that can be compared: on the same posts, divided alike, and of one priority class."""

    title: str
    fingerprint: str | None
    columns: Sequence[Column]

    @property
    def rows(self) -> list[tuple[Cell, ...]]:
        """A row a run, best headline on test first."""
        return list(zip(*(column.cells for column in self.columns), strict=True))


def comparison(evidence: Evidence) -> list[RunGroup]:
    """The runs that the report speaks of first, then others, which are not ranked against them."""
    groups: dict[Hashable, dict[Path, RunSummary]] = {}
    shown = {run.directory for run in evidence.runs if run.status == "completed"}
    shown -= {run.directory for run in evidence.trials}
    for run in (*evidence.comparable, *evidence.runs):
        if run.directory in shown:
            groups.setdefault(terms_of(run), {})[run.directory] = run
    tables = [list(runs.values()) for runs in groups.values()]
    is_told = len({_priority_class_of(runs) for runs in tables}) > 1
    return [_group(evidence, runs, has_class_in_title=is_told) for runs in tables]


def _priority_class_of(runs: Sequence[RunSummary]) -> str | None:
    return runs[0].data.get("priority_class")


def corpus_title(runs: Sequence[RunSummary]) -> str:
    """What the posts of comparable runs are called."""
    names = sorted({run.posts_called for run in runs if run.data})
    return ", ".join(map(shortened, names)) or "posts not known"


def _group(evidence: Evidence, runs: Sequence[RunSummary], *, has_class_in_title: bool) -> RunGroup:
    title = corpus_title(runs)
    if has_class_in_title:
        title += f", priority class: {shortened(_priority_class_of(runs) or 'none')}"
    return RunGroup(title, runs[0].parts_fingerprint, list(_columns(evidence, runs)))


def _columns(evidence: Evidence, runs: Sequence[RunSummary]) -> Iterator[Column]:
    priority_class = _priority_class_of(runs)
    headline = headline_of(priority_class)

    def column(
        title: str,
        value: Callable[[RunSummary], Cell | Piece | None],
        *,
        is_shown: bool = False,
        is_ordering: bool = False,
    ) -> Column:
        cells, n = _with_one_n([_cell(value(run)) for run in runs])
        return Column(title, cells, is_shown, is_ordering, n)

    def metric(title: str, key: str, *, is_shown: bool = False) -> Column:
        return column(
            title,
            lambda run: measure_of(run, key, evidence.anchor(run)),
            is_shown=is_shown,
            is_ordering=key == f"test/{headline}",
        )

    def amount(
        title: str, value: Callable[[RunSummary], Any], by: float, *, decimals: int
    ) -> Column:
        def measure(run: RunSummary) -> Measure | None:
            if not is_number(found := value(run)):
                return None
            return Measure(found / by, anchor=evidence.anchor(run), decimals=decimals)

        return column(title, measure, is_shown=title.startswith("Parameters"))

    yield column("Run", evidence.link, is_shown=True)
    if priority_class is not None:
        of = shortened(priority_class, 20)
        yield metric(f"Recall of {of} at specificity .80", "test/recall_at_spec80", is_shown=True)
        yield metric("Recall at the operating point", "test/operating_point/recall", is_shown=True)
        yield metric("Specificity there", "test/operating_point/specificity", is_shown=True)
        yield metric("Precision there", "test/operating_point/precision")
        yield metric("Alert rate there", "test/operating_point/alert_rate", is_shown=True)
        yield metric("Area under precision-recall", "test/auprc")
    yield metric("Accuracy", "test/accuracy", is_shown=True)
    yield metric("Macro F1", "test/f1_macro", is_shown=True)
    yield column(
        "Above the yardstick",
        lambda run: difference_to_yardstick(run, f"test/{headline}", evidence.anchor(run)),
        is_shown=True,
    )
    yield metric("Headline on validation", f"val/{headline}")
    for name in next((classes_in_order(run) for run in runs if run.data.get("classes")), ()):
        yield metric(f"Recall of {shortened(name, 20)}", f"test/recall/{name}")
    yield column("Model", lambda run: model_of(facts_of(run)), is_shown=True)
    yield column("Seed", lambda run: Cell(str(run.seed), run.seed), is_shown=True)
    yield amount(
        "Parameters, millions", lambda run: run.model_facts.get("parameters"), 1e6, decimals=2
    )
    yield amount(
        "MFLOPs a post",
        lambda run: run.model_facts.get("inference_flops_per_post"),
        1e6,
        decimals=1,
    )
    yield amount("Peak memory, MB", lambda run: run.peak_memory_bytes, 2**20, decimals=0)
    yield column(
        "Time",
        lambda run: Cell(duration(run.duration_seconds), run.duration_seconds),
        is_shown=True,
    )
    yield column("Tags", lambda run: facts_of(run)["tags"])
    yield column("Notes", lambda run: facts_of(run)["notes"])
    yield column("Commit", lambda run: run.commit and run.commit[:7] + "+" * bool(run.is_dirty))
    yield column("Started", lambda run: run.created_at and moment(run.created_at))


def _with_one_n(cells: list[Cell]) -> tuple[list[Cell], int | None]:
    """Takes the number of posts out of the cells where it is the same in all."""
    measures = [cell.shown for cell in cells if isinstance(cell.shown, Measure)]
    counts = {measure.n for measure in measures if measure.value is not None}
    if len(counts) != 1 or counts == {None}:
        return cells, None
    return [
        cell._replace(shown=replace(cell.shown, n=None))
        if isinstance(cell.shown, Measure)
        else cell
        for cell in cells
    ], counts.pop()


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
