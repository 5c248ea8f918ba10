"""Unfamiliar texts: another language, unusual length, few letters.

They are told by how they look and never by their words, so that no word has to be recorded.
"""

from __future__ import annotations

import string
from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from mental_health_classifier.evaluation.decisions import EMPTY
from mental_health_classifier.evaluation.drift import histogram_of

if TYPE_CHECKING:
    import pandas as pd

MAX_TEXTS = 20_000
"""So many posts say how posts look as well as a million would."""
OUTSIDE = 0.005
"""Share of the reference's own posts that lie beyond each of its ends."""
_ASCII_LETTERS = string.ascii_letters.encode()
MIN_WORDS = 5
"""In fewer, the share of function words says nothing."""


class TextFacts(NamedTuple):
    characters: int
    words: int
    letter_share: float
    """Of the characters that are not white space."""
    function_word_share: float
    """English words like "the" and "of", of all words; other languages have none of them."""


@cache
def _function_words() -> frozenset[str]:
    from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

    return ENGLISH_STOP_WORDS


def facts_of_text(text: str) -> TextFacts:
    known = _function_words()
    dense = "".join(text.split())
    words = text.casefold().split()
    num_function_words = sum([word.strip(".,!?;:'\"") in known for word in words])
    return TextFacts(
        characters=len(text),
        words=len(words),
        letter_share=_num_letters(dense) / len(dense) if dense else 0.0,
        function_word_share=num_function_words / len(words) if words else 0.0,
    )


def _num_letters(text: str) -> int:
    if text.isascii():  # most posts, and ten times as fast
        return len(text) - len(text.encode().translate(None, _ASCII_LETTERS))
    return sum(map(str.isalpha, text))


def reference_of_texts(texts: Sequence[str]) -> dict[str, Any]:
    """How the posts look that a certificate rests on: numbers without a word of them.

    Returns:
        `characters`, a histogram; the `longest` and the least `letter_share` and
        `function_word_share` that is still usual.
    """
    facts = [facts_of_text(text) for text in texts]
    characters = np.array([each.characters for each in facts])
    long_enough = [each.function_word_share for each in facts if each.words >= MIN_WORDS]
    return {
        "characters": histogram_of(characters),
        "longest": int(np.quantile(characters, 1 - OUTSIDE)),
        "letter_share": float(np.quantile([each.letter_share for each in facts], OUTSIDE)),
        "function_word_share": float(np.quantile(long_enough, OUTSIDE)) if long_enough else 0.0,
    }


def looks_of(texts: pd.Series) -> dict[str, Any]:
    """`reference_of_texts` of some of many scrubbed texts, evenly spaced."""
    return reference_of_texts(texts.iloc[:: 1 + len(texts) // MAX_TEXTS].tolist())


def reason_to_refer(text: str, reference: Mapping[str, Any] | None) -> str | None:
    """Why a person has to read this text; None: nothing speaks against the model's reading.

    Args:
        text: scrubbed.
        reference: from `reference_of_texts`. None: not known, and only texts without a letter are
            told.
    """
    facts = facts_of_text(text)
    if facts.letter_share == 0:
        return EMPTY
    if reference is None:
        return None
    if facts.words >= MIN_WORDS and facts.function_word_share < reference["function_word_share"]:
        return "foreign_language"
    if facts.characters > 2 * reference["longest"]:
        return "unusual_length"
    # Emoji and lists of numbers; by half, since short posts vary.
    if facts.letter_share < reference["letter_share"] / 2:
        return "unusual_characters"
    return None
