"""Batches of posts of like length: the sampler, and the making of a Batch."""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, islice

import numpy as np
import pandas as pd
import torch
from torch.utils.data import Dataset, Sampler

from mental_health_classifier.contracts import Batch, LengthGroup
from mental_health_classifier.contracts.ranges import Count, Seed
from mental_health_classifier.data.tokens.token_cache import TokenTable
from mental_health_classifier.data.tokens.windows import Windows

_POSTS_IN_CHUNK = 2**14


class Buckets:
    """Posts of like length put side by side in batches.

    Posts are ordered by length, shuffled within a neighbourhood, and cut into batches at places
    that are the same in every shuffle; then the batches are shuffled. Equal lengths let attention
    run over many posts at once.

    Args:
        lengths: tokens that are read of each post, shape `(posts,)`.
        max_posts: posts of a batch at most.
        token_budget: tokens of a batch at most; a longer post is a batch by itself. None: only
            `max_posts` limits a batch.
        is_shuffled: whether batches will be shuffled; otherwise they are the plain order by length.
    """

    def __init__(
        self, lengths: np.ndarray, *, max_posts: int, token_budget: int | None, is_shuffled: bool
    ) -> None:
        self._order = np.argsort(lengths, kind="stable")
        self._neighbourhood = 2 * max_posts if is_shuffled else 0
        limit = math.inf if token_budget is None else token_budget
        self._cuts = _cut(lengths[self._order], self._neighbourhood, max_posts, limit)

    def __len__(self) -> int:
        return len(self._cuts) - 1

    def batches(self, generator: np.random.Generator | None) -> Iterator[np.ndarray]:
        """Places of the posts of each batch; None: not shuffled."""
        order, batches = self._order, np.arange(len(self))
        if generator is not None:
            places = np.arange(len(order)) + generator.uniform(0, self._neighbourhood, len(order))
            order = order[np.argsort(places, kind="stable")]
            generator.shuffle(batches)
        for batch in batches:
            yield order[self._cuts[batch] : self._cuts[batch + 1]]


class LengthBuckets(Sampler[np.ndarray]):
    """Batches of posts of like length, a pure function of (seed, epoch), see `Buckets`.

    Args:
        posts: what is sampled.
        max_posts, token_budget: of a batch.
        seed: of the run.
        is_shuffled: whether epochs differ. Otherwise every epoch is the plain order by length.
    """

    def __init__(
        self,
        posts: BatchDataset,
        *,
        max_posts: Count,
        token_budget: Count | None,
        seed: Seed,
        is_shuffled: bool,
    ) -> None:
        self._make_buckets = functools.partial(
            Buckets, max_posts=max_posts, token_budget=token_budget, is_shuffled=is_shuffled
        )
        self._buckets = self._make_buckets(posts.lengths)
        self._seed = seed
        self._is_shuffled = is_shuffled
        self._epoch = 0
        self._num_skipped = 0

    def set_epoch(self, epoch: int) -> None:
        """Lightning calls this before each epoch."""
        self._epoch = epoch

    def skip(self, num_batches: int) -> None:
        """Leaves out the first batches of the next epoch: a training that resumes has had them."""
        self._num_skipped = num_batches

    def __len__(self) -> int:
        return len(self._buckets)

    def __iter__(self) -> Iterator[np.ndarray]:
        num_skipped, self._num_skipped = self._num_skipped, 0
        yield from islice(self._batches(), num_skipped, None)

    def _batches(self) -> Iterator[np.ndarray]:
        """All batches of the epoch."""
        generator = np.random.default_rng([self._seed, self._epoch])
        return self._buckets.batches(generator if self._is_shuffled else None)


class OneBatch(LengthBuckets):
    """One and the same batch in every epoch of training, to be learned by heart; what is not
    shuffled (validation, prediction) is whole."""

    def set_epoch(self, epoch: int) -> None:
        """Nothing changes."""

    def __len__(self) -> int:
        return 1 if self._is_shuffled else super().__len__()

    def __iter__(self) -> Iterator[np.ndarray]:
        return islice(super().__iter__(), len(self))


def _cut(lengths: np.ndarray, neighbourhood: int, max_posts: int, token_budget: float) -> list[int]:
    """Places where batches begin, given lengths in ascending order.

    A post may end up `neighbourhood` places earlier than its length says, so the length found
    that much further on bounds what any place can hold, and no epoch exceeds the budget.
    """
    last = len(lengths) - 1
    cuts, tokens = [0], 0
    for place in range(len(lengths)):
        bound = int(lengths[min(place + neighbourhood, last)])
        if place > cuts[-1] and (tokens + bound > token_budget or place - cuts[-1] == max_posts):
            cuts.append(place)
            tokens = 0
        tokens += bound
    return [*cuts, len(lengths)]


