"""Candidates: runs of one configuration that differ in their seed alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations
from statistics import fmean, stdev
from typing import TYPE_CHECKING

from mental_health_classifier.contracts import InputError
from mental_health_classifier.tracking.record.assessments import stored_predictions
from mental_health_classifier.tracking.record.run_summary import RunSummary

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True, slots=True)
class Candidate:
    """A configuration, with one completed run for each of its seeds."""

    configuration_hash: str
    runs: Sequence[RunSummary]
    """Ordered by seed; of a seed that ran twice, the latest run."""

    def values(self, key: str) -> list[float]:
        """A metric of every seed, of those that measured it."""
        found = (run.metrics.get(key) for run in self.runs)
        return [value for value in found if value is not None]

    def mean(self, key: str) -> float:
        return fmean(self.values(key))

    def worst(self, key: str) -> float:
        return min(self.values(key))

    def spread(self, key: str) -> float:
        """Standard deviation over the seeds."""
        return stdev(self.values(key))

    def has(self, key: str) -> bool:
        """Whether every seed measured it."""
        return len(self.values(key)) == len(self.runs)

    def best_run(self, key: str) -> RunSummary:
        """The seed with the greatest value."""
        return max(self.runs, key=lambda run: run.metrics.get(key) or 0)


def candidates_among(runs: Iterable[RunSummary]) -> list[Candidate]:
    """Groups completed runs by the hash of their configuration."""
    groups: dict[str, dict[object, RunSummary]] = {}
    for run in sorted(runs, key=lambda run: run.created_at or ""):
        if run.status == "completed" and run.configuration_hash is not None:
            # A run that has no seed stands for itself.
            seed = run.id if run.seed is None else run.seed
            groups.setdefault(run.configuration_hash, {})[seed] = run
    return [
        Candidate(name, [by_seed[seed] for seed in sorted(by_seed, key=str)])
        for name, by_seed in sorted(groups.items())
    ]


def terms_of(run: RunSummary) -> tuple[str | None, str | None]:
    """What runs have to share so that their numbers can be compared: the posts in their division
    into parts, and the priority class, of which the headline speaks."""
    return run.parts_fingerprint, run.data.get("priority_class")


def comparable_runs(runs: Iterable[RunSummary]) -> tuple[list[RunSummary], int]:
    """The runs on the same terms as the latest completed one, and how many ran on others."""
    completed = [run for run in runs if run.status == "completed"]
    if not completed:
        return [], 0
    latest = max(completed, key=lambda run: run.created_at or "")
    same = [run for run in completed if terms_of(run) == terms_of(latest)]
    return same, len(completed) - len(same)


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
    threshold = run.metrics.get("test/operating_point/threshold")
    if threshold is None or run.data.get("priority_class") is None:
        return None
    predictions = stored_predictions(run, ["test"])["test"]
    return (predictions.priority_scores >= threshold)[predictions.is_priority]
