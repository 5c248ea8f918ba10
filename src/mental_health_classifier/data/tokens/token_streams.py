"""Annotations of stretches of a post, carried over to its tokens.

An annotator marks characters; a token carries the mark of the span that it shares a character with.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from mental_health_classifier.contracts import InputError
from mental_health_classifier.data.tokens.token_cache import TokenTable
from mental_health_classifier.data.tokens.tokenizer import PostTokenizer
from mental_health_classifier.data.tokens.windows import Windows

OUTSIDE = 0
"""The value of a token that no span touches."""


class Span(NamedTuple):
    """Characters `start` to `end` (the one after the last) of a post and a number for them."""

    start: int
    end: int
    value: int


class Annotator(ABC):
    """One entry of the configuration's `token_streams`."""

    group: str | None = None
    """Where results are to be told apart by whether a post has a mark: what that is called."""

    @abstractmethod
    def key(self) -> str:
        """Names all that decides what is marked, so that what was cached or recorded is known."""

    @abstractmethod
    def annotate(self, posts: pd.DataFrame) -> Sequence[Sequence[Span]]:
        """Finds the spans of each post, from left to right.

        Args:
            posts: with the column `text`, scrubbed, and in training all others of the corpus.
        """

    def describe(self) -> dict[str, Any]:
        """What a run records of it."""
        return {}

    def save(self, folder: Path) -> None:  # noqa: B027 - most need nothing
        """Leaves in a run's `folder` what marking posts later needs beyond the configuration."""

    def restored(self, folder: Path, *, key: str) -> Annotator:
        """The annotator as the run used it that left its files in `folder`.

        Args:
            key: what `key` was in that run.

        Raises:
            InputError: posts would be marked otherwise than in that run.
        """
        if self.key() != key:
            raise InputError(
                "What marks posts beside the model has changed since the run was trained. Put back "
                "what it reads (token_streams in the run's config.yaml), or repeat the run."
            )
        return self


def encode_posts(
    tokenizer: PostTokenizer,
    posts: pd.DataFrame,
    annotators: Mapping[str, Annotator],
    *,
    max_tokens: int,
    truncate: str,
    windows: Windows | None = None,
) -> TokenTable:
    """Turns posts into tokens with all that is known of them, in memory.

    Args:
        posts: with the column `text`, scrubbed.
        max_tokens, truncate: see `PostTokenizer.encode`.
        windows: see `TokenTable`.
    """
    given = {"max_tokens": max_tokens, "truncate": truncate}
    ids, lengths = tokenizer.encode(posts["text"].tolist(), **given)
    return TokenTable(
        token_ids=ids,
        offsets=np.concatenate([[0], np.cumsum(lengths)]),
        streams={
            name: annotate_tokens(posts, annotator, tokenizer, **given)[0]
            for name, annotator in annotators.items()
        },
        windows=windows,
    )


def annotate_tokens(
    posts: pd.DataFrame,
    annotator: Annotator,
    tokenizer: PostTokenizer,
    *,
    max_tokens: int,
    truncate: str,
) -> tuple[np.ndarray, np.ndarray]:
    """Gives each token the value of the first span that it shares a character with, else OUTSIDE.

    Returns:
        The values of all tokens one post after the other, int32, shape `(N,)`, and the number of
        each post's tokens, int64, shape `(posts,)`.
    """
    places, lengths = tokenizer.locate(
        posts["text"].tolist(), max_tokens=max_tokens, truncate=truncate
    )
    values = np.full(len(places), OUTSIDE, np.int32)
    ends = np.cumsum(lengths)
    for spans, first, end in zip(annotator.annotate(posts), ends - lengths, ends, strict=True):
        starts_of_tokens, ends_of_tokens = places[first:end].T
        for span in reversed(spans):
            is_inside = (starts_of_tokens < span.end) & (ends_of_tokens > span.start)
            values[first:end][is_inside] = span.value
    return values, lengths


def have_marks(values: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """Whether any token of a post is marked, bool, shape `(posts,)`; see `TokenTable`."""
    return np.logical_or.reduceat(values != OUTSIDE, offsets[:-1])


def coverage(
    values: np.ndarray, offsets: np.ndarray, labels: np.ndarray, class_names: Sequence[str]
) -> dict[str, dict[str, float]]:
    """How much of the posts is marked, for `all` of them and for each class.

    Args:
        values, offsets: see `TokenTable`.
        labels: class index of each post, shape `(posts,)`.
    """
    has_mark = have_marks(values, offsets)
    label_of_token = np.repeat(labels, np.diff(offsets))
    found = {"all": _covered(has_mark, values)}
    for index, name in enumerate(class_names):
        found[name] = _covered(has_mark[labels == index], values[label_of_token == index])
    return found


def _covered(has_mark: np.ndarray, values: np.ndarray) -> dict[str, float]:
    """Shares of posts and tokens with a mark, and the number of different marks."""
    marks = values[values != OUTSIDE]
    return {
        "posts_with_mark_share": float(has_mark.mean()),
        "marked_token_share": len(marks) / len(values),
        "distinct_values": len(np.unique(marks)),
    }
