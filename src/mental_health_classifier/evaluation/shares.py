"""Shares of posts, with intervals that know of authors. See docs/methods.md."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, TypeVar

import numpy as np

from mental_health_classifier.contracts import Predictions
from mental_health_classifier.evaluation.intervals import (
    CONFIDENCE,
    DRAWS,
    Behind,
    Interval,
    draw_predictions,
    wilson_interval,
)
from mental_health_classifier.evaluation.ratios import ratio

Name = TypeVar("Name")


class Share(NamedTuple):
    """So many of so many posts."""

    counted: int
    of: int

    @classmethod
    def among(cls, is_counted: np.ndarray, is_here: np.ndarray) -> Share:
        """The posts counted of those that are here, both bool of shape `(n,)`."""
        return cls(int((is_counted & is_here).sum()), int(is_here.sum()))

    @property
    def value(self) -> float | None:
        """None where nothing was counted: never a zero that looks like a result."""
        return self.counted / self.of if self.of else None

    @property
    def interval(self) -> Interval | None:
        """Wilson's, for posts of which no two are of one author; of others it is too narrow."""
        return wilson_interval(self.counted, self.of)


class ShareOfPosts(NamedTuple):
    """Posts that are counted, and those among which they are: bool, each of shape `(n,)`."""

    counted: np.ndarray
    of: np.ndarray


class MeasuredShare(NamedTuple):
    value: float | None
    """None where nothing was counted."""
    interval: Interval | None
    n: int
    """Posts of which it is a share."""
    authors: int | None
    """People who wrote those; None: not known."""


class ShareStatistic:
    """Shares of posts as a function of how often each post counts."""

    def __init__(self, shares: Mapping[str, ShareOfPosts]) -> None:
        kinds = [share.counted & share.of for share in shares.values()]
        kinds += [share.of for share in shares.values()]
        self._kinds = np.array(kinds, dtype=np.float64).T
        self.behind = {key: Behind(share.of, "share") for key, share in shares.items()}

    def __call__(self, weights: np.ndarray) -> dict[str, np.ndarray]:
        """For weights of shape `(draws, n)` the shares, each of shape `(draws,)`."""
        counted, of = np.split(weights @ self._kinds, 2, axis=1)
        return dict(zip(self.behind, ratio(counted, of).T, strict=True))


def measure_shares(
    shares: Mapping[Name, ShareOfPosts],
    predictions: Predictions,
    *,
    draws: int = DRAWS,
    confidence: float = CONFIDENCE,
) -> dict[Name, MeasuredShare]:
    """Shares of posts with intervals that know of authors, over the draws of `evaluate`: a share
    has the same ends wherever it is measured."""
    if not shares:
        return {}
    statistic = ShareStatistic({str(name): share for name, share in shares.items()})
    drawn = draw_predictions(statistic, predictions, draws=draws, behind=statistic.behind)
    return {
        name: MeasuredShare(
            value=drawn.values[str(name)],
            interval=drawn.interval(str(name), confidence=confidence),
            n=int(share.of.sum()),
            authors=None
            if predictions.authors is None
            else int((drawn.posts_by_author[str(name)] > 0).sum()),
        )
        for name, share in shares.items()
    }
