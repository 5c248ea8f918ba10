"""Attention whose weights exist as a tensor, forward and backward.

For dropout on a processor, where torch has no fused kernel for it, and for weights that are no
softmax.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from mental_health_classifier.contracts import LengthGroup
from mental_health_classifier.models.kernels.dropout import Dropout
from mental_health_classifier.models.kernels.normalisers import Normaliser


class ExplicitAttention(torch.autograd.Function):
    """What `scaled_dot_product_attention(..., dropout_p=...)` works out for each group, with any
    normaliser, in fewer passes over the weights, without a copy of the whole stream for each group
    and with little new memory, which takes long to find when no two groups are of one size.
    """

    @staticmethod
    def forward(
        ctx: Any,
        projected: Tensor,
        groups: Sequence[LengthGroup],
        num_heads: int,
        normaliser: Normaliser,
        dropout: Dropout,
    ) -> Tensor:
        """Mixes queries, keys and values, side by side in `projected` of shape `(N, 3D)`, within
        each post, to `(N, D)`."""
        mixed = projected.new_empty(len(projected), projected.shape[1] // 3)
        buffer = _buffer(projected, groups, num_heads)
        kept_scale = dropout.scale if dropout.is_active else 1.0
        saved = []
        for group in groups:
            parts = split_heads(projected, group, num_heads)
            values = parts[2]
            weights = _empty_weights(parts)
            scratch = _shaped_like(weights, buffer)
            normaliser.weights(_fill_scores(scratch, parts), out=weights)
            mask, kept = None, weights
            if dropout.is_active:
                mask = dropout.mask(weights.shape, like=weights)
                kept = scratch.copy_(mask).mul_(weights)
            attended = torch.empty_like(values, memory_format=torch.contiguous_format)
            _fill_product(attended, kept, values, scale=kept_scale)
            _by_head(mixed[_rows(group)], group.num_posts, num_heads).copy_(
                attended.view(group.num_posts, num_heads, group.num_tokens, -1)
            )
            if ctx.needs_input_grad[0]:
                saved += [parts, weights, mask]
        ctx.save_for_backward(*saved)
        ctx.groups, ctx.num_heads, ctx.normaliser = groups, num_heads, normaliser
        ctx.kept_scale = kept_scale
        return mixed

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None, None, None]:
        (grad_mixed,) = gradients
        grad_projected = grad_mixed.new_empty(len(grad_mixed), 3 * grad_mixed.shape[1])
        buffers = [_buffer(grad_mixed, ctx.groups, ctx.num_heads) for _ in range(2)]
        saved = iter(ctx.saved_tensors)
        for group in ctx.groups:
            _, posts, length = group
            parts, weights, mask = next(saved), next(saved), next(saved)
            queries, keys, values = parts
            grad_parts = torch.empty_like(parts, memory_format=torch.contiguous_format)
            grad_queries, grad_keys, grad_values = grad_parts
            grad_attended = _by_head(grad_mixed[_rows(group)], posts, ctx.num_heads)
            grad_attended = grad_attended.reshape(values.shape)
            grad_weights, scratch = (_shaped_like(weights, buffer) for buffer in buffers)
            _fill_product(grad_weights, grad_attended, values.mT, scale=ctx.kept_scale)
            kept = weights
            if mask is not None:
                grad_weights.mul_(scratch.copy_(mask))
                kept = scratch.mul_(weights)
            _fill_product(grad_values, kept.mT, grad_attended, scale=ctx.kept_scale)
            grad_scores = ctx.normaliser.gradient(grad_weights, weights, scratch=scratch)
            _fill_product(grad_queries, grad_scores, keys, scale=_scale(parts))
            _fill_product(grad_keys, grad_scores.mT, queries, scale=_scale(parts))
            by_part = grad_projected[_rows(group)].view(posts, length, 3, ctx.num_heads, -1)
            by_head = grad_parts.view(3, posts, ctx.num_heads, length, -1)
            by_part.permute(2, 0, 3, 1, 4).copy_(by_head)
        return grad_projected, None, None, None, None


def split_heads(projected: Tensor, group: LengthGroup, num_heads: int) -> Tensor:
    """Queries, keys and values of a group, from `(N, 3D)` to `(3, posts * H, length, D/H)`."""
    _, posts, length = group
    heads = projected[_rows(group)].view(posts, length, 3, num_heads, -1).permute(2, 0, 3, 1, 4)
    return heads.reshape(3, posts * num_heads, length, -1)


def attention_weights(parts: Tensor, normaliser: Normaliser) -> Tensor:
    """How much each token (second to last dimension) takes from each (last), for what `split_heads`
    returns: shape `(posts * H, length, length)`."""
    scores = _fill_scores(_empty_weights(parts), parts)
    return normaliser.weights(scores, out=torch.empty_like(scores))


def _fill_scores(scores: Tensor, parts: Tensor) -> Tensor:
    queries, keys, _ = parts
    return _fill_product(scores, queries, keys.mT, scale=_scale(parts))


def _scale(parts: Tensor) -> float:
    return parts.shape[-1] ** -0.5


def _fill_product(product: Tensor, left: Tensor, right: Tensor, *, scale: float) -> Tensor:
    """Makes `product` the scaled product of the two: scaling within the multiplication costs
    nothing, as a pass of its own a tenth of it."""
    return product.baddbmm_(left, right, beta=0, alpha=scale)


def _empty_weights(parts: Tensor) -> Tensor:
    _, heads, length, _ = parts.shape
    return parts.new_empty(heads, length, length)


def _buffer(like: Tensor, groups: Sequence[LengthGroup], num_heads: int) -> Tensor:
    """Room for the weights of any one group."""
    return like.new_empty(max(posts * num_heads * length**2 for _, posts, length in groups))


def _shaped_like(weights: Tensor, buffer: Tensor) -> Tensor:
    return buffer[: weights.numel()].view(weights.shape)


def _rows(group: LengthGroup) -> slice:
    return slice(group.first_token, group.first_token + group.num_posts * group.num_tokens)


def _by_head(stream: Tensor, posts: int, num_heads: int) -> Tensor:
    """A view of `(posts * length, D)` as `(posts, H, length, D/H)`."""
    return stream.view(posts, -1, num_heads, stream.shape[1] // num_heads).transpose(1, 2)
