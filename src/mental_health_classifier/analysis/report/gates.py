"""What has to be known before a model may be used with people, and what the record knows of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from mental_health_classifier.analysis.report.evidence import Evidence
from mental_health_classifier.analysis.sections.assessments import certificate_summary
from mental_health_classifier.analysis.sections.pieces import Sentence, decimal, measure_of
from mental_health_classifier.console.wording import count, is_number
from mental_health_classifier.tracking.record.run_summary import RunSummary
from mental_health_classifier.tracking.selection.best_models import SEEDS_NEEDED

FLOOR = 0.80
"""What the lower end of the headline's interval has to reach where a run does not say which recall
it needs."""

State = Literal["met", "not met", "no evidence"]


@dataclass(frozen=True, slots=True)
class Gate:
    question: str
    state: State
    evidence: Sentence
    next_step: str
    """What would answer it; empty where it is met."""


def gates_of(evidence: Evidence, run: RunSummary) -> list[Gate]:
    """Each condition with its evidence, see `Gate`."""
    return [
        _certificate(evidence.assessment(run, "certificate"), run),
        _headline(evidence, run),
        _behaviour(evidence.assessment(run, "behaviour"), run),
        _stability(evidence, run),
        *_for_people(evidence, run),
    ]


def _certificate(certificate: Mapping[str, Any] | None, run: RunSummary) -> Gate:
    question = "Is a recall of the priority class certified?"
    if certificate is None:
        return Gate(question, "no evidence", ("No certificate.",), f"mhc certify {run.id}")
    state: State = "met" if certificate["is_certified"] else "not met"
    step = "" if certificate["is_certified"] else "More calibration posts, or a better model."
    return Gate(question, state, (certificate_summary(certificate),), step)


def _headline(evidence: Evidence, run: RunSummary) -> Gate:
    required = run.setting("evaluation", "required_recall")
    floor = required if is_number(required) else FLOOR
    question = f"Is the headline above its floor of {decimal(floor, 2)} with its whole interval?"
    if evidence.priority_class is None:
        return Gate(
            question, "no evidence", ("There is no priority class.",), "data.priority_class=CLASS"
        )
    measure = measure_of(run, f"test/{evidence.headline}", evidence.anchor(run))
    if measure.value is None or measure.interval is None:
        return Gate(question, "no evidence", ("Not measured.",), f"mhc evaluate {run.id}")
    is_met = measure.interval[0] > floor
    return Gate(
        question,
        "met" if is_met else "not met",
        ("Recall at specificity 0.80 on test: ", measure, "."),
        "" if is_met else "A better model, or more test posts for a narrower interval.",
    )


def _behaviour(behaviour: Mapping[str, Any] | None, run: RunSummary) -> Gate:
    question = "Does it pass the behaviour suite?"
    if behaviour is None:
        return Gate(question, "no evidence", ("Not run.",), f"mhc behaviour {run.id}")
    total = behaviour["total"]
    found = (
        f"{count(total['misses'], 'miss').replace('misss', 'misses')} and "
        f"{count(total['false_alarms'], 'false alarm')} in {count(total['n'], 'case')}."
    )
    if behaviour["passes"]:
        return Gate(question, "met", (found,), "")
    return Gate(question, "not met", (found,), "Look at the capabilities it fails.")


def _stability(evidence: Evidence, run: RunSummary) -> Gate:
    question = "Is it known how much it changes with the seed?"
    candidate = evidence.candidate_of(run)
    number = 1 if candidate is None else len(candidate.runs)
    found = (f"{count(number, 'seed')} recorded; {SEEDS_NEEDED} are needed.",)
    if number >= SEEDS_NEEDED:
        return Gate(question, "met", found, "")
    return Gate(question, "no evidence", found, "python train.py -m seed=1,2,3,4,5 …")


def _for_people(evidence: Evidence, run: RunSummary) -> Iterator[Gate]:
    rate = measure_of(run, "test/operating_point/alert_rate", evidence.anchor(run))
    about_rate: Sentence = ("The alert rate is not known.",)
    if rate.value is not None:
        about_rate = (
            "At its operating point it alerts ",
            rate,
            " of posts like those of test. How many reviewers there are is not recorded.",
        )
    yield Gate(
        "Are there enough reviewers for every alert?",
        "no evidence",
        about_rate,
        "Reviewing capacity at least alert rate times volume.",
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
        (f"{elsewhere}No record of a prospective silent run.",),
        "A study whose decisions nobody acts on, judged afterwards.",
    )
    has_reference = (run.directory / "assessments" / "reference.json").is_file()
    yield Gate(
        "Is drift watched, and is it set when to calibrate again?",
        "no evidence",
        (
            "What its calibration posts looked like is recorded, so that mhc predict can warn; "
            "who acts on that is not."
            if has_reference
            else "No reference of what its calibration posts looked like.",
        ),
        "A person who reads the warnings, and a rule that says when the model is taken out.",
    )
    yield Gate(
        "Is there a crisis path with a named owner?",
        "no evidence",
        ("No record can show it.",),
        "A written path from alert to help, with a person responsible at every hour.",
    )
