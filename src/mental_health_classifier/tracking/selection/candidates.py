"""Candidates: runs of one configuration that differ in their seed alone."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations
from statistics import fmean, stdev
from typing import TYPE_CHECKING

from mental_health_classifier.contracts import InputError
from mental_health_classifier.tracking.record.assessments import stored_predictions
from mental_health_classifier.tracking.record.run_summary import RunSummary

if TYPE_CHECKING:
    import numpy as np

    from mental_health_classifier.evaluation.intervals import Interval


@dataclass(frozen=True, slots=True)
class Candidate:
    """A configuration, with one completed run for each of its seeds."""

    configuration_hash: str
    runs: Sequence[RunSummary]
    """Ordered by seed; of a seed that ran twice, the latest run."""

    @property
    def models(self) -> Sequence[RunSummary]:
        """The runs that count: a single one where all seeds come to the same numbers throughout, as
        those of a model do that draws nothing at random."""
        first = self.runs[0]
        is_one = all(run.metrics == first.metrics for run in self.runs) and bool(first.metrics)
        return self.runs[-1:] if is_one else self.runs

    def values(self, key: str) -> list[float]:
        """A metric of every model, of those that measured it."""
        found = (run.metrics.get(key) for run in self.models)
        return [value for value in found if value is not None]

    def mean(self, key: str) -> float:
        return fmean(self.values(key))

    def worst(self, key: str) -> float:
        return min(self.values(key))

    def spread(self, key: str) -> float:
        """Standard deviation over the seeds."""
        return stdev(self.values(key))

    def interval(self, key: str) -> Interval | None:
        """Interval of the mean over other authors and seeds, see `interval_of_mean`; of one model
        over authors alone. None: not known.

        Args:
            key: of a share.
        """
        from mental_health_classifier.evaluation.seed_mean import interval_of_mean

        measured = [run for run in self.models if run.metrics.get(key) is not None]
        ends = [run.intervals.get(key) for run in measured]
        return interval_of_mean(self.values(key), ends, is_share=True) if measured else None

    def has(self, key: str) -> bool:
        """Whether every seed measured it."""
        return len(self.values(key)) == len(self.models)

    def best_run(self, key: str) -> RunSummary:
        """The seed with the greatest value."""
        return max(self.runs, key=lambda run: run.metrics.get(key) or 0)


def competing(runs: Iterable[RunSummary]) -> list[RunSummary]:
    """Completed runs that judge posts, without the trials of a search where there are others that
    can be compared: a trial is one seed among many tries, and the best of them is lucky. The search
    trains its configuration again with fresh seeds, which compete.
    """
    completed = [run for run in runs if run.status == "completed" and run.is_ranked]
    of_others = {terms_of(run) for run in completed if run.trial is None}
    return [run for run in completed if run.trial is None or terms_of(run) not in of_others]


def candidates_among(runs: Iterable[RunSummary]) -> list[Candidate]:
    """Groups runs that are `competing` by the hash of their configuration."""
    groups: dict[str, dict[object, RunSummary]] = {}
    for run in sorted(competing(runs), key=lambda run: run.created_at or ""):
        if run.configuration_hash is not None:
            # A run that has no seed stands for itself.
            seed = run.id if run.seed is None else run.seed
            groups.setdefault(run.configuration_hash, {})[seed] = run
    return [
        Candidate(name, [by_seed[seed] for seed in sorted(by_seed, key=_in_order)])
        for name, by_seed in sorted(groups.items())
    ]


def _in_order(seed: object) -> tuple[bool, object]:
    """Seeds as numbers; runs without one, known by their id, follow."""
    return isinstance(seed, str), seed


def terms_of(run: RunSummary) -> tuple[str | None, str | None]:
    """What runs have to share so that their numbers can be compared: the posts in their division
    into parts, and the priority class, of which the headline speaks."""
    return run.parts_fingerprint, run.data.get("priority_class")


def require_one_corpus(runs: Iterable[RunSummary], *, what: str) -> None:
    """Refuses runs that cannot be compared where they would become one.

    Args:
        what: that they would become, for instance `figure`.

    Raises:
        InputError: completed runs were tested on different posts or parts, or have different
            priority classes.
    """
    found = [each[0] for each in comparable_runs(runs) if each[0].parts_fingerprint is not None]
    if len(found) > 1:
        listed = ", ".join(
            f"{run.data.get('name')} (parts {run.parts_fingerprint}, priority class "
            f"{run.data.get('priority_class') or 'none'})"
            for run in found
        )
        raise InputError(
            f"These runs were tested on different posts or parts or for different classes, {listed}"
            f', which do not make one {what}: choose one, as by --where "parts_fingerprint == '
            f"'{found[0].parts_fingerprint}'\"."
        )


def comparable_runs(runs: Iterable[RunSummary]) -> list[list[RunSummary]]:
    """Runs that are `competing`, in groups that can be compared, the group of the latest run
    first."""
    groups: dict[Hashable, list[RunSummary]] = {}
    for run in competing(runs):
        groups.setdefault(terms_of(run), []).append(run)

    def began(group: list[RunSummary]) -> str:
        return max(run.created_at or "" for run in group)

    return sorted(groups.values(), key=began, reverse=True)


def num_looked_at(runs: Iterable[RunSummary], comparable: Sequence[RunSummary]) -> int:
    """Models that whoever chooses one of these could choose from: trials of a search, which do not
    compete, and archived runs were looked at too.

    Args:
        runs: all, in no order.
        comparable: some of them that can be compared, see `comparable_runs`.
    """
    terms = {terms_of(run) for run in comparable}
    judging = (run for run in runs if run.status == "completed" and run.is_ranked)
    return sum(terms_of(run) in terms for run in judging)


def alert_churn(runs: Sequence[RunSummary]) -> float | None:
    """Share of priority posts of test on which two seeds disagree, averaged over all pairs.

    None: there is no priority class, or the predictions of a run are gone.
    """
    import numpy as np

    try:
        alerts = [_alerts_for_priority_posts(run) for run in runs]
    except (OSError, InputError):
        return None
    if len(alerts) < 2 or any(each is None for each in alerts):
        return None
    pairs = [np.mean(a != b) for a, b in combinations(alerts, 2)]
    return float(np.mean(pairs))


def _alerts_for_priority_posts(run: RunSummary) -> np.ndarray | None:
    """Whether each priority post is alerted at the frozen threshold, in the order of the posts."""
    # With NumPy, which lists of runs do without.
    from mental_health_classifier.evaluation.operating_point import OperatingPoint

    point = OperatingPoint.recorded_in(run.metrics)
    if point.threshold is None or run.data.get("priority_class") is None:
        return None
    predictions = stored_predictions(run, ["test"])["test"]
    return point.alerts(predictions)[predictions.is_priority]
