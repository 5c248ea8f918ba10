"""Takes what points to a person out of a post before anything else reads it."""

from __future__ import annotations

import re
from collections.abc import Callable

PLACEHOLDERS = {"link": "<link>", "email": "<email>", "user": "<user>", "phone": "<phone>"}

# Order matters: an address in a link or an e-mail must not be half eaten as a handle or a number.
# Every repetition is bounded or over one class of characters, so a hostile post costs linear time.
_PATTERNS = {
    "link": re.compile(r"\b(?:https?://|www\.)[^\s<>\"']+", re.IGNORECASE),
    "email": re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}"),
    "user": re.compile(r"(?<![\w@])@\w{2,50}|(?<![\w/])/?u/[\w-]{2,50}"),
    "phone": re.compile(
        r"(?<![\w+])(?:\+\d{1,3}[ .-]?)?(?:\(\d{2,4}\)|\d{2,4})(?:[ .-]?\d{2,4}){2,4}(?!\w)"
    ),
}
_DIGIT = re.compile(r"\d")
# What a text must hold for a pattern to be looked for: most posts hold none of it, and looking for
# all four would take as long as turning the post into tokens.
_SIGNS: dict[str, Callable[[str], object]] = {
    "link": lambda text: "://" in text or "www." in text.lower(),
    "email": lambda text: "@" in text,
    "user": lambda text: "@" in text or "u/" in text,
    "phone": _DIGIT.search,
}
_MIN_PHONE_DIGITS = (
    9  # shorter runs of digits are dates, amounts and scores more often than numbers to call
)


def scrub(text: str) -> tuple[str, dict[str, int]]:
    """Replaces links, e-mail addresses, handles and phone numbers by placeholders.

    Returns:
        The text with white space collapsed, and how many of each kind were replaced (only those
        above 0).
    """
    counts: dict[str, int] = {}

    def replace(match: re.Match[str], kind: str) -> str:
        if kind == "phone" and sum(c.isdigit() for c in match[0]) < _MIN_PHONE_DIGITS:
            return match[0]
        counts[kind] = counts.get(kind, 0) + 1
        return f" {PLACEHOLDERS[kind]} "

    for kind, pattern in _PATTERNS.items():
        if not _SIGNS[kind](text):
            continue
        text = pattern.sub(lambda match, kind=kind: replace(match, kind), text)
    return " ".join(text.split()), counts
