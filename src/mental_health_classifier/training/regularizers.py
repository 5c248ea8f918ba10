"""Regularizers: losses of where a network looks, beside the objective.

Both need a network that weighs its tokens, as `network/pooling=attention_readout` does.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from mental_health_classifier.contracts import Batch, InputError, ModelOutput
from mental_health_classifier.contracts.ranges import OpenShare

_SMALLEST = 1e-6
"""Shares below count as this in logarithms: entmax gives shares of 0."""


class CueSupervision(nn.Module):
    """Draws the token weights towards the marked cues of a post: `weight * KL(weights || prior)`.

    The prior is even over the tokens of cues, but for `spread`, which is even over the whole post.
    Posts without cues ask nothing.

    Args:
        stream: the entry of `token_streams` that marks the cues with something else than 0.
        weight: of this loss beside the objective.
        spread: share of the prior that may lie anywhere.
    """

    name = "cue_supervision"

    def __init__(self, *, stream: str, weight: float, spread: OpenShare) -> None:
        super().__init__()
        self._stream = stream
        self._weight = weight
        self._spread = spread

    def forward(self, output: ModelOutput, batch: Batch) -> Tensor:
        """A scalar; the mean over the posts with cues."""
        weights = token_weights_of(output)
        if self._stream not in batch.token_streams:
            raise InputError(
                f"regularizer.stream={self._stream}: token_streams has no such entry, only "
                f"{', '.join(batch.token_streams) or 'none'}. Add one that marks the cues."
            )
        is_cue = (batch.token_streams[self._stream] != 0).to(weights.dtype)
        cues = _sums(is_cue, batch)
        of_post = _posts_of_tokens(batch)
        even = 1 / _lengths(batch).to(weights.dtype)
        on_cues = is_cue / cues.clamp_min(1)[of_post]
        prior = (1 - self._spread) * on_cues + self._spread * even[of_post]
        distances = _sums(weights * (weights.clamp_min(_SMALLEST).log() - prior.log()), batch)
        has_cues = cues > 0
        return self._weight * (distances * has_cues).sum() / has_cues.sum().clamp_min(1)


class AttentionEntropy(nn.Module):
    """Draws the token weights together: `weight` times their entropy, between 0 (one token) and 1
    (all alike)."""

    name = "attention_entropy"

    def __init__(self, *, weight: float) -> None:
        super().__init__()
        self._weight = weight

    def forward(self, output: ModelOutput, batch: Batch) -> Tensor:
        """A scalar; the mean over the posts."""
        weights = token_weights_of(output)
        entropies = -_sums(weights * weights.clamp_min(_SMALLEST).log(), batch)
        # A post of one token has an entropy of 0 whatever it is divided by.
        highest = _lengths(batch).clamp_min(2).to(weights.dtype).log()
        return self._weight * (entropies / highest).mean()


def token_weights_of(output: ModelOutput) -> Tensor:
    """The token weights; raises InputError where the network has none."""
    if output.token_weights is None:
        raise InputError(
            "regularizer: this network does not weigh its tokens, so there is nothing to regularize"
            ". Choose clinical=interpretable or network/pooling=attention_readout with it."
        )
    return output.token_weights


def _posts_of_tokens(batch: Batch) -> Tensor:
    """The post of each token, shape `(N,)`."""
    lengths, posts = batch.offsets.diff(), batch.window_posts
    if posts is None:
        posts = torch.arange(len(lengths), device=lengths.device)
    return torch.repeat_interleave(posts, lengths)


def _lengths(batch: Batch) -> Tensor:
    """Tokens of each post, shape `(B,)`."""
    return torch.bincount(_posts_of_tokens(batch), minlength=len(batch))


def _sums(values: Tensor, batch: Batch) -> Tensor:
    """Sums over the tokens of each post, from `(N,)` to `(B,)`."""
    return values.new_zeros(len(batch)).index_add(0, _posts_of_tokens(batch), values)
