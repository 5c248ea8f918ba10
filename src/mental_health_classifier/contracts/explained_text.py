"""One post, what was decided of it, and what each of its words adds to an answer."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import numpy as np

NUM_STRONGEST = 8
_WORD = re.compile(r"\w+(?:['\N{RIGHT SINGLE QUOTATION MARK}]\w+)*")


class DecidedPost(NamedTuple):
    """What `mhc predict` decides of a post, and by what."""

    action: str
    """alert, refer or no_alert."""
    reason: str
    class_name: str
    """The priority class."""
    probability: float | None
    """Of that class, at the temperature that decides; None: the model failed."""
    threshold: float
    """From which probability on posts are alerted."""
    refer_from: float
    """From which on they are referred, if not alerted."""
    is_certified: bool
    """Whether the threshold carries a promise."""


class ExplainedText(NamedTuple):
    """One post and what each of its tokens adds to the logit of a class. Never stored."""

    text: str
    class_name: str
    probabilities: Mapping[str, float]
    """Of each class, the priority class first, those that decide."""
    places: np.ndarray
    """First character of each token and the one after its last, shape `(L, 2)`."""
    attributions: np.ndarray
    """Shape `(L,)`."""
    decided: DecidedPost | None = None
    """None: the run has no priority class, or no threshold to alert from."""

    @property
    def words(self) -> list[tuple[str, float | None]]:
        """The text cut into words, punctuation, and what is between, each with the sum of what its
        tokens add; None: the model did not read it."""
        words: list[tuple[str, float | None]] = []
        done = 0
        for begin, end, value in self._read:
            if begin > done:
                words.append((self.text[done:begin], None))
            words.append((self.text[begin:end], value))
            done = end
        if done < len(self.text):
            words.append((self.text[done:], None))
        return words

    @property
    def _read(self) -> list[tuple[int, int, float]]:
        """Begin, end and value of what was read: tokens that share a character or a word are one
        piece."""
        tokens = [
            (first, last, float(value))
            for (first, last), value in zip(self.places.tolist(), self.attributions, strict=True)
            if last > first
        ]
        whole = [(*match.span(), None) for match in _WORD.finditer(self.text)]
        pieces: list[tuple[int, int, float | None]] = []
        for first, last, value in sorted([*tokens, *whole], key=lambda each: each[:2]):
            if pieces and first < pieces[-1][1]:
                begin, end, before = pieces[-1]
                known = [each for each in (before, value) if each is not None]
                pieces[-1] = (begin, max(end, last), sum(known) if known else None)
            else:
                pieces.append((first, last, value))
        return [(begin, end, value) for begin, end, value in pieces if value is not None]

    @property
    def strongest(self) -> list[tuple[str, float]]:
        """The words that add or take away most."""
        read = [(word, value) for word, value in self.words if value is not None]
        return sorted(read, key=lambda each: -abs(each[1]))[:NUM_STRONGEST]

    @property
    def scale(self) -> float:
        """The most that one word adds or takes away; 1 where none does."""
        return max((abs(value) for _, value in self.strongest), default=0.0) or 1.0