@dataclass(frozen=True, kw_only=True, eq=False)
class BatchDataset(Dataset[Batch]):
    """A part of the corpus; an item is a whole batch, asked for by the places of its posts in the
    part."""

    tokens: TokenTable
    """Of the whole corpus, as are labels and ids."""
    rows: np.ndarray
    """Which of its posts are in the part, shape `(n,)`."""
    labels: Mapping[str, np.ndarray]
    """Labels for each task, the main task first."""
    ids: pd.Series
    """Keyed hashes of the posts."""
    device: int = 0
    """Of the devices that share each batch, which of them is given its share here."""
    num_devices: int = 1

    @property
    def lengths(self) -> np.ndarray:
        return self.tokens.lengths[self.rows]

    @property
    def classes(self) -> np.ndarray:
        """Class index of each post in the main task, shape `(n,)`."""
        return next(iter(self.labels.values()))[self.rows]

    @property
    def post_ids(self) -> list[str]:
        return self.ids.iloc[self.rows].tolist()

    def token_chunks(self) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """The part's tokens, some thousand posts at a time: token ids, and each post's number."""
        for first in range(0, len(self.rows), _POSTS_IN_CHUNK):
            rows = self.rows[first : first + _POSTS_IN_CHUNK]
            starts, ends = self.tokens.offsets[rows], self.tokens.offsets[rows + 1]
            pieces = [self.tokens.token_ids[a:b] for a, b in zip(starts, ends, strict=True)]
            yield np.concatenate(pieces), ends - starts

    def __getitem__(self, places: np.ndarray) -> Batch:
        whole = make_batch(self.tokens, rows=self.rows[places], labels=self.labels)
        if self.num_devices == 1:
            return whole
        # Short and long posts by turns, so that all shares take about as long. With fewer posts
        # than devices, some compute one that nobody reads: all have to take part in a step.
        rows = whole.post_indices.numpy()
        rows = rows[self.device :: self.num_devices] if self.device < len(rows) else rows[:1]
        share = make_batch(self.tokens, rows=rows, labels=self.labels)
        return replace(share, whole=whole)


def make_batch(tokens: TokenTable, *, rows: np.ndarray, labels: Mapping[str, np.ndarray]) -> Batch:
    """Puts posts side by side, shortest first; windows of long ones too, in the order of their own
    lengths.

    Args:
        tokens: of the whole corpus.
        rows: which of its posts, shape `(B,)`.
        labels: of the whole corpus for each task, each of length posts.
    """
    starts, ends = tokens.offsets[rows], tokens.offsets[rows + 1]
    order = np.argsort(ends - starts, kind="stable")
    rows, starts, ends = rows[order], starts[order], ends[order]
    lengths, posts = ends - starts, None
    places = [slice(a, b) for a, b in zip(starts, ends, strict=True)]
    if tokens.windows is not None and (lengths > tokens.windows.max_tokens).any():
        places, lengths, posts = _by_window(tokens.windows, places)
    offsets = np.concatenate([[0], np.cumsum(lengths)])

    def side_by_side(values: np.ndarray) -> torch.Tensor:
        return torch.from_numpy(np.concatenate([values[s] for s in places]).astype(np.int64))

    return Batch(
        token_ids=side_by_side(tokens.token_ids),
        offsets=torch.from_numpy(offsets),
        positions=torch.from_numpy(np.arange(offsets[-1]) - np.repeat(offsets[:-1], lengths)),
        labels={task: torch.from_numpy(values[rows]) for task, values in labels.items()},
        post_indices=torch.from_numpy(rows),
        length_groups=_length_groups(lengths),
        token_streams={name: side_by_side(values) for name, values in tokens.streams.items()},
        window_posts=None if posts is None else torch.from_numpy(posts),
    )


def _by_window(
    windows: Windows, posts: Sequence[slice]
) -> tuple[list[slice], np.ndarray, np.ndarray]:
    """Windows of posts, shortest first: the stretches of a table that they are made of, and of
    each window the length and the post, shape `(W,)` each."""
    by_post = [windows.cut(post.start, post.stop) for post in posts]
    every = [window for of_post in by_post for window in of_post]
    lengths = np.array([sum(part.stop - part.start for part in window) for window in every])
    order = np.argsort(lengths, kind="stable")
    of_window = np.repeat(np.arange(len(posts)), [len(of_post) for of_post in by_post])
    places = [part for window in order for part in every[window]]
    return places, lengths[order], of_window[order]


def _length_groups(lengths: np.ndarray) -> tuple[LengthGroup, ...]:
    """Groups of equal lengths, from lengths in ascending order."""
    groups, first_token = [], 0
    for length, posts in groupby(lengths.tolist()):
        group = LengthGroup(first_token, sum(1 for _ in posts), length)
        groups.append(group)
        first_token += group.num_posts * group.num_tokens
    return tuple(groups)
