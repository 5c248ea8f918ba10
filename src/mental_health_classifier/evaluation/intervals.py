"""Confidence intervals that know of authors: bootstrap, and for shares the hull with Wilson.

See docs/methods.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from mental_health_classifier.contracts import AuxiliaryPredictions, Predictions

Interval = tuple[float, float]

Statistic = Callable[[np.ndarray], Mapping[str, np.ndarray]]
"""Numbers of posts that count more than once or not at all: weights of shape `(draws, n)` in, for
every number one value a draw out, shape `(draws,)`, NaN where a draw leaves it undefined."""

CONFIDENCE = 0.95
DRAWS = 2000
"""Of authors, for verdicts and figures; a record has as many as `evaluation.bootstrap_draws` says,
which is as many unless somebody chose another number: so figures and tables have the same ends."""
# Draws are handled so many cells at a time, which keeps the memory of any test part within some
# tens of megabytes.
CELLS_AT_A_TIME = 2**19


def wilson_interval(
    successes: float, n: float, *, confidence: float = CONFIDENCE
) -> Interval | None:
    """Range that a share of `successes` in `n` is compatible with; None where nothing was counted.

    Source: Wilson, JASA 1927. Unlike a share plus or minus its standard error it stays honest at 0
    of n and at n of n.
    """
    # Imported here, because it takes a second and most of what reads records needs no share.
    from statsmodels.stats.proportion import proportion_confint

    if n == 0:
        return None
    ends = proportion_confint(successes, n, alpha=1 - confidence, method="wilson")
    low, high = np.array(ends, dtype=np.float64)
    return float(low), float(high)


def hull(first: Interval | None, second: Interval | None) -> Interval | None:
    """Smallest interval that holds both; the other one where one is not known."""
    if first is None or second is None:
        return first or second
    return min(first[0], second[0]), max(first[1], second[1])


def author_numbers(predictions: Predictions | AuxiliaryPredictions) -> np.ndarray:
    """Which posts one person wrote: the number of each post's author, int64, shape `(n,)`.

    A post whose author is not known stands for itself; if a few people wrote many of those,
    intervals come out too narrow.
    """
    if predictions.authors is None:
        return np.arange(len(predictions))
    numbers: dict[object, int] = {}
    return np.array(
        [
            # A table of posts holds a missing author as None or NaN, a file as an empty cell.
            numbers.setdefault(author if isinstance(author, str) and author else row, len(numbers))
            for row, author in enumerate(predictions.authors)
        ]
    )


def at_weight_one(statistic: Statistic, num_posts: int) -> dict[str, float | None]:
    """The numbers of posts that count once each; None where they are not defined."""
    values = statistic(np.ones((1, num_posts))).items()
    return {key: None if np.isnan(value[0]) else float(value[0]) for key, value in values}


class Behind(NamedTuple):
    """The posts that a number is about."""

    posts: np.ndarray
    """bool, shape `(n,)`."""
    kind: Literal["share", "like a share", "other"]
    """A share of those posts; a number between 0 and 1 that behaves like one, such as F1; other."""


NOTHING: Mapping[str, Behind] = {}


@dataclass(frozen=True, slots=True)
class DrawnNumbers:
    """Numbers, and what became of them in draws of authors."""

    values: Mapping[str, float | None]
    """Of the posts as they are; None: not defined."""
    drawn: Mapping[str, np.ndarray]
    """By number, the same draws for all, NaN where one leaves it undefined; shape `(draws,)`."""
    posts_by_author: Mapping[str, np.ndarray]
    """Of those posts that are behind a number, int64, shape `(authors,)`."""
    behind: Mapping[str, Behind]
    """A number that is not here is about all posts and no share."""

    def interval(self, key: str, *, confidence: float = CONFIDENCE) -> Interval | None:
        """Range in which a number would fall had other authors been asked.

        Percentiles of the draws, drawn apart by what a sample of few authors lacks. That of a share
        also holds Wilson's interval for as many independent posts as its posts are worth, and is
        Wilson's where no two of them are of one author.

        None where the number is not defined, or came out the same in every draw and is no share:
        draws cannot say how sure it is.

        Source: Hesterberg, What Teachers Should Know About the Bootstrap, The American Statistician
        2015 (expanded percentiles); Korn and Graubard, Survey Methodology 1998 (how many
        independent posts those that hang together are worth).
        """
        value, drawn, behind = self.values[key], self.drawn[key], self.posts_by_author[key]
        if value is None:
            return None
        around = _percentiles(drawn, num_authors=effective_authors(behind), confidence=confidence)
        kind = self.behind[key].kind if key in self.behind else "other"
        if kind == "other":
            return around
        wilson = _wilson_by_author(value, drawn, behind, confidence=confidence)
        return wilson if kind == "share" and behind.max() == 1 else hull(around, wilson)

    def intervals(self, *, confidence: float = CONFIDENCE) -> dict[str, Interval]:
        """Of all numbers that have one."""
        found = {key: self.interval(key, confidence=confidence) for key in self.values}
        return {key: interval for key, interval in found.items() if interval is not None}


def draw_by_author(
    statistic: Statistic,
    authors: np.ndarray,
    *,
    must_hold: Sequence[np.ndarray] = (),
    draws: int,
    behind: Mapping[str, Behind] = NOTHING,
    seed: int = 0,
) -> DrawnNumbers:
    """Draws authors with replacement, all posts of each together, because they resemble each other.

    Args:
        statistic: the numbers, as a function of how often each post counts.
        authors: number of each post's author, shape `(n,)`, from `author_numbers`.
        must_hold: kinds of posts, each bool of shape `(n,)` with at least one True. A draw without
            some kind is drawn again: no recall without a priority post, no specificity without
            another one.
        behind: the posts behind numbers that are not about all posts, or that are shares.
        seed: not that of the run, so that runs on the same posts are judged on the same draws.
    """
    collected: dict[str, list[np.ndarray]] = {}
    for weights in _draw_weights(authors, must_hold=must_hold, draws=draws, seed=seed):
        for key, values in statistic(weights).items():
            collected.setdefault(key, []).append(values)
    drawn = {key: np.concatenate(chunks) for key, chunks in collected.items()}
    everybody = np.bincount(authors)
    return DrawnNumbers(
        values=at_weight_one(statistic, len(authors)),
        drawn=drawn,
        posts_by_author={
            key: np.bincount(authors[behind[key].posts]) if key in behind else everybody
            for key in drawn
        },
        behind=behind,
    )


def draw_predictions(
    statistic: Statistic,
    predictions: Predictions,
    *,
    draws: int,
    behind: Mapping[str, Behind] = NOTHING,
) -> DrawnNumbers:
    """`draw_by_author` over the authors of predictions.

    With a priority class every draw holds a post of it and another one, those that there are.
    """
    return draw_by_author(
        statistic,
        author_numbers(predictions),
        must_hold=_kinds(predictions),
        draws=draws,
        behind=behind,
    )


def _kinds(predictions: Predictions) -> list[np.ndarray]:
    """Priority posts and others, those that there are."""
    if predictions.task.priority_class is None:
        return []
    kinds = (predictions.is_priority, ~predictions.is_priority)
    return [kind for kind in kinds if kind.any()]


def effective_authors(posts_by_author: np.ndarray) -> float:
    """How many authors with equally many posts say as much (Kish, Survey Sampling 1965)."""
    return float(posts_by_author.sum() ** 2 / (posts_by_author.astype(float) ** 2).sum())


def _stretch(num_authors: float, *, confidence: float) -> float:
    """How much longer than the normal quantile that is which allows for few authors (t)."""
    from scipy.special import ndtri, stdtrit

    upper = (1 + confidence) / 2
    return float(stdtrit(max(num_authors - 1, 1), upper) / ndtri(upper))


def _percentiles(drawn: np.ndarray, *, num_authors: float, confidence: float) -> Interval | None:
    from scipy.special import ndtr, ndtri

    drawn = drawn[~np.isnan(drawn)]
    if not len(drawn) or drawn.min() == drawn.max():
        return None
    # Draws vary by the root of (A - 1) / A too little, and their ends are those of the normal.
    scale = _stretch(num_authors, confidence=confidence)
    scale *= np.sqrt(num_authors / max(num_authors - 1, 1))
    upper = ndtr(ndtri((1 + confidence) / 2) * scale)
    low, high = np.quantile(drawn, [1 - upper, upper])
    return float(low), float(high)


def _wilson_by_author(
    share: float, drawn: np.ndarray, posts_by_author: np.ndarray, *, confidence: float
) -> Interval | None:
    """Wilson's interval for as many independent posts as those of the authors are worth."""
    n, num_authors = float(posts_by_author.sum()), effective_authors(posts_by_author)
    if posts_by_author.max() > 1:
        known = drawn[~np.isnan(drawn)]
        spread = known.var(ddof=1) if len(known) > 1 else 0.0
        worth = num_authors  # as if an author's posts were all alike, where draws cannot say
        if spread > 0:
            stretch = _stretch(num_authors, confidence=confidence)
            worth = share * (1 - share) / spread / stretch**2
        n = min(n, worth) or num_authors
    return wilson_interval(share * n, n, confidence=confidence)


def _draw_weights(
    authors: np.ndarray, *, must_hold: Sequence[np.ndarray], draws: int, seed: int
) -> Iterator[np.ndarray]:
    """How often each post counts in each draw, in chunks of shape `(some draws, n)`."""
    assert all(kind.any() for kind in must_hold), "A kind without a post would be drawn for ever."
    generator = np.random.default_rng(seed)
    num_authors = int(authors.max()) + 1
    kinds = np.array(must_hold, dtype=np.float64).reshape(len(must_hold), len(authors))
    draws_at_a_time = max(1, CELLS_AT_A_TIME // len(authors))
    for first in range(0, draws, draws_at_a_time):
        weights = np.empty((min(draws_at_a_time, draws - first), len(authors)))
        missing = np.arange(len(weights))
        while len(missing):
            drawn = generator.integers(num_authors, size=(len(missing), num_authors))
            drawn += np.arange(len(missing))[:, None] * num_authors
            counts = np.bincount(drawn.ravel(), minlength=len(missing) * num_authors)
            weights[missing] = counts.reshape(len(missing), num_authors)[:, authors]
            missing = missing[(weights[missing] @ kinds.T == 0).any(axis=1)]
        yield weights
