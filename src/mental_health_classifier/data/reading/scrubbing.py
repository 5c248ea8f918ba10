"""Scrubbing: links, handles, addresses and numbers leave a post before anything reads it."""

from __future__ import annotations

import re
from collections.abc import Callable

PLACEHOLDERS = {"link": "<link>", "email": "<email>", "user": "<user>", "phone": "<phone>"}

# Endings of addresses that are no words of their own: with others "so sad.he/she" would be a link.
_ENDINGS = (
    "com|org|net|edu|gov|info|biz|app|dev|xyz|io|co|ly|gg|gl|tv|cc|gd|ee|eu|uk|de|fr|nl|es|se|ch|ca|"
    "au|nz|br|pl|ru|jp|kr|cn"
)
_SERVICES = r"(?:t|wa|m|fb|ig|paypal|about)\.me|youtu\.be|redd\.it|amzn\.to|1drv\.ms|spoti\.fi"
_AT_SIGNS = "@\ufe6b\uff20"
_AT = f"[{_AT_SIGNS}]"
_DASH = "\u2010-\u2015\u2212\ufe63\uff0d-"
_GAP = f"[ .\u00a0\u2007\u2009\u202f{_DASH}]?"

# Order matters: an address in a link or an e-mail must not be half eaten as a handle or a number.
# Every repetition is bounded or over one class of characters, so a hostile post costs linear time.
_PATTERNS = {
    "link": re.compile(
        r"(?:(?<![\w+.-])[a-z][a-z0-9+.-]{1,20}://|\b(?:https?://|www\.)"
        rf"|(?<![\w.@-])(?:(?:[a-z0-9-]{{1,63}}\.){{1,4}}(?:{_ENDINGS})|(?:{_SERVICES}))/)"
        r"[^\s<>\"']+",
        re.IGNORECASE,
    ),
    "email": re.compile(
        rf"(?<![\w.+-])[\w.+-]{{1,64}}{_AT}[\w-]{{1,63}}(?:\.[\w-]{{1,63}}){{1,8}}"
    ),
    "user": re.compile(
        rf"(?<![\w{_AT_SIGNS}]){_AT}\w{{2,50}}"
        # Doses are written like names of Reddit.
        r"|(?<![\w/])(?:/?u/|/user/|/?r/u_)(?!(?:ml|dl|kg|min|hr|hour|day|week)s?\b)[\w-]{2,50}",
        re.IGNORECASE,
    ),
    "phone": re.compile(
        rf"(?<![\w+])(?:\+\d{{1,3}}{_GAP})?(?:\(\d{{2,4}}\)|\d{{2,4}})"
        rf"(?:{_GAP}\d{{2,4}}){{2,4}}(?!\w)"
        # With an area code, which no date looks like.
        rf"|(?<![\w+/])(?:\+\d{{1,3}}{_GAP}\d{{2,5}}|0\d{{2,5}}) ?/ ?"
        rf"\d{{2,4}}(?:{_GAP}\d{{1,4}}){{1,4}}(?![\w/])"
    ),
}
_DIGIT = re.compile(r"\d")
_PATH = re.compile(r"\.[A-Za-z]{2,4}/")
# What a text must hold for a pattern to be looked for: most posts hold none of it, and looking for
# all four would take as long as turning the post into tokens.
_SIGNS: dict[str, Callable[[str], object]] = {
    "link": lambda text: "://" in text or "www." in text.lower() or _PATH.search(text),
    "email": lambda text: any(sign in text for sign in _AT_SIGNS),
    "user": lambda text: "/" in text or any(sign in text for sign in _AT_SIGNS),
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
