"""Faithfulness of explanations: comprehensiveness and sufficiency.

Tokens are masked, not deleted, and what becomes of the probability is compared with what becomes of
it when tokens are masked in random order, and greedily, by the model's own reaction to each.

Source: DeYoung et al., ERASER: A Benchmark to Evaluate Rationalized NLP Models, ACL 2020
    (comprehensiveness, sufficiency, areas over the perturbation curve).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mental_health_classifier.evaluation.ratios import ratio

PERCENTAGES = (1, 5, 10, 20, 50)
"""How much of a post counts as the explanation, in turn."""
NUM_RANDOM_ORDERS = 10
MIN_HEADROOM = 0.02
"""Where greedy search gains less over chance than this there is nothing to explain."""

Score = Callable[[Sequence[int], Sequence[np.ndarray]], list[np.ndarray]]
"""Some posts, and for each which tokens are masked in each of its variants, bool `(variants, L)`,
in; the probability of the explained class of each variant, `(variants,)`, out."""

_POSTS_AT_ONCE = 32


@dataclass(frozen=True, slots=True)
class Gains:
    """Of each post, shape `(n,)`: how much the explanation has the probability move beyond chance,
    and how much greedy search has."""

    gained: np.ndarray
    headroom: np.ndarray

    @property
    def is_kept(self) -> np.ndarray:
        """Whether there is anything to gain, bool, shape `(n,)`."""
        return self.headroom >= MIN_HEADROOM

    @property
    def dropped_share(self) -> float:
        return float(1 - self.is_kept.mean())

    def normalised(self, weights: np.ndarray) -> np.ndarray:
        """0: no better than chance, 1: as good as greedy search, for posts that count
        as often as `weights` of shape `(draws, n)` say.

        Gains and headroom are summed before they are divided, and clipped at the end: a mean of
        clipped quotients would put chance well above 0.
        """
        kept = np.where(self.is_kept, 1.0, 0.0)
        gained, headroom = weights @ (kept * self.gained), weights @ (kept * self.headroom)
        return ratio(gained, headroom).clip(0, 1)


@dataclass(frozen=True, slots=True)
class Faithfulness:
    comprehensiveness: Gains
    """How far the probability falls when the explanation is masked."""
    sufficiency: Gains
    """How little it falls when all but the explanation is masked."""
    raw: dict[str, np.ndarray]
    """The areas themselves, each of shape `(n,)`: they depend on how confident a model is, so they
    are no means to compare models."""


def faithfulness(
    attributions: Sequence[np.ndarray],
    score: Score,
    *,
    seed: int = 0,
    advance: Callable[[int], object] = lambda _: None,
    each_of: Callable[[Callable[[Any], Any], Iterable[Any]], Iterator[Any]] = map,
) -> Faithfulness:
    """Masks tokens of posts in the order of their attributions, at random, and greedily.

    Args:
        attributions: of the tokens of each post, shape `(L,)`; the highest first.
        score: the model; it is asked about posts of like length together.
        seed: the random orders of a post are a function of that and its place.
        advance: called with the number of posts done since the last call.
        each_of: calls a function for each of some items, as `map` does; where several calls run
            at once, so does `score`.
    """
    falls = np.empty((len(attributions), NUM_RANDOM_ORDERS + 2, 2))
    by_length = np.argsort([len(values) for values in attributions], kind="stable").tolist()
    together = [
        by_length[first : first + _POSTS_AT_ONCE]
        for first in range(0, len(by_length), _POSTS_AT_ONCE)
    ]

    def falls_of(rows: Sequence[int]) -> np.ndarray:
        return _falls(rows, [attributions[row] for row in rows], _asked_once(score, rows), seed)

    for rows, found in zip(together, each_of(falls_of, together), strict=True):
        falls[rows] = found
        advance(len(rows))
    given, chance, best = falls[:, 0], falls[:, 1:-1].mean(1), falls[:, -1]
    return Faithfulness(
        comprehensiveness=Gains((given - chance)[:, 0], (best - chance)[:, 0]),
        sufficiency=Gains((chance - given)[:, 1], (chance - best)[:, 1]),
        raw={"comprehensiveness": given[:, 0], "sufficiency": given[:, 1]},
    )


def _falls(
    rows: Sequence[int], attributions: Sequence[np.ndarray], score: Score, seed: int
) -> np.ndarray:
    """Mean fall of the probability, shape `(n, orders, 2)`: without the explanation and with it
    alone, for the attributions, each random order, and the greedy one."""
    lengths = [len(values) for values in attributions]
    variants = [
        np.concatenate(
            [
                np.zeros((1, len(values)), dtype=bool),
                erasures(values),
                *(erasures(order) for order in _random_orders(len(values), [seed, row])),
            ]
        )
        for row, values in zip(rows, attributions, strict=True)
    ]
    found = score(rows, variants)
    removed = _greedy(score, rows, lengths, is_removal=True)
    kept = _greedy(score, rows, lengths, is_removal=False)
    greedily = score(rows, [np.concatenate(each) for each in zip(removed, kept, strict=True)])
    return np.array(
        [
            p[0] - _means(np.concatenate([p[1:], last]))
            for p, last in zip(found, greedily, strict=True)
        ]
    )


def _greedy(
    score: Score, rows: Sequence[int], lengths: Sequence[int], *, is_removal: bool
) -> list[np.ndarray]:
    """Masks as in one half of `erasures`, for explanations that grow by the tokens to which the
    model reacts most, each tried alone beside those chosen at smaller sizes.

    Returns:
        For each post bool of shape `(sizes, L)`.
    """
    sizes = [_sizes(length) for length in lengths]
    masks = [
        np.zeros((len(of_post), n), dtype=bool) for of_post, n in zip(sizes, lengths, strict=True)
    ]
    chosen = [np.zeros(length, dtype=bool) for length in lengths]
    for step in range(max(map(len, sizes))):
        growing = [place for place in range(len(rows)) if step < len(sizes[place])]
        candidates = [np.flatnonzero(~chosen[place]) for place in growing]
        tried = [
            chosen[place] | np.eye(lengths[place], dtype=bool)[each]
            for place, each in zip(growing, candidates, strict=True)
        ]
        probabilities = score(
            [rows[place] for place in growing], tried if is_removal else [~each for each in tried]
        )
        for place, each, p in zip(growing, candidates, probabilities, strict=True):
            best_first = np.argsort(p if is_removal else -p, kind="stable")
            chosen[place][each[best_first[: sizes[place][step] - chosen[place].sum()]]] = True
            masks[place][step] = chosen[place] if is_removal else ~chosen[place]
    return masks


def erasures(attributions: np.ndarray) -> np.ndarray:
    """Which tokens to mask: at each size of explanation first it, then in turn all but it.

    Returns:
        bool, shape `(2 * sizes, L)`.
    """
    ranks = np.empty(len(attributions), dtype=np.int64)
    ranks[np.argsort(-attributions, kind="stable")] = np.arange(len(attributions))
    is_explanation = ranks < _sizes(len(attributions))[:, None]
    return np.concatenate([is_explanation, ~is_explanation])


def _sizes(num_tokens: int) -> np.ndarray:
    """How many tokens explain a post, in turn; what comes out the same counts once."""
    return np.unique([max(1, -(-percent * num_tokens // 100)) for percent in PERCENTAGES])


def _random_orders(num_tokens: int, seed: Sequence[int]) -> list[np.ndarray]:
    generator = np.random.default_rng(seed)
    return [generator.permutation(num_tokens) for _ in range(NUM_RANDOM_ORDERS)]


def _means(probabilities: np.ndarray) -> np.ndarray:
    """Means over the sizes of what was scored for `erasures` of all orders: `(orders, 2)`."""
    return probabilities.reshape(NUM_RANDOM_ORDERS + 2, 2, -1).mean(-1)


def _asked_once(score: Score, rows: Sequence[int]) -> Score:
    """The same for some posts, but the model is asked about each variant once: small explanations
    are the same in many orders, and those that greedy search tries are among them."""
    known: dict[int, dict[bytes, float]] = {row: {} for row in rows}

    def remembered(rows: Sequence[int], masks: Sequence[np.ndarray]) -> list[np.ndarray]:
        by_name = [{mask.tobytes(): mask for mask in each} for each in masks]
        new = {
            row: {name: mask for name, mask in each.items() if name not in known[row]}
            for row, each in zip(rows, by_name, strict=True)
        }
        asked = [row for row, each in new.items() if each]
        if asked:
            found = score(asked, [np.stack(list(new[row].values())) for row in asked])
            for row, probabilities in zip(asked, found, strict=True):
                known[row].update(zip(new[row], probabilities.tolist(), strict=True))
        return [
            np.array([known[row][mask.tobytes()] for mask in each])
            for row, each in zip(rows, masks, strict=True)
        ]

    return remembered
