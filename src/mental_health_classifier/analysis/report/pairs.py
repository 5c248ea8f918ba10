"""Two configurations compared on the same test posts by the one rule of verdicts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mental_health_classifier.analysis.report.evidence import Evidence
from mental_health_classifier.analysis.sections.pieces import Measure, Piece
from mental_health_classifier.contracts import InputError
from mental_health_classifier.evaluation.verdict import MeasuredModel, verdict_on
from mental_health_classifier.tracking.selection.candidates import Candidate


@dataclass(frozen=True, slots=True)
class PairedDifference:
    """The first configuration minus the second, in the mean headline on test."""

    measure: Measure | None
    """With its interval over other authors and seeds; None: could not be compared."""
    verdict: str
    """On the first one: `better`, `worse`, `tie` or `not shown`; or why they were not compared."""
    explanation: str = ""
    """What a verdict would need; empty where there is one."""

    @property
    def cells(self) -> tuple[Piece, Piece]:
        """The difference or why there is none, and the verdict in a word."""
        if self.measure is None:
            return self.verdict, "not compared"
        return self.measure, self.verdict


def paired_difference(
    evidence: Evidence, first: Candidate, second: Candidate, *, questions: int
) -> PairedDifference:
    """See `verdict_on`; a run whose predictions are gone is no error.

    Args:
        questions: how many such pairs are looked at together.
    """
    try:
        return _judged(evidence, first, evidence.measured.of(second.runs), questions=questions)
    except (InputError, OSError) as error:
        return PairedDifference(None, f"not compared: {error}")


def difference_to_own_yardstick(evidence: Evidence, candidate: Candidate) -> PairedDifference:
    """The same beside the yardstick that was fitted on the posts of its runs."""
    try:
        yardstick = evidence.measured.yardstick_of(candidate.runs[-1])
        return _judged(evidence, candidate, [yardstick], questions=1)
    except (InputError, OSError) as error:
        return PairedDifference(None, f"not compared: {error}")


def _judged(
    evidence: Evidence, first: Candidate, second: Sequence[MeasuredModel], *, questions: int
) -> PairedDifference:
    models = evidence.measured.of(first.runs)
    found = verdict_on(models, second, evidence.headline, questions=questions)
    test = models[0].test
    n = len(test) if test.task.priority_class is None else int(test.is_priority.sum())
    anchor = evidence.anchor(first.best_run(f"val/{evidence.headline}"))
    measure = Measure(found.difference, found.interval, n, anchor, is_signed=True)
    return PairedDifference(measure, found.word, found.explanation)
