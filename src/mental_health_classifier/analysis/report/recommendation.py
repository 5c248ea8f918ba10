"""Recommendation of one configuration, with reasons and equals."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from mental_health_classifier.analysis.report.evidence import Evidence
from mental_health_classifier.analysis.sections.pieces import (
    DASH,
    Measure,
    Piece,
    RunLink,
    Sentence,
    heading_title,
)
from mental_health_classifier.analysis.sections.section import Section
from mental_health_classifier.analysis.tables.paired_difference import (
    PairedDifference,
    paired_difference,
)
from mental_health_classifier.contracts.headline import EQUIVALENCE_MARGIN
from mental_health_classifier.tracking.record.run_summary import RunSummary
from mental_health_classifier.tracking.selection.best_models import best_models
from mental_health_classifier.tracking.selection.rivals import rivals_of


@dataclass(frozen=True, slots=True)
class Rival:
    """Another configuration beside the recommended one."""

    run: RunLink
    num_seeds: int
    measure: Measure
    """Its mean headline on test."""
    difference: PairedDifference
    """The one that is `shown` minus this one."""
    is_external: bool
    """Whether another program made its predictions, so that its cost is not known."""


@dataclass(frozen=True, slots=True)
class Recommendation:
    run: RunSummary | None
    """None: no configuration qualifies."""
    reason: str
    warnings: Sequence[str]
    rivals: Sequence[Rival]
    """Best on val first: the first one is the runner-up."""
    shown: RunSummary | None
    """The run that the clinical part and the gates speak of: the recommended one, or else the one
    with the highest headline on val."""
    headings: Section
    """What `mhc best` says."""

    @property
    def kind(self) -> str:
        """What the configuration is called that the page speaks of."""
        if self.run is not None:
            return "recommended configuration"
        return "configuration that ranks highest on validation"

    @property
    def ties(self) -> list[Rival]:
        return [rival for rival in self.rivals if rival.difference.verdict == "tie"]


def recommend(evidence: Evidence) -> Recommendation:
    """Chosen on val by `best_models`; differences are judged on test, see `verdict_on`."""
    best = best_models(evidence.comparable)
    name = "best_f1_macro" if evidence.priority_class is None else "best_suicide_recall"
    entry = best[name]
    winner = _run_at(evidence, entry["directory"])
    shown = winner
    if shown is None and evidence.candidates:
        shown = evidence.candidates[0].best_run(f"val/{evidence.headline}")
    return Recommendation(
        run=winner,
        reason=entry["reason"],
        warnings=entry["warnings"],
        rivals=[] if shown is None else _rivals(evidence, shown),
        shown=shown,
        headings=Section(
            title="Best by other headings",
            caption="The best by other headings, chosen on validation and reported on test",
            header=["Best by", "Run", "On test", "Seeds", "Reason"],
            rows=[_heading(evidence, title, each) for title, each in best.items()],
        ),
    )


def recommendation_sentences(evidence: Evidence, found: Recommendation) -> list[Sentence]:
    """The recommendation with its reasons, and what the tests say of the runner-up."""
    if found.run is None:
        return [("No configuration can be recommended. ", found.reason)]
    sentences: list[Sentence] = [
        ("Recommended: ", evidence.link(found.run), f". {found.reason}"),
        *found.warnings,
    ]
    if not found.rivals:
        return [*sentences, ("There is no other configuration to compare it with.",)]
    first = found.rivals[0]
    said = first.difference.sentence(evidence.link(found.run), first.run)
    return [*sentences, ("Runner-up: ", first.run, ". ", *said), *_about_ties(found.ties)]


def rivals_section(found: Recommendation) -> Section:
    """The leading configuration beside the next ones."""
    first = "Highest on validation" if found.run is None else "Recommended"
    rows: list[list[Piece]] = []
    for rival in found.rivals:
        difference, verdict = rival.difference.cells
        seeds = Measure(rival.num_seeds, decimals=0)
        rows.append([rival.run, seeds, rival.measure, difference, verdict])
    return Section(
        title="Beside others",
        caption=f"The {found.kind} minus others, in the mean headline over seeds on "
        "the same test posts. Intervals are over other authors and seeds, as wide as this many "
        "comparisons ask for; better or worse leaves zero out, and a tie lies within "
        f"{EQUIVALENCE_MARGIN:g} of it as a whole",
        header=[
            *("Other configuration", "Seeds", "Its headline on test"),
            *(f"{first} minus it", f"{first} is"),
        ],
        rows=rows,
    )


def _about_ties(ties: Sequence[Rival]) -> list[Sentence]:
    if not ties:
        return []
    where = " where it is known" if any(rival.is_external for rival in ties) else ""
    return [
        ("Tied with the recommended one: ", *linked(ties), f". Among ties, cost may decide{where}.")
    ]


def linked(rivals: Sequence[Rival]) -> Iterator[str | RunLink]:
    """Their names, with commas between them."""
    for place, rival in enumerate(rivals):
        if place:
            yield ", "
        yield rival.run


def _heading(evidence: Evidence, title: str, entry: dict[str, Any]) -> list[Piece]:
    run = _run_at(evidence, entry["directory"])
    candidate = None if run is None else evidence.candidate_of(run)
    return [
        heading_title(title, entry["priority_class"]),
        "nobody" if run is None else evidence.link(run),
        DASH if candidate is None else evidence.estimate(candidate, entry["metric"]),
        Measure(entry["num_models"], decimals=0),
        " ".join([entry["reason"], *entry["warnings"]]),
    ]


def _run_at(evidence: Evidence, directory: str | None) -> RunSummary | None:
    return next((run for run in evidence.comparable if str(run.directory) == directory), None)


def _rivals(evidence: Evidence, winner: RunSummary) -> list[Rival]:
    own = evidence.candidate_of(winner)
    assert own is not None
    others, key = rivals_of(own, evidence.candidates), f"val/{evidence.headline}"
    anchor = evidence.anchor(own.best_run(key))
    return [
        Rival(
            evidence.link(other.best_run(key)),
            len(other.models),
            evidence.estimate(other, f"test/{evidence.headline}"),
            paired_difference(evidence.measured, own, other, questions=len(others), anchor=anchor),
            other.runs[0].is_external,
        )
        for other in others
    ]
