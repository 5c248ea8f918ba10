"""Conditions of any use with people, and what the record knows of each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal, NamedTuple

from mental_health_classifier.analysis.report.evidence import Evidence
from mental_health_classifier.analysis.sections.assessments import behaviour
from mental_health_classifier.analysis.sections.certificate import certificate_summary, on_test
from mental_health_classifier.analysis.sections.external import IF_UNSEEN, why_not_assessed
from mental_health_classifier.analysis.sections.pieces import Sentence, measure_of
from mental_health_classifier.console.wording import count, is_number
from mental_health_classifier.contracts import InputError
from mental_health_classifier.contracts.decimals import decimals
from mental_health_classifier.tracking.record.certificates import PROMISE, certificate_of_run
from mental_health_classifier.tracking.record.run_summary import RunSummary, read_run
from mental_health_classifier.tracking.selection.best_models import SEEDS_NEEDED

FLOOR = 0.80
"""What the lower end of the headline's interval has to reach where a run does not say which recall
it needs."""

_BY_ITS_OWNER = "Who trained it can say which posts it learned from, and try it."

State = Literal["met", "not met", "no evidence"]


class Gate(NamedTuple):
    question: str
    state: State
    evidence: Sentence
    next_step: str
    """What would answer it; empty where it is met."""


def gates_of(evidence: Evidence, run: RunSummary) -> Iterator[Gate]:
    """Each condition with its evidence; a record answers the first ones, people the others."""
    promise, doubt = promise_of(evidence, run)
    yield _about_certificate(evidence, run, promise, doubt)
    yield _about_headline(evidence, run)
    question = "Does it pass the behaviour suite?"
    if (suite := evidence.assessment(run, "behaviour")) is None and run.is_external:
        yield Gate(question, "no evidence", why_not_assessed(run, "behaviour"), _BY_ITS_OWNER)
    elif suite is None:
        yield Gate(question, "no evidence", "Not run.", f"mhc behaviour {run.id}")
    else:
        (said,) = behaviour(suite).brief
        yield _judged(question, suite["passes"], said, "Look at the capabilities it fails.")
    candidate = evidence.candidate_of(run)
    number = 1 if candidate is None else len(candidate.models)
    yield Gate(
        "Is it known how much it changes with the seed?",
        "met" if number >= SEEDS_NEEDED else "no evidence",
        f"{count(number, 'seed')} recorded; {SEEDS_NEEDED} are needed.",
        ""
        if number >= SEEDS_NEEDED
        else "mhc assess … --name NAME --seed 1, for each seed that its program has trained"
        if run.is_external
        else "python train.py -m seed=1,2,3,4,5 …",
    )
    yield from _for_people(evidence, run, promise)


def promise_of(evidence: Evidence, run: RunSummary) -> tuple[Mapping[str, Any] | None, str]:
    """What can be promised of a run that was chosen among all that a reader sees here; None: its
    record has no certificate. And where that cannot be worked out why its own certificate, as if it
    were the only run, stands in."""
    own, looked_at = evidence.assessment(run, "certificate"), evidence.looked_at
    if own is None or own.get("looked_at", 1) >= looked_at:
        return own, ""
    promise = {key: own[key] for key in PROMISE}
    try:
        # In full: lists of runs leave out the checksums of their files.
        return certificate_of_run(read_run(run.directory), **promise, looked_at=looked_at), ""
    except (InputError, OSError) as error:
        return own, f"It is not for a run chosen among {looked_at}: {error}"


def _about_certificate(
    evidence: Evidence, run: RunSummary, found: Mapping[str, Any] | None, doubt: str
) -> Gate:
    question = "Is a recall of the priority class certified?"
    if found is None:
        return Gate(question, "no evidence", "No certificate.", f"mhc certify {run.id}")
    if doubt:
        again = f"mhc certify {run.id} --among {len(evidence.comparable)}"
        return Gate(question, "no evidence", f"{certificate_summary(found)} {doubt}", again)
    if found["is_certified"] and run.is_external:
        said = f"{certificate_summary(found)} {IF_UNSEEN}"
        return Gate(question, "no evidence", said, _BY_ITS_OWNER)
    step = "More calibration posts, or a better model."
    return _judged(question, found["is_certified"], certificate_summary(found), step)


def _judged(question: str, is_met: bool, said: Sentence, next_step: str) -> Gate:
    return Gate(question, "met", said, "") if is_met else Gate(question, "not met", said, next_step)


def _about_headline(evidence: Evidence, run: RunSummary) -> Gate:
    required = run.setting("evaluation", "required_recall")
    floor = required if is_number(required) else FLOOR
    question = f"Is the headline above its floor of {decimals(floor, 2)} with its whole interval?"
    if evidence.priority_class is None:
        return Gate(
            question, "no evidence", "There is no priority class.", "data.priority_class=CLASS"
        )
    measure = measure_of(run, f"test/{evidence.headline}", evidence.anchor(run))
    if measure.value is None or measure.interval is None:
        return Gate(question, "no evidence", "Not measured.", f"mhc evaluate {run.id}")
    said: Sentence = ("Recall at specificity .80 on test: ", measure, ".")
    if measure.interval[0] > floor and run.is_external:
        return Gate(question, "no evidence", (*said, f" {IF_UNSEEN}"), _BY_ITS_OWNER)
    return _judged(
        question,
        measure.interval[0] > floor,
        said,
        "A better model, or more test posts for a narrower interval.",
    )


def _for_people(
    evidence: Evidence, run: RunSummary, certificate: Mapping[str, Any] | None
) -> Iterator[Gate]:
    rate = measure_of(run, "test/operating_point/alert_rate", evidence.anchor(run))
    about_rate: Sentence = "The alert rate is not known."
    if certificate is not None and "on_test" in certificate:
        said = " ".join(on_test(certificate))
        about_rate = f"{said} How many reviewers there are is not recorded."
    elif rate.value is not None:
        about_rate = (
            "At its operating point it alerts ",
            rate,
            " of posts like those of test. How many reviewers there are is not recorded.",
        )
    yield Gate(
        "Are there enough reviewers for every alert?",
        "no evidence",
        about_rate,
        "Reviewing capacity at least the share alerted and referred times volume.",
    )
    external = len(list((run.directory / "assessments").glob("evaluate-*.json")))
    elsewhere = (
        f"Judged on posts from elsewhere {count(external, 'time')}, which is no silent run. "
        if external
        else ""
    )
    yield Gate(
        "Did it run silently, beside people who decided without it?",
        "no evidence",
        f"{elsewhere}No record of a prospective silent run.",
        "A study whose decisions nobody acts on, judged afterwards.",
    )
    has_reference = (run.directory / "assessments" / "reference.json").is_file()
    yield Gate(
        "Is drift watched, and is it set when to calibrate again?",
        "no evidence",
        "Its model is not here, so that nothing here sees the posts that it judges."
        if run.is_external
        else "What its calibration posts looked like is recorded, so that mhc predict can warn; "
        "who acts on that is not."
        if has_reference
        else "No reference of what its calibration posts looked like.",
        "A person who reads the warnings, and a rule that says when the model is taken out.",
    )
    yield Gate(
        "Is there a crisis path with a named owner?",
        "no evidence",
        "No record can show it.",
        "A written path from alert to help, with a person responsible at every hour.",
    )
