import math

import entmax
import pytest
import torch
from torch import Tensor

from mental_health_classifier.models.kernels.normalisers import Entmax15, entmax15


def weights_of(scores: Tensor) -> Tensor:
    return Entmax15().weights(scores.clone(), out=torch.empty_like(scores))


@pytest.mark.parametrize(
    ("scores", "weights"),
    [
        ([-2.0, 0.0, 0.5], [0.0, 0.3260, 0.6740]),
        ([1.0, 2.0, -math.inf], [0.1693, 0.8307, 0.0]),
        ([3.0], [1.0]),
        ([7.0, 7.0], [0.5, 0.5]),
    ],
)
def test_entmax_leaves_out_what_is_far_below(scores: list[float], weights: list[float]) -> None:
    found = weights_of(torch.tensor(scores))
    torch.testing.assert_close(found, torch.tensor(weights), atol=5e-5, rtol=0)


@pytest.mark.parametrize("length", [2, 30, 500])
@pytest.mark.parametrize("scale", [0.01, 1.0, 30.0])
def test_entmax_and_its_gradient_are_those_of_the_package(length: int, scale: float) -> None:
    torch.manual_seed(0)
    scores = (torch.randn(50, length, dtype=torch.double) * scale).requires_grad_()
    expected = entmax.entmax15(scores, dim=-1)
    of_weights = torch.randn_like(expected)
    expected.backward(of_weights)
    weights = weights_of(scores.detach())
    torch.testing.assert_close(weights, expected.detach(), atol=1e-10, rtol=0)
    given = scores.detach().clone().requires_grad_()
    entmax15(given).backward(of_weights)
    torch.testing.assert_close(given.grad, scores.grad)
    torch.testing.assert_close(given.detach(), scores.detach(), rtol=0, atol=0)


def test_entmax_finds_the_threshold_where_weights_fall_off_slowly() -> None:
    scores = -torch.arange(4096.0).log1p()[None] * torch.tensor([[0.1], [0.5], [1.0]])
    expected = entmax.entmax15(scores.double(), dim=-1).float()
    torch.testing.assert_close(weights_of(scores), expected, atol=1e-6, rtol=0)


def test_coarse_numbers_are_normalised_in_fine_ones() -> None:
    torch.manual_seed(0)
    scores = torch.randn(20, 300).bfloat16()
    weights = weights_of(scores)
    assert weights.dtype == torch.bfloat16
    expected = entmax.entmax15(scores.float(), dim=-1)
    torch.testing.assert_close(weights.float(), expected, atol=2**-9, rtol=2**-8)
