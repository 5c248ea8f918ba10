"""Windows: overlapping stretches in which a model reads a post that is too long for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from mental_health_classifier.contracts import InputError

Truncation = Literal["head", "tail", "head_tail", "windows"]
"""Which end of a post too long for a model is kept, or half of each; `windows`: all of it is read.
"""
MAX_WINDOWS = 64
"""Of a post, where nothing else is said: some ten thousand words, which few people write and an
accident with a file easily holds."""


@dataclass(frozen=True, slots=True)
class Windows:
    """How long posts are cut into windows, each a post of its own to an encoder: with its own
    special tokens around it, and with places from the first one on.

    All windows of a post but the last are full. What follows the last one that is allowed is not
    read.

    Source: Devlin et al.'s code of BERT for SQuAD, 2018 (`doc_stride`).
    """

    max_tokens: int
    """Of a window, special ones included."""
    overlap: int
    """Tokens that a window has in common with the one before it."""
    most: int
    """Windows of a post."""
    around: tuple[int, int] = (0, 0)
    """Special tokens before and after a post."""

    def __post_init__(self) -> None:
        """Raises InputError where a window would begin where the one before it does."""
        if self.step < 1:
            room = self.step + self.overlap
            raise InputError(
                f"data.window_overlap={self.overlap}: a window of model.max_tokens="
                f"{self.max_tokens} has room for {max(0, room)} tokens of a post, and has to hold "
                "others than the one before it. Give less, or null for a quarter."
            )

    @classmethod
    def of(
        cls, *, max_tokens: int, overlap: int | None, most: int, around: tuple[int, int]
    ) -> Windows:
        """The same where the overlap can be left to a quarter of a window."""
        room = max_tokens - sum(around)
        return cls(
            max_tokens=max_tokens,
            overlap=max(0, min(max_tokens // 4, room - 1)) if overlap is None else overlap,
            most=most,
            around=around,
        )

    @property
    def step(self) -> int:
        """By how many tokens a window begins later than the one before it."""
        return self.max_tokens - sum(self.around) - self.overlap

    @property
    def longest_post(self) -> int:
        """Tokens of a post that are read at most, special ones included."""
        return self.max_tokens + (self.most - 1) * self.step

    @property
    def reading(self) -> dict[str, Any]:
        """What a tokenizer is told, so that it leaves posts whole up to there."""
        return {"max_tokens": self.longest_post, "truncate": "head"}

    def count(self, lengths: np.ndarray) -> np.ndarray:
        """How many windows posts of so many tokens have, special ones included."""
        return 1 + np.maximum(0, -(-(lengths - self.max_tokens) // self.step))

    def tokens_read(self, lengths: np.ndarray) -> np.ndarray:
        """Tokens of all windows of posts of so many tokens."""
        return lengths + (self.count(lengths) - 1) * (self.overlap + sum(self.around))

    def cut(self, start: int, end: int) -> list[tuple[slice, ...]]:
        """The windows of a post, each as stretches of a table in which the post lies from `start`
        to `end`, special tokens included."""
        if end - start <= self.max_tokens:
            return [(slice(start, end),)]
        first, last = start + self.around[0], end - self.around[1]
        room = self.step + self.overlap
        before, after = slice(start, first), slice(last, end)
        return [
            (before, slice(begin, min(begin + room, last)), after)
            for begin in range(first, last - self.overlap, self.step)
        ]
