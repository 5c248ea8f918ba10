"""Transformer encoder with its normalisation in front (pre-norm)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from torch import Tensor, nn

from mental_health_classifier.contracts import LengthGroup
from mental_health_classifier.contracts.ranges import DropoutShare, SmallCount, Width
from mental_health_classifier.models.kernels.dropout import Dropout
from mental_health_classifier.models.kernels.linear import Linear


class TransformerBlock(nn.Module):
    """Attention, then a feed-forward layer, each with its normalisation in front.

    Source: Xiong et al., On Layer Normalization in the Transformer Architecture, ICML 2020
        (pre-norm).
    """

    def __init__(
        self, *, attention: nn.Module, width: int, feedforward_width: int, dropout: float
    ) -> None:
        super().__init__()
        self.attention_norm = nn.LayerNorm(width)
        self.attention = attention
        self.feedforward_norm = nn.LayerNorm(width)
        self.feedforward = nn.Sequential(
            Linear(width, feedforward_width), nn.GELU(), Linear(feedforward_width, width)
        )
        self.dropout = Dropout(dropout)

    def forward(self, hidden: Tensor, groups: Sequence[LengthGroup]) -> Tensor:
        """Keeps the shape `(N, D)`."""
        hidden = self.dropout.add(hidden, self.attention(self.attention_norm(hidden), groups))
        return self.dropout.add(hidden, self.feedforward(self.feedforward_norm(hidden)))


class TransformerEncoder(nn.Module):
    """A stack of blocks. `attention` makes the attention of each."""

    def __init__(
        self,
        *,
        attention: Callable[[], nn.Module],
        width: Width,
        num_layers: SmallCount,
        feedforward_width: Width,
        dropout: DropoutShare,
    ) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(
            TransformerBlock(
                attention=attention(),
                width=width,
                feedforward_width=feedforward_width,
                dropout=dropout,
            )
            for _ in range(num_layers)
        )
        self.norm = nn.LayerNorm(width)

    def forward(self, hidden: Tensor, groups: Sequence[LengthGroup]) -> Tensor:
        """Keeps the shape `(N, D)`."""
        for block in self.blocks:
            hidden = block(hidden, groups)
        return self.norm(hidden)
