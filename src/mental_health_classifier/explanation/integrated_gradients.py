"""Integrated gradients: what each token of a post adds to the logit of a class."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import cast

import numpy as np
import torch
from torch import Tensor

from mental_health_classifier.contracts import Batch
from mental_health_classifier.data.batching import make_batch
from mental_health_classifier.data.tokens.token_cache import TokenTable
from mental_health_classifier.explanation.masked_posts import masked
from mental_health_classifier.explanation.worker_threads import EachOf
from mental_health_classifier.models.network import Network
from mental_health_classifier.prediction.loaded_network import LoadedNetwork

with warnings.catch_warnings():
    # In a notebook without widgets, of progress bars that are not shown.
    warnings.filterwarnings("ignore", "IProgress not found")
    from captum.attr import IntegratedGradients

MAX_GAP = 0.05
"""Of what is to be explained, the share that attributions may be off in sum."""
ATTEMPTS = (
    *((8, 0.002), (16, 0.002)),
    *((num_steps, MAX_GAP) for num_steps in (50, 100, 200, 400, 800)),
)
"""Numbers of steps from the baseline to the post, and up to which gap they are enough; else the
post is explained again with the next number. Gauss and Legendre's few steps integrate a smooth
network to three digits, which the gap tells; a sharp one, or attention that leaves tokens out,
takes more."""
TOKENS_AT_ONCE = 1024
_PLACE = "place"


@dataclass(frozen=True, slots=True)
class Attributions:
    tokens: list[np.ndarray]
    """Of each post what each token adds, in logits, shape `(L,)`."""
    differences: np.ndarray
    """The logit of each post minus that of its baseline, shape `(n,)`."""
    gaps: np.ndarray
    """What the sum over the tokens is off that, shape `(n,)`."""

    @property
    def is_complete(self) -> np.ndarray:
        """Whether the sum is what it has to be up to `MAX_GAP`, bool, shape `(n,)`."""
        return self.adds_up(MAX_GAP)

    def adds_up(self, max_gap: float) -> np.ndarray:
        return np.abs(self.gaps) <= max_gap * np.abs(self.differences)


def integrated_gradients(
    loaded: LoadedNetwork,
    tokens: TokenTable,
    classes: np.ndarray,
    *,
    advance: Callable[[int], object] = lambda _: None,
    each_of: EachOf = map,
) -> Attributions:
    """Follows the gradient from a post of [MASK] alone to the post itself; the special tokens that
    an encoder puts around it stay.

    The vectors that a token enters the network with are scaled, all that is known of it added up;
    places in the post stay. What overlapping windows of a post have in common counts once. Posts
    whose attributions do not add up are explained again in smaller steps, see `ATTEMPTS`.

    Args:
        tokens: of the posts.
        classes: the class that is explained of each, shape `(n,)`.
        advance: called with the number of posts done since the last call.
        each_of: calls a function for each of some items, see `worker_threads`.

    Source: Sundararajan, Taly and Yan, Axiomatic Attribution for Deep Networks, ICML 2017; captum.
    """
    num_posts = len(classes)
    found = Attributions([np.empty(0)] * num_posts, np.zeros(num_posts), np.full(num_posts, np.inf))
    waiting = np.argsort(tokens.lengths, kind="stable")
    for num_steps, max_gap in ATTEMPTS:
        if not len(waiting):
            break
        together = list(_equally_long(waiting, tokens.lengths))
        explain = partial(_of_equal_length, loaded, tokens, classes=classes, num_steps=num_steps)
        for rows, (values, gaps) in zip(together, each_of(explain, together), strict=True):
            for row, of_tokens in zip(rows, values, strict=True):
                found.tokens[row] = of_tokens
            found.differences[rows] = values.sum(1) - gaps
            found.gaps[rows] = gaps
            advance(int(found.adds_up(max_gap)[rows].sum()))
        waiting = waiting[~found.adds_up(max_gap)[waiting]]
    advance(len(waiting))
    return found


def _equally_long(rows: np.ndarray, lengths: np.ndarray) -> Iterator[np.ndarray]:
    """Some rows at a time, given in the order of their lengths."""
    _, firsts = np.unique(lengths[rows], return_index=True)
    for of_length in np.split(rows, firsts[1:]):
        at_once = max(1, TOKENS_AT_ONCE // int(lengths[of_length[0]]))
        yield from np.split(of_length, range(at_once, len(of_length), at_once))


def _of_equal_length(
    loaded: LoadedNetwork,
    tokens: TokenTable,
    rows: np.ndarray,
    *,
    classes: np.ndarray,
    num_steps: int,
) -> tuple[np.ndarray, np.ndarray]:
    """Attributions of posts of one length, shape `(n, L)`, and by how much their sums are off."""
    network, length = cast(Network, loaded.network), int(np.diff(tokens.offsets)[rows[0]])

    def batch_of(table: TokenTable, which: np.ndarray) -> Batch:
        return make_batch(table, rows=which, labels={})

    def embedded(table: TokenTable, which: np.ndarray) -> Tensor:
        batch = batch_of(table, which)
        return _by_post(network.embedding(batch).detach(), batch)

    words = [loaded.tokenizer.are_own(length)[None]] * len(rows)
    baseline = masked(tokens, rows.tolist(), words, mask_id=loaded.tokenizer.mask_id)

    def logits(vectors: Tensor) -> Tensor:
        num_posts = len(vectors)
        nothing = TokenTable(
            np.zeros(num_posts * length, np.uint16),
            np.arange(num_posts + 1) * length,
            windows=tokens.windows,
        )
        batch = batch_of(nothing, np.arange(num_posts))
        return network.answer(_as_stream(vectors, batch), batch).logits[loaded.task.name]

    inputs = embedded(tokens, rows)
    baselines = embedded(baseline, np.arange(len(rows)))
    values, gaps = IntegratedGradients(logits).attribute(
        inputs,
        baselines,
        target=torch.from_numpy(classes[rows]),
        n_steps=num_steps,
        internal_batch_size=max(len(rows), TOKENS_AT_ONCE // inputs.shape[1]),
        return_convergence_delta=True,
    )
    # A token that two windows have in common adds what it adds in both.
    place = {_PLACE: np.arange(len(tokens.token_ids)) - tokens.offsets[rows[0]]}
    first = batch_of(replace(tokens, streams=place), rows[:1])
    of_tokens = np.zeros((len(rows), length))
    of_stream = values.sum(-1).detach().double().numpy()
    np.add.at(of_tokens.T, first.token_streams[_PLACE].numpy(), of_stream.T)
    return of_tokens, gaps.detach().double().numpy()


def _by_post(stream: Tensor, batch: Batch) -> Tensor:
    """`(N, D)` of posts of one length -> `(posts, tokens of all windows, D)`, shortest windows
    first."""
    parts = stream.split([group.num_posts * group.num_tokens for group in batch.length_groups])
    return torch.cat([part.view(len(batch), -1, part.shape[-1]) for part in parts], 1)


def _as_stream(vectors: Tensor, batch: Batch) -> Tensor:
    """The way back."""
    sizes = [g.num_posts * g.num_tokens // len(batch) for g in batch.length_groups]
    return torch.cat([part.flatten(0, 1) for part in vectors.split(sizes, 1)])
