"""CompetenceSampler: a curriculum that draws on the easier posts of each class first."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice

import numpy as np

from mental_health_classifier.contracts.ranges import Count, Seed
from mental_health_classifier.data.batching import BatchDataset, LengthBuckets
from mental_health_classifier.data.curriculum.difficulty import Difficulty

_SMALLEST_POOL = 100
"""Posts; with fewer, rounding alone would move the share of a class by more than one in a
hundred."""
_ALWAYS_OF_EACH_CLASS = 2


class CompetenceSampler(LengthBuckets):
    """Length buckets over a pool of posts that grows from the easy ones to all.

    A pool is passed through without replacement; as a pass ends, the next begins with the pool of
    that moment. An epoch has as many batches as without a curriculum. Posts are ranked within
    their class, so that every pool has the classes in the shares of the corpus. Posts whose labels
    are suspect come last of their class in any order: they are never repeated in a small pool. Once
    competence is one, epochs are those of `LengthBuckets`.

    Args:
        posts, max_posts, token_budget, seed: as `LengthBuckets`.
        is_shuffled: False: the plain order by length, for posts that are not learned from.
        difficulty: how hard each post is.
        order: (difficulty, generator) -> what posts are sorted by.
        pacing: epochs gone by -> the share of the posts that may be drawn.

    Source: Platanios et al., Competence-based Curriculum Learning, NAACL 2019.
    """

    def __init__(
        self,
        posts: BatchDataset,
        *,
        max_posts: Count,
        token_budget: Count | None,
        seed: Seed,
        is_shuffled: bool,
        difficulty: Callable[[BatchDataset], Difficulty],
        order: Callable[[np.ndarray, np.random.Generator], np.ndarray],
        pacing: Callable[[float], float],
    ) -> None:
        super().__init__(
            posts,
            max_posts=max_posts,
            token_budget=token_budget,
            seed=seed,
            is_shuffled=is_shuffled,
        )
        self._pacing = pacing
        if not is_shuffled:
            return
        self._lengths = posts.lengths
        generator = np.random.default_rng([seed])
        found = difficulty(posts)
        keys = order(found.values, generator)
        self._order = _stratified(keys, found.is_suspect, posts.classes, generator)
        num_always = np.minimum(np.bincount(posts.classes), _ALWAYS_OF_EACH_CLASS).sum()
        self._smallest = max(_SMALLEST_POOL, max_posts, int(num_always))

    def pool(self, t: float) -> np.ndarray:
        """Places of the posts that may be drawn after `t` epochs, ascending."""
        size = max(self._smallest, int(np.ceil(self._pacing(t) * len(self._order))))
        return np.sort(self._order[:size])

    def _batches(self) -> Iterator[np.ndarray]:
        if not self._is_shuffled:
            return super()._batches()
        return islice(self._passes(), len(self))

    def _passes(self) -> Iterator[np.ndarray]:
        """Batches without end: pass after pass through the pool of the moment."""
        generator = np.random.default_rng([self._seed, self._epoch])
        num_batches = 0
        while True:
            pool = self.pool(self._epoch + num_batches / len(self))
            is_whole = len(pool) == len(self._order)
            buckets = self._buckets if is_whole else self._make_buckets(self._lengths[pool])
            for places in buckets.batches(generator):
                yield pool[places]
            num_batches += len(buckets)


def _stratified(
    keys: np.ndarray, is_suspect: np.ndarray, classes: np.ndarray, generator: np.random.Generator
) -> np.ndarray:
    """All places, so ordered that any beginning has the classes in their shares, each class from
    low keys to high ones.

    Posts are sorted by the distribution function of their key within their class; equal keys are
    in random order. The first two of each class come first of all.
    """
    ties = generator.permutation(len(keys))
    position = np.empty(len(keys))
    is_first = np.zeros(len(keys), dtype=bool)
    for index in np.unique(classes):
        places = np.flatnonzero(classes == index)
        ranked = places[np.lexsort((ties[places], keys[places], is_suspect[places]))]
        position[ranked] = (np.arange(len(ranked)) + 0.5) / len(ranked)
        is_first[ranked[:_ALWAYS_OF_EACH_CLASS]] = True
    return np.lexsort((ties, position, ~is_first))
