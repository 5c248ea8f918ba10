"""Where a configuration stands: beside its yardstick, and beside the others on the same posts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mental_health_classifier.analysis.sections.pieces import (
    Sentence,
    shortened,
    yardstick_name,
)
from mental_health_classifier.analysis.sections.section import Section
from mental_health_classifier.analysis.tables.measured_runs import MeasuredRuns
from mental_health_classifier.analysis.tables.paired_difference import (
    difference_to_own_yardstick,
    paired_difference,
)
from mental_health_classifier.analysis.tables.run_facts import facts_of
from mental_health_classifier.analysis.tables.run_names import configuration_names
from mental_health_classifier.tracking.record.run_summary import RunSummary
from mental_health_classifier.tracking.selection.candidates import Candidate, terms_of
from mental_health_classifier.tracking.selection.rivals import (
    leader_among,
    ranked_candidates,
    rivals_of,
)


def standing_of_run(run: RunSummary, runs: Sequence[RunSummary]) -> Section:
    """The verdict on a run's configuration, over all of its seeds among some runs: beside its
    yardstick, and beside the leading configuration, or that one beside its runner-up.

    Args:
        runs: those that it may be compared with, itself among them or not.
    """
    others = [each for each in runs if each.directory.resolve() != run.directory.resolve()]
    comparable = [
        each
        for each in (run, *others)
        if each.status == "completed" and terms_of(each) == terms_of(run)
    ]
    ranked = ranked_candidates(comparable)
    own = next((each for each in ranked if each.configuration_hash == run.configuration_hash), None)
    sentences = [] if own is None else list(_standing(own, comparable, ranked))
    return Section(
        title="Verdict",
        sentences=sentences,
        missing="" if sentences else "None: there is nothing that it was compared with.",
    )


def standing_of_best(comparable: Sequence[RunSummary]) -> list[Sentence]:
    """The verdict on the leading configuration of some comparable runs; empty where there is none.

    See `leader_among`.
    """
    ranked = ranked_candidates(comparable)
    leader = leader_among(comparable, ranked)
    return [] if leader is None else list(_standing(leader, comparable, ranked))


def _standing(
    own: Candidate, comparable: Sequence[RunSummary], ranked: Sequence[Candidate]
) -> Iterator[Sentence]:
    measured = MeasuredRuns()
    facts = [facts_of(each.runs[-1]) for each in ranked]
    names = dict(zip(map(id, ranked), configuration_names(facts, shown=shortened), strict=True))
    if own.runs[-1].yardstick is not None:
        found = difference_to_own_yardstick(measured, own)
        yield found.sentence(names[id(own)], f"the yardstick {yardstick_name(own.runs[-1])}")
    leader = leader_among(comparable, ranked)
    assert leader is not None
    rivals = rivals_of(leader, ranked)
    # The others are asked the question that is asked of the leader, the other way round.
    other = next(iter(rivals), leader) if own is leader else leader
    if own is not other:
        questions = len(rivals) + (own is not leader and own not in rivals)
        found = paired_difference(measured, own, other, questions=questions)
        yield found.sentence(names[id(own)], names[id(other)])
