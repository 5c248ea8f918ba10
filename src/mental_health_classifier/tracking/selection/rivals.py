"""The configuration that leads, and those that it is compared with, the same on every page."""

from __future__ import annotations

from collections.abc import Sequence

from mental_health_classifier.contracts.headline import headline_of
from mental_health_classifier.tracking.record.run_summary import RunSummary
from mental_health_classifier.tracking.selection.admissibility import objections_to
from mental_health_classifier.tracking.selection.best_models import best_by_corpus
from mental_health_classifier.tracking.selection.candidates import Candidate, candidates_among

MOST_RIVALS = 5
"""The leader is compared with so many of the next ones; more comparisons make each one weaker."""


def ranked_candidates(comparable: Sequence[RunSummary]) -> list[Candidate]:
    """Configurations among comparable runs that measured the headline on val, the highest mean
    first."""
    if not comparable:
        return []
    key = f"val/{headline_of(comparable[0].data.get('priority_class'))}"
    candidates = [each for each in candidates_among(comparable) if each.values(key)]
    return sorted(candidates, key=lambda each: -each.mean(key))


def leader_among(comparable: Sequence[RunSummary], among: Sequence[Candidate]) -> Candidate | None:
    """The one that others are compared with: the recommended one, or where no configuration
    qualifies the highest on val. None: there is none at all.

    Args:
        among: from `ranked_candidates`.
    """
    if not among:
        return None
    (best,) = best_by_corpus(comparable)
    is_plain = not comparable or comparable[0].data.get("priority_class") is None
    entry = best["best_f1_macro" if is_plain else "best_suicide_recall"]
    chosen = (each for each in among if each.configuration_hash == entry["configuration"])
    return next(chosen, among[0])


def rivals_of(leader: Candidate, among: Sequence[Candidate]) -> list[Candidate]:
    """The next ones after the leader, at most MOST_RIVALS: the first one is the runner-up."""
    others = [each for each in among if each is not leader]
    if leader.runs[0].data.get("priority_class") is not None:
        # One with something against it is no runner-up while another has not.
        others.sort(key=lambda each: any(objections_to(run) for run in each.runs))
    return others[:MOST_RIVALS]
