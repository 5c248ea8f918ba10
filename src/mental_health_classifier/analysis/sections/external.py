"""Sections on predictions that another program made: what they are, and what they do not allow."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mental_health_classifier.analysis.sections.pieces import listed
from mental_health_classifier.analysis.sections.section import Section
from mental_health_classifier.console.wording import amount, count
from mental_health_classifier.tracking.record.external_runs import (
    SCORES,
    facts_of_external,
    has_probabilities,
    parts_of,
)
from mental_health_classifier.tracking.record.run_summary import EXTERNAL, RunSummary

TITLE = "Predictions from elsewhere"
OF_A_MODEL = ("behaviour", "explain", "shortcuts")
"""Assessments that try something on a model."""
OF_PROBABILITIES = ("certificate", "calibration", "triage")

IF_UNSEEN = "It counts only if its model did not learn from these posts, which nobody here can say."
ITS_CALIBRATION = (
    "Anything at all, if its model learned from the calibration posts: it is not here, and nobody "
    "can say."
)
"""Not guaranteed by a certificate of such predictions."""


def predictions_from_elsewhere(run: RunSummary) -> Section:
    """What an external run rests on, and every number that it cannot have."""
    facts = run.model_facts.get(EXTERNAL)
    facts = facts if isinstance(facts, Mapping) else {}
    notes = [str(each) for each in facts.get("notes") or ()]
    return Section(
        title=TITLE,
        sentences=[
            f"Another program made these predictions (file {facts.get('file', 'not known')}). "
            "Nothing here can make them again. What its model has learned from is not known: it "
            "may have read these posts."
        ],
        notes=[*_limits(run), *_without_answer(run, facts), *notes],
    )


def why_not_assessed(run: RunSummary, name: str) -> str:
    """Why a run that was not made here has no assessment of a name; empty where that says nothing
    of it."""
    if run.imported_from:
        return f"Not known: {run.imported_from} has no predictions."
    if name in OF_A_MODEL:
        return "Its model is not here, so that nothing can be tried on it."
    if name in OF_PROBABILITIES and not has_probabilities(run):
        return "Bare classes allow none."
    if name == "calibration" and "val" not in parts_of(run):
        return "There are no predictions for val, where the temperature is chosen."
    if name == "certificate" and not {"val", "calibration"} <= {*parts_of(run)}:
        return (
            "None: nothing is promised about missed posts. That takes predictions for val and "
            "calibration."
        )
    return ""


def _limits(run: RunSummary) -> Iterator[str]:
    kind = facts_of_external(run).get("predictions")
    if not has_probabilities(run):
        yield (
            "They are bare classes. These allow recall, precision, F1 and the confusion at the one "
            "point where they stand. They rank nothing: there is no recall at a specificity of "
            "one's choice, no AUPRC, no calibration, no threshold, no triage, no decision curve "
            "and no certificate."
        )
        return
    if kind == SCORES:
        yield (
            "They are scores, of which the softmax was taken: the order of posts is the model's, "
            "and calibration is that of the softmax."
        )
    parts = {*parts_of(run)}
    if "val" not in parts:
        yield (
            "There are no predictions for val, where thresholds and temperatures are chosen, never "
            "on test: there is no operating point, no calibration, no decision curve and no "
            "certificate, and mhc best, which chooses on val, leaves it out."
        )
    elif "calibration" not in parts:
        yield "There are no predictions for the calibration part, so nothing can be promised."


def _without_answer(run: RunSummary, facts: Mapping[str, Any]) -> Iterator[str]:
    answers = facts.get("answers")
    if isinstance(answers, Mapping) and answers:
        said = listed([f"{amount(n)} {what}" for what, n in answers.items()])
        yield f"Answers of the language model, over all parts: {said}."
    if referred := facts.get("referred"):
        name = run.data.get("priority_class")
        parts = [
            f"{count(found['posts'], 'post')} of {part} ({amount(found['priority'])} {name})"
            for part, found in referred.items()
        ]
        yield (
            f"Without an answer: {listed(parts)}. A person reads them, as if they had been "
            "alerted: they count as alerts in every number, and only calibration leaves them out."
        )
    rowless = {
        part: found["reasons"]["without a row"]
        for part, found in (referred or {}).items()
        if "without a row" in found["reasons"]
    }
    if rowless:
        said = listed([f"{amount(n)} of {part}" for part, n in rowless.items()])
        yield f"Of these posts the file has no row: {said}."
