"""How the tokens of a post look at each other."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from mental_health_classifier.contracts import EqualLengthRun, InputError


class ScaledDotProductAttention(nn.Module):
    """Softmax attention with several heads, one call for each run of posts of equal length.

    Source: Vaswani et al., Attention Is All You Need, NIPS 2017, section 3.2.
    """

    def __init__(self, *, width: int, num_heads: int, dropout: float) -> None:
        super().__init__()
        if width % num_heads:
            raise InputError(
                f"model.width={width} is not a multiple of model.num_heads={num_heads}."
            )
        self.num_heads = num_heads
        self.dropout = dropout
        self.queries_keys_values = nn.Linear(width, 3 * width)
        self.output = nn.Linear(width, width)

    def forward(self, hidden: Tensor, runs: Sequence[EqualLengthRun]) -> Tensor:
        """Mixes `hidden` of shape `(N, D)` within each post; the shape stays."""
        projected = self.queries_keys_values(hidden)  # (N, 3D)
        mixed = torch.cat([self._attend(projected, run) for run in runs])  # (N, D)
        return self.output(mixed)

    def _attend(self, projected: Tensor, run: EqualLengthRun) -> Tensor:
        first, posts, length = run
        tokens = projected[first : first + posts * length]
        heads = tokens.view(posts, length, 3, self.num_heads, -1)
        queries, keys, values = heads.permute(2, 0, 3, 1, 4)  # (posts, H, length, D/H) each
        attended = functional.scaled_dot_product_attention(
            queries, keys, values, dropout_p=self.dropout if self.training else 0.0
        )
        return attended.transpose(1, 2).reshape(posts * length, -1)
