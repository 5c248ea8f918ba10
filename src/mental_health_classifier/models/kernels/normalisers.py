"""Softmax and 1.5-entmax, forward and backward."""

from __future__ import annotations

from typing import Any, Protocol

import torch
from torch import Tensor

_NEWTON_STEPS = 7
"""Each doubles the correct digits; rounding errors are reached after these."""


class Normaliser(Protocol):
    def weights(self, scores: Tensor, *, out: Tensor) -> Tensor:
        """Fills `out` with weights along the last dimension; `scores` may be overwritten."""
        ...

    def gradient(self, grad_weights: Tensor, weights: Tensor, *, scratch: Tensor) -> Tensor:
        """Gradient of the scores from that of their weights. `grad_weights` and `scratch`, of the
        same shape, may be overwritten, and what is returned may be one of them."""
        ...


class Softmax:
    """Every token gets some weight."""

    def weights(self, scores: Tensor, *, out: Tensor) -> Tensor:
        return torch.softmax(scores, -1, out=out)

    def gradient(self, grad_weights: Tensor, weights: Tensor, *, scratch: Tensor) -> Tensor:
        return torch.ops.aten._softmax_backward_data.out(
            grad_weights, weights, -1, weights.dtype, grad_input=scratch
        )


class Entmax15:
    """1.5-entmax: tokens whose score is far below the highest get no weight at all.

    The threshold is found by Newton's method, ten times faster than by sorting as the package
    `entmax` does, and without the running sums that a GPU cannot do deterministically.

    Source: Peters, Niculae and Martins, Sparse Sequence-to-Sequence Models, ACL 2019, equation 13.
    """

    def weights(self, scores: Tensor, *, out: Tensor) -> Tensor:
        # Eight bits of precision would leave sums of weights a percent off.
        halves = scores.to(torch.promote_types(scores.dtype, torch.float32))
        halves = halves.sub_(halves.amax(-1, keepdim=True)).mul_(0.5)
        # The norm of what exceeds a threshold is convex in it, and at least 1 at the lowest one
        # possible: from there Newton's steps never go too far.
        threshold = torch.full_like(halves[..., :1], -1)
        for _ in range(_NEWTON_STEPS):
            excess = (halves - threshold).relu_()
            norm = torch.linalg.vector_norm(excess, dim=-1, keepdim=True)
            threshold += (norm - 1) * norm / excess.sum(-1, keepdim=True)
        return out.copy_(halves.sub_(threshold).relu_().square_())

    def gradient(self, grad_weights: Tensor, weights: Tensor, *, scratch: Tensor) -> Tensor:
        slopes = torch.sqrt(weights, out=scratch)
        grad_scores = grad_weights.mul_(slopes)
        mean = grad_scores.sum(-1, keepdim=True) / slopes.sum(-1, keepdim=True)
        return grad_scores.addcmul_(slopes, mean, value=-1)


def entmax15(scores: Tensor) -> Tensor:
    """The weights of `Entmax15` along the last dimension, as an operation that gradients flow
    through."""
    return _Entmax15.apply(scores)


class _Entmax15(torch.autograd.Function):
    """`Entmax15` as an operation of its own, for code that has no backward pass around it."""

    @staticmethod
    def forward(ctx: Any, scores: Tensor) -> Tensor:
        weights = Entmax15().weights(scores.clone(), out=torch.empty_like(scores))
        ctx.save_for_backward(weights)
        return weights

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        (weights,) = ctx.saved_tensors
        grad_weights = gradients[0].clone()
        return Entmax15().gradient(grad_weights, weights, scratch=torch.empty_like(weights))
