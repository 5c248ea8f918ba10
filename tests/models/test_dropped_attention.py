from collections.abc import Callable

import torch
from torch import Tensor

from mental_health_classifier.contracts import EqualLengthRun
from mental_health_classifier.models.dropout import Dropout
from mental_health_classifier.models.dropped_attention import DroppedAttention

RUNS = (EqualLengthRun(0, 2, 3), EqualLengthRun(6, 1, 5))
NUM_HEADS, WIDTH = 2, 8


class KnownFactors(Dropout):
    """Leaves out the same weights at every call."""

    def factors(self, shape: torch.Size, *, like: Tensor) -> Tensor:
        drawn = torch.arange(shape.numel(), dtype=like.dtype).view(shape)
        return (drawn % 3 != 0).to(like.dtype) * 1.5


def attend_plainly(projected: Tensor, dropout: Dropout) -> Tensor:
    """Formula by formula, post by post."""
    mixed = []
    for first, posts, length in RUNS:
        factors = dropout.factors(
            torch.Size([posts * NUM_HEADS, length, length]), like=projected
        ).view(posts, NUM_HEADS, length, length)
        for post in range(posts):
            rows = projected[first + post * length : first + (post + 1) * length]
            queries, keys, values = rows.view(length, 3, NUM_HEADS, -1).permute(1, 2, 0, 3)
            scores = queries @ keys.mT / (WIDTH / NUM_HEADS) ** 0.5
            attended = (scores.softmax(-1) * factors[post]) @ values
            mixed.append(attended.transpose(0, 1).reshape(length, WIDTH))
    return torch.cat(mixed)


def result_and_gradient(attend: Callable[[Tensor], Tensor], projected: Tensor):
    projected = projected.clone().requires_grad_()
    mixed = attend(projected)
    (gradient,) = torch.autograd.grad(mixed.pow(3).sum(), projected)
    return mixed, gradient


def test_it_is_attention_with_weights_left_out_and_so_is_its_gradient() -> None:
    torch.manual_seed(0)
    projected, dropout = torch.randn(11, 3 * WIDTH), KnownFactors(0.3)
    ours = result_and_gradient(
        lambda p: DroppedAttention.apply(p, RUNS, NUM_HEADS, dropout), projected
    )
    plain = result_and_gradient(lambda p: attend_plainly(p, dropout), projected)
    torch.testing.assert_close(ours, plain)
