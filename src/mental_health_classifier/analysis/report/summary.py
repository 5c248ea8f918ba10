"""The report in a few sentences, each worked out from the records; the answer first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from mental_health_classifier.analysis.report.evidence import Evidence
from mental_health_classifier.analysis.report.gates import Gate, promise_of
from mental_health_classifier.analysis.report.recommendation import Recommendation, linked
from mental_health_classifier.analysis.sections.answer import answer
from mental_health_classifier.analysis.sections.performance import is_above_ceiling
from mental_health_classifier.analysis.sections.pieces import (
    Measure,
    Sentence,
    interval_of,
    listed,
    shortened,
    yardstick_name,
)
from mental_health_classifier.analysis.tables.paired_difference import difference_to_own_yardstick
from mental_health_classifier.console.wording import amount, count
from mental_health_classifier.contracts.decimals import decimals
from mental_health_classifier.tracking.record.external_runs import MADE_ELSEWHERE
from mental_health_classifier.tracking.record.run_summary import RunSummary
from mental_health_classifier.tracking.selection.candidates import Candidate


def answer_sentences(evidence: Evidence, found: Recommendation) -> list[Sentence]:
    """Which model, and what it found, missed and alerted in posts beside the yardstick."""
    run = found.shown
    if run is None:
        return []
    said: list[Sentence] = []
    if found.run is None:
        said.append(("No configuration can be recommended. ", found.reason))
    first, *beside = answer(run).sentences or ("",)
    assert isinstance(first, str)
    kind = f"{found.kind[0].upper()}{found.kind[1:]}"
    return [*said, (f"{kind}: ", evidence.seed_link(run), f". {first}"), *beside]


def summary(evidence: Evidence, found: Recommendation, gates: list[Gate]) -> list[Sentence]:
    """What a reader with one minute has to know besides, most important first."""
    return [
        *(_about_model(evidence, found, found.shown) if found.shown is not None else ()),
        *_about_leaks(evidence),
        *_about_gates(gates),
        *_about_runs(evidence),
    ]


def _about_runs(evidence: Evidence) -> Iterator[Sentence]:
    statuses = Counter(run.status for run in evidence.runs)
    said = [f"{number} {status}" for status, number in statuses.most_common()]
    became = f"all {next(iter(statuses))}" if len(statuses) == 1 else listed(said)
    yield (f"This report covers {count(len(evidence.runs), 'run')}, {became}.",)
    if evidence.archived:
        yield (
            f"{count(len(evidence.archived), 'archived run')} left out; mhc report --archived has "
            "them too.",
        )
    completed = [run for run in evidence.runs if run.status == "completed"]
    if imported := sum(not run.is_ranked for run in completed):
        yield (
            f"{count(imported, 'completed run')} of another tracker cannot be ranked: which posts "
            "they were tested on is not known here.",
        )
    if not evidence.comparable:
        what = "No other" if imported else "None of them"
        yield (f"{what} was completed, so that there is nothing to compare.",)
        return
    data = evidence.comparable[0].data
    kind = "synthetic posts" if data.get("is_synthetic") else "posts"
    kept = data.get("account", {}).get("rows_kept")
    called = evidence.comparable[0].posts_called
    foreign = sum(run.is_external for run in evidence.comparable)
    learned = "" if foreign else "learned from and "
    yield (
        f"{count(len(evidence.comparable), 'completed run')} of "
        f"{count(len(evidence.candidates), 'configuration')} can be compared: they {learned}"
        f"were tested on the same {amount(kept)} {kind} ({shortened(called)}).",
    )
    if foreign:
        yield (
            f"{count(foreign, 'run')} of these {'holds' if foreign == 1 else 'hold'} predictions "
            "that another program made: nobody here can say which posts its model learned from.",
        )
    if trials := len(evidence.trials):
        yield (
            f"{count(trials, 'completed trial')} of a search cannot win here, being one seed "
            "of many tries: the best of them was trained again with fresh seeds, which can.",
        )
    others = len(completed) - imported - len(evidence.comparable) - trials
    if others:
        yield (
            f"{count(others, 'completed run')} on other posts, on other parts "
            "of them, or with another priority class, cannot be ranked against those and "
            "have tables and recommendations of their own.",
        )


def _about_model(evidence: Evidence, found: Recommendation, run: RunSummary) -> Iterator[Sentence]:
    candidate = evidence.candidate_of(run)
    assert candidate is not None
    headline = evidence.estimate(candidate, f"test/{evidence.headline}")
    models = len(candidate.models)
    over = f", on average over {models} seeds," if models > 1 else ", of a single model,"
    subject: Sentence = (f"The {found.kind}, ", evidence.link(run), over)
    if evidence.priority_class is None:
        yield (*subject, " reaches a macro F1 of ", headline, " on test.")
    else:
        yield (
            *subject,
            " finds ",
            headline,
            f" of the {shortened(evidence.priority_class)} posts of test where 80 % of all other "
            "posts stay without an alert.",
        )
    if run.is_external:
        yield (MADE_ELSEWHERE,)
    yield from _about_yardstick(evidence, candidate)
    yield from _about_rivals(evidence, found)
    yield from _about_certificate(evidence, run)


def _about_yardstick(evidence: Evidence, candidate: Candidate) -> Iterator[Sentence]:
    run = candidate.best_run(f"val/{evidence.headline}")
    found = difference_to_own_yardstick(evidence.measured, candidate, anchor=evidence.anchor(run))
    if found.facts is not None:
        yardstick = f"the yardstick {yardstick_name(candidate.runs[-1])}"
        yield found.sentence(evidence.link(run), yardstick)


def _about_rivals(evidence: Evidence, found: Recommendation) -> Iterator[Sentence]:
    if found.shown is None or not found.rivals:
        return
    first = found.rivals[0]
    if first.difference.facts is not None:
        yield first.difference.sentence(evidence.link(found.shown), first.run)
    if others := [each for each in found.ties if each is not first]:
        yield ("It is tied with ", *linked(others), ", too.")


def _about_certificate(evidence: Evidence, run: RunSummary) -> Iterator[Sentence]:
    certificate, doubt = promise_of(evidence, run)
    if certificate is None or doubt:  # which the gate on it tells
        return
    looked_at = certificate.get("looked_at", 1)
    promise = (
        f"a recall of {decimals(certificate['required_recall'], 2)} with confidence "
        f"{decimals(certificate['confidence'], 2)}"
        f"{f', for whichever of {looked_at} models is chosen,' if looked_at > 1 else ''}"
    )
    if certificate["is_certified"]:
        alarms = Measure(
            certificate["false_alarm_rate"],
            interval_of(certificate["false_alarm_interval"]),
            anchor=evidence.anchor(run),
        )
        yield (
            f"Its certificate promises {promise} for posts like those it was calibrated on, at a "
            "threshold that alerts ",
            alarms,
            " of the other posts.",
        )
    else:
        yield (f"It has no certificate: {promise} cannot be promised.",)


def _about_leaks(evidence: Evidence) -> Iterator[Sentence]:
    above = [run for run in evidence.comparable if is_above_ceiling(run)]
    if above:
        yield (
            f"{count(len(above), 'run')} reached an accuracy above the best that any reader of "
            "these posts can do, ",
            evidence.link(above[0]),
            " among them: that means a leak.",
        )
    warned = {warning for run in evidence.comparable for warning in run.data.get("warnings", ())}
    if warned:
        yield (f"The data come with {count(len(warned), 'warning')}, see below.",)


def _about_gates(gates: list[Gate]) -> Iterator[Sentence]:
    if not gates:
        return
    met = sum(gate.state == "met" for gate in gates)
    yield (
        f"Of {len(gates)} conditions for any use with people, the records show {met} to be met.",
    )
