"""Pooling of token vectors into one vector of the post: mean, or a learned readout."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from mental_health_classifier.contracts import Batch
from mental_health_classifier.contracts.ranges import Width
from mental_health_classifier.models.kernels.length_groups import split_groups
from mental_health_classifier.models.kernels.normalisers import entmax15
from mental_health_classifier.models.random_stream import own_random_stream


class MeanPooling(nn.Module):
    """The mean over a post's own tokens."""

    def forward(self, hidden: Tensor, batch: Batch) -> tuple[Tensor, None]:
        """Pools `hidden` of shape `(N, D)` to `(B, D)`; there are no token weights to tell of."""
        means = [tokens.mean(1) for tokens in split_groups(hidden, batch.length_groups)]
        return torch.cat(means), None


class AttentionReadout(nn.Module):
    """Pools a post into one vector by a learned distribution over its tokens, 1.5-entmax.

    The pooled vector is a sum over tokens, so with a linear head a class logit is a sum of token
    contributions and the bias. The weights describe this pooling step. They are not evidence of why
    a person is unwell.

    Source: Yang et al., Hierarchical Attention Networks for Document Classification, NAACL 2016
        (word attention).
    """

    def __init__(self, *, width: Width) -> None:
        super().__init__()
        # The parts that are built after this one keep the weights they have beside another pooling.
        with own_random_stream():
            self.keys = nn.Linear(width, width)
            self.query = nn.Linear(width, 1, bias=False)
            self.values = nn.Linear(width, width, bias=False)

    def forward(self, hidden: Tensor, batch: Batch) -> tuple[Tensor, Tensor]:
        """Pools `hidden` of shape `(N, D)` to `(B, D)`; also returns the token weights, shape
        `(N,)`, which sum to one for each post."""
        scores = self.query(self.keys(hidden).tanh())  # (N, 1)
        pooled, weights = [], []
        for tokens, group_scores in zip(
            split_groups(hidden, batch.length_groups),
            split_groups(scores, batch.length_groups),
            strict=True,
        ):
            shares = entmax15(group_scores.mT)  # (posts, 1, length)
            pooled.append((shares @ tokens).squeeze(1))
            weights.append(shares.flatten())
        return self.values(torch.cat(pooled)), torch.cat(weights)
