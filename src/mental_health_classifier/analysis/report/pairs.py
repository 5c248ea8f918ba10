"""Two configurations compared on the same test posts, run by run of equal seed."""

from __future__ import annotations

from dataclasses import dataclass

from mental_health_classifier.analysis.sections.pieces import Measure, Piece, interval_of
from mental_health_classifier.analysis.tables.model_comparison import (
    BOOTSTRAP_DRAWS,
    SPECIFICITY_FLOOR,
    val_and_test,
)
from mental_health_classifier.contracts import InputError
from mental_health_classifier.evaluation.paired_comparison import compare_runs
from mental_health_classifier.tracking.record.run_summary import RunSummary
from mental_health_classifier.tracking.selection.candidates import Candidate


@dataclass(frozen=True, slots=True)
class PairedDifference:
    """The first configuration minus the second, in the headline on test."""

    measure: Measure | None
    """With its interval over other authors; None: could not be compared."""
    over_seeds: tuple[float, float] | None
    """Range of the difference over other seeds; None: fewer than two pairs."""
    verdict: str
    """`better`: the first one is; `worse`; `tie`; or why they were not compared."""
    num_pairs: int

    @property
    def cells(self) -> tuple[Piece, Piece]:
        """The difference or why there is none, and the verdict in a word."""
        if self.measure is None:
            return self.verdict, "not compared"
        return self.measure, self.verdict


def paired_difference(
    first: Candidate, second: Candidate, *, anchor: str, num_comparisons: int
) -> PairedDifference:
    """See `compare_runs`; a run whose predictions are gone is no error.

    Args:
        anchor: where the number leads to.
        num_comparisons: how many such pairs are looked at together.
    """
    own, other = paired_runs(first, second)
    try:
        of_own = [val_and_test(run) for run in own]
        found = compare_runs(
            [val_and_test(run) for run in other],
            of_own,
            specificity_floor=SPECIFICITY_FLOOR,
            bootstrap_draws=BOOTSTRAP_DRAWS,
            num_comparisons=num_comparisons,
        )
    except (InputError, OSError) as error:
        return PairedDifference(None, None, f"not compared: {error}", len(own))
    test = of_own[0][1]
    n = len(test) if test.task.priority_class is None else int(test.is_priority.sum())
    interval = interval_of(found["interval"])
    return PairedDifference(
        Measure(found["difference"], interval, n, anchor, is_signed=True),
        interval_of(found["seed_interval"]),
        {"second": "better", "first": "worse", "tie": "tie"}[found["verdict"]],
        len(own),
    )


def paired_runs(first: Candidate, second: Candidate) -> tuple[list[RunSummary], list[RunSummary]]:
    """Runs of two configurations in pairs of equal seed; their first ones where no seed is."""
    of_second = {run.seed: run for run in second.runs}
    pairs = [(run, of_second[run.seed]) for run in first.runs if run.seed in of_second]
    if not pairs:
        pairs = [(first.runs[0], second.runs[0])]
    return [one for one, _ in pairs], [other for _, other in pairs]
