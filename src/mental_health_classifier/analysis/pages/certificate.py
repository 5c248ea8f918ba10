"""A certificate in words: what is promised, what it costs, and what is not promised."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mental_health_classifier.console.wording import number


def certificate_sentences(certificate: Mapping[str, Any]) -> Iterator[str]:
    """The certificate in full, a paragraph each."""
    yield certificate_summary(certificate)
    if certificate["is_certified"]:
        yield certificate["guaranteed"]
        yield "Not guaranteed:"
        yield from (f"- {limit}" for limit in certificate["not_guaranteed"])


def certificate_summary(certificate: Mapping[str, Any]) -> str:
    """The certificate in one short paragraph."""
    promise = (
        f"recall of {certificate['priority_class']} at least "
        f"{number(certificate['required_recall'])} with confidence "
        f"{number(certificate['confidence'])}"
    )
    if not certificate["is_certified"]:
        return f"Certificate: refused, {promise}. {certificate['reason']}"
    alarms = number(certificate["false_alarm_rate"], certificate["false_alarm_interval"])
    return (
        f"Certificate: {promise}, at threshold {certificate['threshold']:g} "
        f"({certificate['n']} calibration posts, {certificate['misses']} missed of "
        f"{certificate['allowed_misses']} allowed; false alarms on {alarms} of other posts)."
    )
