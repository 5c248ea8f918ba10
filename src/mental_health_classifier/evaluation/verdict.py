"""Verdict on two configurations: better, worse, tie or not shown, over other authors and seeds.

A configuration stands for all models that its seeds would train, and its test posts for all that
its authors' kind writes. So a difference of means has two variances, as that of two tests read by
several readers on the same cases has: one over authors, which all seeds share, and one over seeds.
See `evaluation/spread.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from mental_health_classifier.contracts import InputError, Predictions
from mental_health_classifier.contracts.decimals import decimals
from mental_health_classifier.contracts.headline import EQUIVALENCE_MARGIN
from mental_health_classifier.evaluation.agreement import (
    least_half_width,
    predict_the_same,
    with_least_width,
)
from mental_health_classifier.evaluation.intervals import (
    DRAWS,
    Interval,
    author_numbers,
    draw_predictions,
    effective_authors,
)
from mental_health_classifier.evaluation.metrics import PartMetrics, posts_behind
from mental_health_classifier.evaluation.spread import (
    POWER,
    ROUNDING,
    Spread,
    rounding_variance,
    seeds_needed,
    variance_over_authors,
    variances_of_seeds,
)

Word = Literal["better", "worse", "tie", "not shown"]

LEVEL = 0.05
"""Chance that any of the questions asked together finds a difference that is none."""
SEEDS_FOR_A_CLAIM = 5
FEW_AUTHORS = 20
"""Below, draws of authors vary too little, and a claim needs a caution (Cameron and Miller, Journal
of Human Resources 50, 2015, on few clusters)."""


@dataclass(frozen=True, slots=True)
class MeasuredModel:
    """One trained model on the test part: its numbers there and on draws of authors."""

    test: Predictions
    numbers: Mapping[str, float]
    drawn: Mapping[str, np.ndarray]
    """Each number on the same draws for all models of these posts, shape `(draws,)`."""
    seed: int | None = None
    is_deterministic: bool = False
    """Whether any other seed would give this very model."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What can be said of a first configuration beside a second one."""

    word: Word
    """Of the first one."""
    difference: float
    """First minus second, of means over seeds."""
    interval: Interval | None
    """Of that difference, over other authors and seeds, no narrower than `least_half_width`. None:
    a side `lacks` seeds, or both are one model."""
    confidence: float
    """Of the interval: the more questions, the wider."""
    questions: int
    margin: float
    num_models: tuple[int, int]
    """Different models on either side; seeds that give the same predictions are one."""
    is_paired: bool
    """Whether both sides have the same seeds, so that differences are taken seed by seed."""
    authors_deviation: float
    """Standard deviation of the difference over other authors, with endless seeds."""
    seeds_deviation: float | None
    """And over as many other seeds. None: not known, for want of a second one."""
    seeds_needed: int | None
    """Seeds on either side that would show this difference with a chance of POWER. None: no number
    of seeds would, or nothing is known of how they vary."""
    lacks: Literal["", "seeds", "authors"]
    """Why it is not shown."""
    posts_and_authors: tuple[int, int | None]
    """Behind the number: posts, and the people who wrote them. None: not known, and each post
    counts as if somebody else had written it."""
    is_one_model: bool = False
    """Whether both sides gave the same predictions, post for post."""

    @property
    def explanation(self) -> str:
        """What a verdict would need, or how little it rests on; empty where neither is to say."""
        return ". ".join(filter(None, (self._need, self._caution)))

    @property
    def _caution(self) -> str:
        if self.word == "not shown" or self.is_one_model:
            return ""
        posts, authors = self.posts_and_authors
        fewest = min((n for n in self.num_models if n > 1), default=SEEDS_FOR_A_CLAIM)
        few = []
        if fewest < SEEDS_FOR_A_CLAIM:
            few.append(f"{fewest} seeds, where {SEEDS_FOR_A_CLAIM} are needed to rely on it")
        if (posts if authors is None else authors) < FEW_AUTHORS:
            who = (
                "whose authors are not known"
                if authors is None
                else f"by {authors} author{'s' * (authors > 1)}"
            )
            few.append(
                f"{posts} post{'s' * (posts > 1)} {who}, where intervals need {FEW_AUTHORS} authors"
            )
        return f"A first impression: it rests on {' and on '.join(few)}" if few else ""

    @property
    def _need(self) -> str:
        if self.is_one_model:
            return "Both give the same predictions, post for post: they are one model"
        if self.lacks == "seeds":
            return (
                "Trained models were compared, not configurations: it takes two seeds or more on "
                f"either side to tell other seeds from luck, and {SEEDS_FOR_A_CLAIM} to rely on it"
            )
        if self.lacks == "authors":
            return (
                "More seeds would not show a difference of this size: it takes more authors in test"
            )
        if self.seeds_needed is not None and self.word == "not shown":
            return (
                f"At this difference it would take {self.seeds_needed:,} seeds on either side to "
                f"show it with a power of {decimals(POWER, 2)}"
            )
        return ""


def measured_model(
    test: Predictions,
    *,
    seed: int | None = None,
    is_deterministic: bool = False,
    draws: int = DRAWS,
) -> MeasuredModel:
    """Measures one model, once for all comparisons that it takes part in.

    Raises:
        InputError: there is no post.
    """
    if not len(test):
        raise InputError("Expected test posts to compare models on, there are none.")
    found = draw_predictions(PartMetrics(test), test, draws=draws)
    numbers = {key: np.nan if value is None else value for key, value in found.values.items()}
    return MeasuredModel(test, numbers, found.drawn, seed, is_deterministic)


