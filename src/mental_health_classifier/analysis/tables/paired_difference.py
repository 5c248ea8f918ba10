"""Two configurations compared on the same test posts by the one rule of verdicts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mental_health_classifier.analysis.sections.pieces import (
    Measure,
    Piece,
    RunLink,
    Sentence,
    interval_of,
)
from mental_health_classifier.analysis.sections.verdicts import verdict_facts, verdict_sentence
from mental_health_classifier.analysis.tables.measured_runs import MeasuredRuns
from mental_health_classifier.contracts import InputError
from mental_health_classifier.contracts.headline import headline_of
from mental_health_classifier.evaluation.verdict import MeasuredModel, verdict_on
from mental_health_classifier.tracking.selection.candidates import Candidate


@dataclass(frozen=True, slots=True)
class PairedDifference:
    """The first configuration minus the second, in the mean headline on test."""

    facts: Mapping[str, Any] | None
    """See `verdict_facts`; None: could not be compared."""
    key: str
    """Of the headline."""
    anchor: str | None = None
    """Where in a report the first one is described."""
    reason: str = ""
    """Why they were not compared."""

    @property
    def verdict(self) -> str:
        """On the first one: `better`, `worse`, `tie`, `not shown` or `not compared`."""
        return "not compared" if self.facts is None else self.facts["verdict"]

    @property
    def cells(self) -> tuple[Piece, Piece]:
        """The difference or why there is none, and the verdict in a word."""
        if self.facts is None:
            return self.reason, self.verdict
        interval, n = interval_of(self.facts["interval"]), self.facts["num_posts"]
        measure = Measure(self.facts["difference"], interval, n, self.anchor, is_signed=True)
        return measure, self.verdict

    def sentence(self, first: str | RunLink, second: str | RunLink) -> Sentence:
        """The verdict with names, see `verdict_sentence`."""
        if self.facts is None:
            return (first, " was not compared with ", second, f": {self.reason}")
        return verdict_sentence(first, second, self.facts, key=self.key, anchor=self.anchor)


def paired_difference(
    measured: MeasuredRuns,
    first: Candidate,
    second: Candidate,
    *,
    questions: int,
    anchor: str | None = None,
) -> PairedDifference:
    """See `verdict_on`; a run whose predictions are gone is no error.

    Args:
        questions: how many such pairs are looked at together.
        anchor: where in a report the first one is described.
    """
    return _judged(measured, first, lambda: measured.of(second.runs), questions, anchor)


def difference_to_own_yardstick(
    measured: MeasuredRuns, candidate: Candidate, *, anchor: str | None = None
) -> PairedDifference:
    """The same beside the yardstick that was fitted on the posts of its runs."""
    latest = candidate.runs[-1]
    return _judged(measured, candidate, lambda: [measured.yardstick_of(latest)], 1, anchor)


def _judged(
    measured: MeasuredRuns,
    first: Candidate,
    second: Callable[[], Sequence[MeasuredModel]],
    questions: int,
    anchor: str | None,
) -> PairedDifference:
    key = headline_of(first.runs[0].data.get("priority_class"))
    try:
        found = verdict_on(measured.of(first.runs), second(), key, questions=questions)
    except (InputError, OSError) as error:
        return PairedDifference(None, key, anchor, str(error))
    return PairedDifference(verdict_facts(found), key, anchor)
