"""Attention whose weights exist as a tensor: for dropout on a processor, where torch has no fused
kernel for it, and for weights that are no softmax."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from mental_health_classifier.contracts import EqualLengthRun
from mental_health_classifier.models.dropout import Dropout
from mental_health_classifier.models.normalisers import Normaliser


class ExplicitAttention(torch.autograd.Function):
    """What `scaled_dot_product_attention(..., dropout_p=...)` works out for each run, with any
    normaliser, in fewer passes over the weights and without a copy of the whole stream for each
    run.
    """

    @staticmethod
    def forward(
        ctx: Any,
        projected: Tensor,
        runs: Sequence[EqualLengthRun],
        num_heads: int,
        normaliser: Normaliser,
        dropout: Dropout,
    ) -> Tensor:
        """Mixes queries, keys and values, side by side in `projected` of shape `(N, 3D)`, within
        each post, to `(N, D)`."""
        mixed = projected.new_empty(len(projected), projected.shape[1] // 3)
        saved = []
        for run in runs:
            parts = split_heads(projected, run, num_heads)
            weights = attention_weights(parts, normaliser)
            factors = dropout.factors(weights.shape, like=weights) if dropout.is_active else None
            attended = torch.bmm(_times(weights, factors), parts[2])
            _by_head(mixed[_rows(run)], run.num_posts, num_heads).copy_(
                attended.view(run.num_posts, num_heads, run.num_tokens, -1)
            )
            if ctx.needs_input_grad[0]:
                saved += [parts, weights, factors]
        ctx.runs, ctx.num_heads, ctx.normaliser = runs, num_heads, normaliser
        ctx.save_for_backward(*saved)
        return mixed

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None, None, None]:
        (of_mixed,) = gradients
        of_projected = of_mixed.new_empty(len(of_mixed), 3 * of_mixed.shape[1])
        saved = iter(ctx.saved_tensors)
        for run in ctx.runs:
            _, posts, length = run
            (queries, keys, values), weights, factors = next(saved), next(saved), next(saved)
            of_attended = _by_head(of_mixed[_rows(run)], posts, ctx.num_heads).reshape(
                queries.shape
            )
            of_weights = torch.bmm(of_attended, values.mT)
            if factors is not None:
                of_weights.mul_(factors)
            of_scores = ctx.normaliser.gradient(of_weights, weights)
            of_scores.mul_(queries.shape[-1] ** -0.5)
            by_part = of_projected[_rows(run)].view(posts, length, 3, ctx.num_heads, -1)
            for part, gradient in enumerate(
                (
                    torch.bmm(of_scores, keys),
                    torch.bmm(of_scores.mT, queries),
                    torch.bmm(_times(weights, factors).mT, of_attended),
                )
            ):
                by_part[:, :, part].transpose(1, 2).copy_(
                    gradient.view(posts, ctx.num_heads, length, -1)
                )
        return of_projected, None, None, None, None


def split_heads(projected: Tensor, run: EqualLengthRun, num_heads: int) -> Tensor:
    """Queries, keys and values of a run, from `(N, 3D)` to `(3, posts * H, length, D/H)`."""
    _, posts, length = run
    heads = projected[_rows(run)].view(posts, length, 3, num_heads, -1).permute(2, 0, 3, 1, 4)
    return heads.reshape(3, posts * num_heads, length, -1)


def attention_weights(parts: Tensor, normaliser: Normaliser) -> Tensor:
    """How much each token (second to last dimension) takes from each (last), for what `split_heads`
    returns: shape `(posts * H, length, length)`."""
    queries, keys, _ = parts
    return normaliser.weights(torch.bmm(queries, keys.mT).mul_(queries.shape[-1] ** -0.5))


def _rows(run: EqualLengthRun) -> slice:
    return slice(run.first_token, run.first_token + run.num_posts * run.num_tokens)


def _times(weights: Tensor, factors: Tensor | None) -> Tensor:
    return weights if factors is None else weights * factors


def _by_head(stream: Tensor, posts: int, num_heads: int) -> Tensor:
    """A view of `(posts * length, D)` as `(posts, H, length, D/H)`."""
    return stream.view(posts, -1, num_heads, stream.shape[1] // num_heads).transpose(1, 2)
