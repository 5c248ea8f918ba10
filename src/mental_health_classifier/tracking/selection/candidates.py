"""Candidates: runs of one configuration that differ in their seed alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean, stdev

from mental_health_classifier.tracking.record.run_summary import RunSummary


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
