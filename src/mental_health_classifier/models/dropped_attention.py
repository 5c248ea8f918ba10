"""Softmax attention with dropout on a processor, where torch has no fused kernel for it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from mental_health_classifier.contracts import EqualLengthRun
from mental_health_classifier.models.dropout import Dropout


class DroppedAttention(torch.autograd.Function):
    """What `scaled_dot_product_attention(..., dropout_p=...)` works out for each run, in fewer
    passes over the weights and without a copy of the whole stream for each run.
    """

    @staticmethod
    def forward(
        ctx: Any,
        projected: Tensor,
        runs: Sequence[EqualLengthRun],
        num_heads: int,
        dropout: Dropout,
    ) -> Tensor:
        """Mixes queries, keys and values, side by side in `projected` of shape `(N, 3D)`, within
        each post, to `(N, D)`."""
        mixed = projected.new_empty(len(projected), projected.shape[1] // 3)
        saved = []
        for first, posts, length in runs:
            rows = slice(first, first + posts * length)
            by_part = projected[rows].view(posts, length, 3, num_heads, -1).permute(2, 0, 3, 1, 4)
            parts = by_part.reshape(3, posts * num_heads, length, -1)
            queries, keys, values = parts  # (posts * H, length, D/H) each
            weights = torch.bmm(queries, keys.mT).mul_(queries.shape[-1] ** -0.5).softmax(-1)
            factors = dropout.factors(weights.shape, like=weights)
            attended = torch.bmm(weights * factors, values)
            _by_head(mixed[rows], posts, num_heads).copy_(
                attended.view(posts, num_heads, length, -1)
            )
            saved += [parts, weights, factors]
        ctx.runs, ctx.num_heads = runs, num_heads
        ctx.save_for_backward(*saved)
        return mixed

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None, None]:
        (of_mixed,) = gradients
        of_projected = of_mixed.new_empty(len(of_mixed), 3 * of_mixed.shape[1])
        saved = iter(ctx.saved_tensors)
        for first, posts, length in ctx.runs:
            (queries, keys, values), weights, factors = next(saved), next(saved), next(saved)
            rows = slice(first, first + posts * length)
            of_attended = _by_head(of_mixed[rows], posts, ctx.num_heads).reshape(queries.shape)
            of_weights = torch.bmm(of_attended, values.mT).mul_(factors)
            of_scores = torch.ops.aten._softmax_backward_data(
                of_weights, weights, -1, weights.dtype
            )
            of_scores.mul_(queries.shape[-1] ** -0.5)
            by_part = of_projected[rows].view(posts, length, 3, ctx.num_heads, -1)
            for part, gradient in enumerate(
                (
                    torch.bmm(of_scores, keys),
                    torch.bmm(of_scores.mT, queries),
                    torch.bmm((weights * factors).mT, of_attended),
                )
            ):
                by_part[:, :, part].transpose(1, 2).copy_(
                    gradient.view(posts, ctx.num_heads, length, -1)
                )
        return of_projected, None, None, None


def _by_head(stream: Tensor, posts: int, num_heads: int) -> Tensor:
    """A view of `(posts * length, D)` as `(posts, H, length, D/H)`."""
    return stream.view(posts, -1, num_heads, stream.shape[1] // num_heads).transpose(1, 2)
