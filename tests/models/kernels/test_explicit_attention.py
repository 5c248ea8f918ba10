from collections.abc import Callable

import pytest
import torch
from entmax import entmax15
from torch import Tensor

from mental_health_classifier.contracts import LengthGroup
from mental_health_classifier.models.kernels.dropout import Dropout
from mental_health_classifier.models.kernels.explicit_attention import ExplicitAttention
from mental_health_classifier.models.kernels.normalisers import Entmax15, Normaliser, Softmax

GROUPS = (LengthGroup(0, 2, 3), LengthGroup(6, 1, 5))
NUM_HEADS, WIDTH = 2, 8


class KnownMask(Dropout):
    """Leaves out the same weights at every call."""

    def mask(self, shape: torch.Size, *, like: Tensor) -> Tensor:
        return (torch.arange(shape.numel()).view(shape) % 3 != 0).to(torch.int8)


def attend_plainly(
    projected: Tensor, normalise: Callable[[Tensor], Tensor], dropout: Dropout
) -> Tensor:
    """Formula by formula, post by post."""
    mixed = []
    for first, posts, length in GROUPS:
        shape = torch.Size([posts, NUM_HEADS, length, length])
        factors = torch.ones(shape)
        if dropout.p:
            factors = dropout.mask(shape, like=projected) / (1 - dropout.p)
        for post in range(posts):
            rows = projected[first + post * length : first + (post + 1) * length]
            queries, keys, values = rows.view(length, 3, NUM_HEADS, -1).permute(1, 2, 0, 3)
            scores = queries @ keys.mT / (WIDTH / NUM_HEADS) ** 0.5
            attended = (normalise(scores) * factors[post]) @ values
            mixed.append(attended.transpose(0, 1).reshape(length, WIDTH))
    return torch.cat(mixed)


def result_and_gradient(attend: Callable[[Tensor], Tensor], projected: Tensor):
    projected = projected.clone().requires_grad_()
    mixed = attend(projected)
    (gradient,) = torch.autograd.grad(mixed.pow(3).sum(), projected)
    return mixed, gradient


@pytest.mark.parametrize("share", [0.0, 0.3])
@pytest.mark.parametrize(
    ("normaliser", "normalise"),
    [(Softmax(), lambda scores: scores.softmax(-1)), (Entmax15(), entmax15)],
)
def test_it_is_attention_with_weights_left_out_and_so_is_its_gradient(
    normaliser: Normaliser, normalise: Callable[[Tensor], Tensor], share: float
) -> None:
    torch.manual_seed(0)
    projected, dropout = torch.randn(11, 3 * WIDTH), KnownMask(share)
    ours = result_and_gradient(
        lambda p: ExplicitAttention.apply(p, GROUPS, NUM_HEADS, normaliser, dropout), projected
    )
    plain = result_and_gradient(lambda p: attend_plainly(p, normalise, dropout), projected)
    torch.testing.assert_close(ours, plain)
