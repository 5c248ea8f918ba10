"""Multi-head attention within each post: softmax or 1.5-entmax."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from mental_health_classifier.contracts import InputError, LengthGroup
from mental_health_classifier.contracts.ranges import DropoutShare, SmallCount, Width
from mental_health_classifier.models.kernels.dropout import Dropout
from mental_health_classifier.models.kernels.explicit_attention import (
    ExplicitAttention,
    attention_weights,
    split_heads,
)
from mental_health_classifier.models.kernels.length_groups import split_groups
from mental_health_classifier.models.kernels.linear import Linear
from mental_health_classifier.models.kernels.normalisers import Entmax15, Normaliser, Softmax
from mental_health_classifier.models.kernels.variable_lengths import (
    attend_at_once,
    can_attend_at_once,
)


class ScaledDotProductAttention(nn.Module):
    """Softmax attention with several heads, one call for each group of posts of equal length.

    Source: Vaswani et al., Attention Is All You Need, NIPS 2017, section 3.2.
    """

    normaliser: Normaliser = Softmax()

    def __init__(self, *, width: Width, num_heads: SmallCount, dropout: DropoutShare) -> None:
        super().__init__()
        if width % num_heads:
            raise InputError(
                f"model.width={width} is not a multiple of model.num_heads={num_heads}."
            )
        self.num_heads = num_heads
        self.dropout = Dropout(dropout)
        self.queries_keys_values = Linear(width, 3 * width)
        self.output = Linear(width, width)

    def forward(self, hidden: Tensor, groups: Sequence[LengthGroup]) -> Tensor:
        """Mixes `hidden` of shape `(N, D)` within each post; the shape stays."""
        return self.output(self.mix(self.queries_keys_values(hidden), groups))

    def mix(self, projected: Tensor, groups: Sequence[LengthGroup]) -> Tensor:
        """(N, 3D) -> (N, D)"""
        if self.dropout.is_active and projected.device.type == "cpu":
            return self.mix_explicitly(projected, groups)
        return torch.cat([self._attend(tokens) for tokens in split_groups(projected, groups)])

    def mix_explicitly(self, projected: Tensor, groups: Sequence[LengthGroup]) -> Tensor:
        """The same with weights that exist as a tensor."""
        return ExplicitAttention.apply(
            projected, groups, self.num_heads, self.normaliser, self.dropout
        )

    def weights(self, hidden: Tensor, groups: Sequence[LengthGroup]) -> list[Tensor]:
        """How much each token (second to last dimension) takes from each (last) before dropout, for
        each group of shape `(posts, H, length, length)`."""
        projected = self.queries_keys_values(hidden)
        return [
            attention_weights(
                split_heads(projected, group, self.num_heads), self.normaliser
            ).unflatten(0, (group.num_posts, self.num_heads))
            for group in groups
        ]

    def _attend(self, projected: Tensor) -> Tensor:
        """(posts, length, 3D) -> (posts * length, D)"""
        heads = projected.unflatten(-1, (3, self.num_heads, -1))
        queries, keys, values = heads.permute(2, 0, 3, 1, 4)  # (posts, H, length, D/H) each
        p = self.dropout.p if self.dropout.is_active else 0.0
        attended = functional.scaled_dot_product_attention(queries, keys, values, dropout_p=p)
        return attended.transpose(1, 2).flatten(2).flatten(0, 1)


class EntmaxAttention(ScaledDotProductAttention):
    """Attention that leaves most tokens of a post out of account: 1.5-entmax instead of softmax.

    All else stays, so the same seed makes the same weights.

    Source: Correia, Niculae and Martins, Adaptively Sparse Transformers, EMNLP 2019.
    """

    normaliser: Normaliser = Entmax15()

    def mix(self, projected: Tensor, groups: Sequence[LengthGroup]) -> Tensor:
        """(N, 3D) -> (N, D)"""
        return self.mix_explicitly(projected, groups)


class VariableLengthAttention(ScaledDotProductAttention):
    """On a GPU in half precision one call for all posts of a batch, whatever their lengths;
    elsewhere one for each length, with the same result up to rounding.

    It drops out no weights, which the kernel cannot do.
    """

    def __init__(self, *, width: Width, num_heads: SmallCount) -> None:
        super().__init__(width=width, num_heads=num_heads, dropout=0.0)

    def mix(self, projected: Tensor, groups: Sequence[LengthGroup]) -> Tensor:
        """(N, 3D) -> (N, D)"""
        if can_attend_at_once(projected):
            return attend_at_once(projected, groups, self.num_heads)
        return super().mix(projected, groups)
