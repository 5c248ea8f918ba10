"""What a model of another program said of some posts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

Kind = Literal["probabilities", "scores", "labels"]

KEYS = ("post", "id", "text")
"""Columns that say which post a row is of, what decides first: the keyed hash by which a run calls
it, its id in the corpus, its text."""
_SHOWN = 5


@dataclass(frozen=True, slots=True)
class ForeignPredictions:
    """What a model said of some posts, a row each, before it is known which posts they are."""

    name: str
    """Of the file, as messages call it."""
    rows: Sequence[str]
    """FILE:ROW, as a spreadsheet counts, length n."""
    keys: Mapping[str, Sequence[str]]
    """By which posts are known: some of KEYS, each of length n."""
    probabilities: np.ndarray
    """Float64, shape `(n, C)`, rows sum to one; NaN where the model gave no answer."""
    kind: Kind
    """What the file held."""
    parts: Sequence[str] | None = None
    """Of each post, empty where the row does not say. None: no column does."""
    labels: Sequence[str] | None = None
    """Class that people gave each post, in the spelling of the file where it is none of the
    classes, empty where there is none. None: no column."""
    notes: Sequence[str] = ()
    """What was made of the file, in sentences."""
    answers: Mapping[str, int] = field(default_factory=dict)
    """Answers of a language model by what became of them; empty: they are those of another
    model."""
    asked: str = ""
    """What a language model was asked for, as far as its answers tell. Others are not asked."""


def first_of(rows: Sequence[str]) -> str:
    """The first few of some rows, and that there are more."""
    more = f" and {len(rows) - _SHOWN} more" if len(rows) > _SHOWN else ""
    return f"{', '.join(rows[:_SHOWN])}{more}"
