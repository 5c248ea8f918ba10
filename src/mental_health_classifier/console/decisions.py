"""A decision about a post, in sentences."""

from __future__ import annotations

from mental_health_classifier.console.wording import number, printable
from mental_health_classifier.contracts.explained_text import DecidedPost

WORDS_ARE_SUMS = "The number of a word is the sum of those of the pieces that the model reads."
NOT_ALERTING = "This run alerts nothing: it has no priority class, or no threshold."
_HEADLINES = {"alert": "Alerted", "refer": "Referred to a person", "no_alert": "Not alerted"}
_REASONS = {
    "near_threshold": "It is close to an alert: posts are referred from {refer_from} on.",
    "low_confidence": "The model recognises no class: all are about as probable.",
    "foreign_language": "The text has too few English words like 'the' and 'of'.",
    "unusual_length": "The text is far longer than the posts that the threshold rests on.",
    "unusual_characters": "The text has too few letters.",
    "empty_text": "The text has no letter.",
    "internal_error": "The model failed on it.",
}


def headline(decided: DecidedPost | None) -> str:
    """`Alerted`, `Referred to a person`, `Not alerted`."""
    return "Not decided" if decided is None else _HEADLINES[decided.action]


def sentence(decided: DecidedPost | None) -> str:
    """`Alerted: probability .160 of suicide, alert from .047.`, and why, where it is not that."""
    why = reasons(decided)
    return why if decided is None else f"{headline(decided)}: {why[0].lower()}{why[1:]}"


def reasons(decided: DecidedPost | None) -> str:
    """`Probability .160 of suicide, alert from .047.`, and what else led to it."""
    if decided is None:
        return NOT_ALERTING
    probability, threshold = _apart(decided.probability, decided.threshold)
    said = [
        f"Probability {probability} of {printable(decided.class_name)}, alert from {threshold}."
    ]
    if decided.reason in _REASONS:
        (_, refer_from) = _apart(decided.probability, decided.refer_from)
        said.append(_REASONS[decided.reason].format(refer_from=refer_from))
    if not decided.is_certified:
        said.append("That threshold has no certificate: nothing is promised about missed posts.")
    return " ".join(said)


def _apart(probability: float | None, bound: float) -> tuple[str, str]:
    """Both as short as shows that they differ."""
    shown = number(probability), number(bound)
    if shown[0] != shown[1] or probability == bound or probability is None:
        return shown
    return f"{probability:.6f}".removeprefix("0"), f"{bound:.6f}".removeprefix("0")
