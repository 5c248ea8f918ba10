"""Section on the certificate of a run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mental_health_classifier.analysis.sections.section import Section
from mental_health_classifier.console.wording import number, posts_by
from mental_health_classifier.contracts.decimals import exact_decimals

LOAD = ("recall", "recall_with_referred", "alerted", "referred", "left")


def certificate(found: Mapping[str, Any]) -> Section:
    """What is promised, what it costs, and what is not promised."""
    promise = certificate_summary(found)
    if not found["is_certified"]:
        return Section(title="Certificate", sentences=[promise], brief=[promise])
    return Section(
        title="Certificate",
        sentences=[promise, found["guaranteed"], *_scale(found), "Not guaranteed:"],
        notes=found["not_guaranteed"],
        brief=[promise],
    )


def certificate_summary(found: Mapping[str, Any]) -> str:
    """The certificate in one short paragraph."""
    promise = (
        f"recall of {found['priority_class']} at least {number(found['required_recall'])} with "
        f"confidence {number(found['confidence'])}"
    )
    if found.get("looked_at", 1) > 1:
        promise += f" for whichever of {found['looked_at']} models is chosen"
    if not found["is_certified"]:
        return " ".join([f"Certificate: refused, {promise}. {found['reason']}", *on_test(found)])
    alarms = number(found["false_alarm_rate"], found["false_alarm_interval"])
    return (
        f"Certificate: {promise}, at threshold {exact_decimals(found['threshold'])} ({found['n']} "
        f"calibration posts, {found['misses']} missed of {found['allowed_misses']} allowed; false "
        f"alarms on {alarms} of the others there). {' '.join(on_test(found))}".rstrip()
    )


def on_test(found: Mapping[str, Any]) -> Iterator[str]:
    """What deciding so did to the posts of test, beside what is promised."""
    if not found["is_certified"] and "on_test" not in found:
        return
    if "posts" in found:
        yield (
            "It was made on posts from elsewhere, of which none is left to test it on: what it "
            "does to others like them is not known."
        )
        return
    if "on_test" not in found:
        yield "What it does to test was not measured when it was made; mhc certify measures it."
        return
    test = found["on_test"]
    shown = {key: number(test[key]["value"], test[key]["interval"]) for key in LOAD}
    at = "at that threshold" if found["is_certified"] else "at the operating point"
    recall = test["recall"]
    # Records of before count each post as if somebody else had written it.
    authors = recall["authors"] if found.get("has_authors", True) else None
    posts = posts_by(recall["n"], authors)
    yield (
        f"On test {at} recall is {shown['recall']} ({posts}), and {shown['recall_with_referred']} "
        f"with posts that are referred; alerted are {shown['alerted']}, referred "
        f"{shown['referred']} and left {shown['left']} of all posts."
        + ("" if test["left"]["value"] else " So a person reads every post: it saves no reading.")
    )


def _scale(found: Mapping[str, Any]) -> Iterator[str]:
    """Which probabilities decide, and from where on posts are referred."""
    if found.get("temperature") is None:
        yield (
            "Probabilities decide as the model gives them, as when the run was recorded; from half "
            "the threshold on posts are referred."
        )
        return
    yield f"Probabilities decide at the temperature chosen on val ({number(found['temperature'])})."
    if "refer_from" in found:
        begin, share = exact_decimals(found["refer_from"]), f"{100 * found['refer_share']:.0f} %"
        yield f"From {begin} on posts are referred: at most {share} of val."
