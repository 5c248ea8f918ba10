"""Vectors of tokens become one vector of the post."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from mental_health_classifier.contracts import Batch
from mental_health_classifier.models.runs import split_runs


class MeanPooling(nn.Module):
    """The mean over a post's own tokens."""

    def forward(self, hidden: Tensor, batch: Batch) -> tuple[Tensor, None]:
        """Pools `hidden` of shape `(N, D)` to `(B, D)`; there are no token weights to tell of."""
        means = [
            tokens.view(posts, length, -1).mean(1)
            for tokens, (_, posts, length) in zip(
                split_runs(hidden, batch.runs), batch.runs, strict=True
            )
        ]
        return torch.cat(means), None