def verdict_on(
    first: Sequence[MeasuredModel],
    second: Sequence[MeasuredModel],
    key: str,
    *,
    questions: int = 1,
    margin: float = EQUIVALENCE_MARGIN,
) -> Verdict:
    """Judges one configuration beside another by a number of the test part.

    Better or worse is what the whole interval says; a tie is an interval within the margin on
    either side of zero. All else is not shown, as is everything where a side has one seed of many.

    Args:
        first, second: a model for each seed, all measured on the same posts.
        key: as `PartMetrics` names it, for instance `recall_at_spec80`.
        questions: how many such verdicts are given together (Bonferroni).

    Raises:
        InputError: they were not tested on the same posts, or have no such number there.
    """
    require_same_posts([each.test for each in (*first, *second)])
    one, other = _distinct(first), _distinct(second)
    one, other, is_paired = _in_pairs(one, other)
    is_one_model = len(one) == len(other) and all(
        predict_the_same(each.test, its.test) for each, its in zip(one, other, strict=True)
    )
    values = [np.array([each.numbers[key] for each in side]) for side in (one, other)]
    if np.isnan(np.concatenate(values)).any():
        raise InputError(f"These models have no {key} on their test posts.")
    drawn = [np.array([each.drawn[key] for each in side]) for side in (one, other)]
    is_one_seed = any(len(side) == 1 and not side[0].is_deterministic for side in (one, other))
    of_seeds = []
    if not is_one_seed:
        least = rounding_variance(one[0].test, key)
        of_seeds = [
            (max(variance, least), n)
            for variance, n in variances_of_seeds(values[0], values[1], is_paired=is_paired)
        ]
    over_models = drawn[0].mean(axis=0) - drawn[1].mean(axis=0)
    if is_one_seed:
        over_authors = float(np.nanvar(over_models, ddof=1))
    else:
        over_authors = variance_over_authors(drawn[0], drawn[1], is_paired=is_paired)
    spread = Spread(over_authors * _of_few_authors(one[0].test, key), of_seeds)
    difference = float(values[0].mean() - values[1].mean())
    confidence = 1 - LEVEL / questions
    interval: Interval | None = None
    word: Word = "not shown"
    needed: int | None = None
    lacks = "seeds" if is_one_seed else ""
    if is_one_model:
        word, lacks = "tie", ""
    elif not is_one_seed:
        half = spread.half_width(confidence) if spread.deviation > ROUNDING else 0.0
        least = least_half_width(one[0].test, key, confidence=confidence)
        interval = with_least_width(difference, (difference - half, difference + half), least)
        word = _word(interval, margin)
        if abs(difference) > least:  # which no number of seeds makes less
            needed = seeds_needed(difference, spread, confidence)
        lacks = "authors" if word == "not shown" and needed is None else ""
    return Verdict(
        word=word,
        difference=difference,
        interval=interval,
        confidence=confidence,
        questions=questions,
        margin=margin,
        num_models=(len(one), len(other)),
        is_paired=is_paired,
        authors_deviation=float(np.sqrt(spread.over_authors)),
        seeds_deviation=None if is_one_seed else float(np.sqrt(spread.over_seeds)),
        seeds_needed=needed,
        lacks=lacks,
        posts_and_authors=_posts_and_authors(one[0].test, key),
        is_one_model=is_one_model,
    )


def require_same_posts(tests: Sequence[Predictions]) -> None:
    """Raises InputError unless all are of the same posts, in the same order, and one task."""
    wanted = tests[0]
    for test in tests:
        if test.task != wanted.task:
            raise InputError(
                "These runs answer different questions: other classes, or another priority class. "
                "Compare runs of one corpus with one data.priority_class."
            )
        if list(test.post_ids) != list(wanted.post_ids):
            shared = len(set(test.post_ids) & set(wanted.post_ids))
            raise InputError(
                f"One of these runs was tested on {len(wanted)} posts and another on {len(test)}, "
                f"of which {shared} are the same, so a difference could come from the posts. "
                "Compare runs of one corpus, one data.split_seed and one fold."
            )


def _authors_behind(test: Predictions, key: str) -> np.ndarray:
    """The author of each post that a number is about."""
    behind, authors = posts_behind(test).get(key), author_numbers(test)
    return authors if behind is None else authors[behind.posts]


def _posts_and_authors(test: Predictions, key: str) -> tuple[int, int | None]:
    authors = _authors_behind(test, key)
    return len(authors), None if test.authors is None else len(np.unique(authors))


def _of_few_authors(test: Predictions, key: str) -> float:
    """By what draws of so many authors, who wrote the posts behind a number, vary too little."""
    num = effective_authors(np.bincount(_authors_behind(test, key)))
    return num / (num - 1) if num > 1 else 1.0


def _distinct(models: Sequence[MeasuredModel]) -> list[MeasuredModel]:
    """The models of a configuration; a single one where all seeds predict the same."""
    first = models[0]
    rest = models[1:]
    if rest and all(predict_the_same(first.test, each.test) for each in rest):
        return [replace(first, is_deterministic=True)]
    return list(models)


def _in_pairs(
    one: list[MeasuredModel], other: list[MeasuredModel]
) -> tuple[list[MeasuredModel], list[MeasuredModel], bool]:
    """Both sides in the order of their seeds, and whether these are the same on both."""
    by_seed = [{each.seed: each for each in side} for side in (one, other)]
    shared = by_seed[0].keys() & by_seed[1].keys()
    if len(shared) < 2 or None in shared or not len(shared) == len(one) == len(other):
        return one, other, False
    seeds = sorted(seed for seed in shared if seed is not None)
    return [by_seed[0][seed] for seed in seeds], [by_seed[1][seed] for seed in seeds], True


def _word(interval: Interval, margin: float) -> Word:
    low, high = interval
    if low > 0:
        return "better"
    if high < 0:
        return "worse"
    return "tie" if -margin < low and high < margin else "not shown"
