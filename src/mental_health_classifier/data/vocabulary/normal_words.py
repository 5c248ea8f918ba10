"""Words in the form in which vocabularies and posts are compared, each with its place.

Compatibility forms, case, typographic signs and accents typed as separate characters make no
difference, nor do hyphens, possessives and white space; other punctuation is a word of its own, so
that no phrase reaches across it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import NamedTuple

_ASCII_OF_SIGNS = str.maketrans("’‘ʼ´`“”‐‑‒–—…\u00a0", "'''''\"\"----;. ")
_WORD = re.compile(r"[a-z0-9]+(?:'[a-z0-9]+)*|[^\sa-z0-9'_-]")
_FOREIGN = re.compile(r"[\x00-\x7f]?[^\x00-\x7f]+")
_LETTER, _SPACE, _OTHER = "a", " ", "."


class Words(NamedTuple):
    words: list[str]
    starts: Sequence[int]
    """First character of each word in the text."""
    ends: Sequence[int]
    """The character after the last of each word."""


def normal_words(text: str) -> Words:
    """Splits `text` into words in normal form."""
    text = text.translate(_ASCII_OF_SIGNS)
    if text.isascii():
        return _split(text.lower(), text.lower())
    folded, shape, starts, ends = _fold(text)
    words, first, after_last = _split(folded, shape)
    return Words(words, [starts[i] for i in first], [ends[i - 1] for i in after_last])


def normal_form(phrase: str) -> str:
    """The words of `phrase` with one space between them."""
    return " ".join(normal_words(phrase).words)


def _split(folded: str, shape: str) -> Words:
    """Words of `folded`, found by the ASCII `shape` of its characters."""
    words, starts, ends = [], [], []
    for match in _WORD.finditer(shape):
        start, end = match.span()
        word = folded[start:end]
        if word.endswith("'s"):
            word, end = word[:-2], end - 2
        words.append(word)
        starts.append(start)
        ends.append(end)
    return Words(words, starts, ends)


def _fold(text: str) -> tuple[str, str, list[int], list[int]]:
    """Folds case and compatibility forms.

    Returns:
        The folded text; the same with a letter or sign of ASCII in place of each foreign one; and
        for each of its characters where in `text` what it came from starts and ends.
    """
    folded: list[str] = []
    shape: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    done = 0
    for match in _FOREIGN.finditer(text):
        _keep(text, done, match.start(), folded, shape, starts, ends)
        for start, end in _clusters(text, match.start(), match.end()):
            plain = unicodedata.normalize("NFKC", text[start:end])
            plain = unicodedata.normalize("NFKC", plain.casefold())
            plain = "".join(c for c in plain if unicodedata.category(c) != "Cf")
            folded.append(plain)
            shape += [_shape_of(character) for character in plain]
            starts += [start] * len(plain)
            ends += [end] * len(plain)
        done = match.end()
    _keep(text, done, len(text), folded, shape, starts, ends)
    return "".join(folded), "".join(shape), starts, ends


def _keep(
    text: str,
    start: int,
    end: int,
    folded: list[str],
    shape: list[str],
    starts: list[int],
    ends: list[int],
) -> None:
    """Appends a stretch of ASCII as it is, in lower case."""
    lower = text[start:end].lower()
    folded.append(lower)
    shape.append(lower)
    starts += range(start, end)
    ends += range(start + 1, end + 1)


def _clusters(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """Characters of a stretch, each together with the marks that are typed after it."""
    firsts = [
        place
        for place in range(start, end)
        if place == start or not unicodedata.category(text[place]).startswith("M")
    ]
    return list(zip(firsts, [*firsts[1:], end], strict=True))


def _shape_of(character: str) -> str:
    if character.isascii():
        return character
    if character.isalnum() or unicodedata.category(character).startswith("M"):
        return _LETTER
    return _SPACE if character.isspace() else _OTHER
