"""One post and what each of its tokens adds to an answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import numpy as np

NUM_STRONGEST = 8


class ExplainedText(NamedTuple):
    """One post and what each of its tokens adds to the logit of a class. Never stored."""

    text: str
    class_name: str
    probabilities: Mapping[str, float]
    places: np.ndarray
    """First character of each token and the one after its last, shape `(L, 2)`."""
    attributions: np.ndarray
    """Shape `(L,)`."""

    @property
    def pieces(self) -> list[tuple[str, float | None]]:
        """The text cut into tokens, each with what it adds; None: the model did not read it.

        Tokens that share a character are one piece.
        """
        pieces: list[tuple[str, float | None]] = []
        begin = end = 0
        value: float | None = None
        for (first, last), added in zip(self.places.tolist(), self.attributions, strict=True):
            if value is not None and first < end:
                end, value = max(end, last), value + float(added)
                continue
            if value is not None:
                pieces.append((self.text[begin:end], value))
            if first > end:
                pieces.append((self.text[end:first], None))
            begin, end, value = first, last, float(added)
        pieces.append((self.text[begin:end], value))
        if end < len(self.text):
            pieces.append((self.text[end:], None))
        return [piece for piece in pieces if piece[0]]

    @property
    def strongest(self) -> list[tuple[str, float]]:
        """The pieces that add or take away most."""
        read = [(piece, value) for piece, value in self.pieces if value is not None]
        return sorted(read, key=lambda each: -abs(each[1]))[:NUM_STRONGEST]

    @property
    def scale(self) -> float:
        """The most that one piece adds or takes away; 1 where none does."""
        return max((abs(value) for _, value in self.strongest), default=0.0) or 1.0
