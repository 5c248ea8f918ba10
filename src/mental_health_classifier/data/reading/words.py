"""Words of a text, also where a script puts no spaces between them."""

from __future__ import annotations

import re

# Thai, Lao, Burmese and Khmer; kana; Han, with its compatibility forms and rarer characters.
_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u31f0-\u31ff"
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af"
)
_UNSPACED_SIGN = re.compile(f"[{_UNSPACED}]")
_WORD = re.compile(r"\w+")
_SIGN_OR_WORD = re.compile(rf"[{_UNSPACED}]|[^\W{_UNSPACED}]+")


def words_of(text: str) -> list[str]:
    """The words of a text. Where spaces do not divide it each character is one."""
    is_spaced = text.isascii() or not _UNSPACED_SIGN.search(text)
    return (_WORD if is_spaced else _SIGN_OR_WORD).findall(text)


def num_words(text: str) -> int:
    """How many there are, as people count them: between white space, where there is any."""
    is_spaced = text.isascii() or not _UNSPACED_SIGN.search(text)
    return len(text.split()) if is_spaced else len(words_of(text))


def is_unspaced(text: str) -> bool:
    """Whether most of a text is in scripts that put no spaces between words, and it has none."""
    if text.isascii() or not _UNSPACED_SIGN.search(text):
        return False
    signs = len(_UNSPACED_SIGN.findall(text))
    return 2 * signs > len(text) and signs > 4 * (text.count(" ") + 1)
