"""How the tokens of a post look at each other."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from mental_health_classifier.contracts import EqualLengthRun, InputError
from mental_health_classifier.models.dropout import Dropout
from mental_health_classifier.models.dropped_attention import DroppedAttention
from mental_health_classifier.models.linear import Linear
from mental_health_classifier.models.runs import split_runs


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
        self.dropout = Dropout(dropout)
        self.queries_keys_values = Linear(width, 3 * width)
        self.output = Linear(width, width)

    def forward(self, hidden: Tensor, runs: Sequence[EqualLengthRun]) -> Tensor:
        """Mixes `hidden` of shape `(N, D)` within each post; the shape stays."""
        projected = self.queries_keys_values(hidden)  # (N, 3D)
        if self.dropout.is_active and hidden.device.type == "cpu":
            mixed = DroppedAttention.apply(projected, runs, self.num_heads, self.dropout)
        else:
            mixed = torch.cat(
                [
                    self._attend(tokens.view(posts, length, 3, self.num_heads, -1))
                    for tokens, (_, posts, length) in zip(
                        split_runs(projected, runs), runs, strict=True
                    )
                ]
            )
        return self.output(mixed)

    def _attend(self, heads: Tensor) -> Tensor:
        """(posts, length, 3, H, D/H) -> (posts * length, D)"""
        queries, keys, values = heads.permute(2, 0, 3, 1, 4)  # (posts, H, length, D/H) each
        share = self.dropout.share if self.dropout.is_active else 0.0
        attended = functional.scaled_dot_product_attention(queries, keys, values, dropout_p=share)
        return attended.transpose(1, 2).flatten(2).flatten(0, 1)
