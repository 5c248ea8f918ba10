"""Dropout whose random numbers are cheap on a processor."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from mental_health_classifier.contracts import InputError

_LEVELS = 2**8


class Dropout(nn.Module):
    """Dropout as in torch.nn, many times faster on a processor.

    A function of torch's random state, so seeding torch seeds it too. Each number is left out with
    exactly the probability `p`.

    Raises:
        InputError: `p` is below 0 or above 255/256.

    Source: Srivastava et al., Dropout, JMLR 15 (2014).
    """

    def __init__(self, p: float) -> None:
        super().__init__()
        if not 0 <= p <= 1 - 1 / _LEVELS:
            raise InputError(
                f"Dropout leaves out a share of at least 0 and less than 1, not {p}. Set "
                "model.dropout, 0.1 for example."
            )
        self.p = p

    def forward(self, values: Tensor) -> Tensor:
        """Keeps the shape; while evaluating, `values` themselves."""
        if not self.is_active:
            return values
        return values * self.mask(values.shape, like=values).to(values.dtype).mul_(self.scale)

    def add(self, residual: Tensor, values: Tensor) -> Tensor:
        """Returns `residual` plus what is kept of `values`, in one pass over them."""
        if not self.is_active:
            return residual + values
        mask = self.mask(values.shape, like=values)
        return _AddKept.apply(residual, values, mask, self.scale)

    @property
    def is_active(self) -> bool:
        return self.training and self.p > 0

    @property
    def scale(self) -> float:
        """By which to multiply what is kept, so that expectations stay."""
        return 1 / (1 - self.p)

    def mask(self, shape: torch.Size, *, like: Tensor) -> Tensor:
        """Zero where a number is left out, else one: int8, of `shape`, on the device of `like`."""
        if like.device.type != "cpu":
            return torch.empty(shape, dtype=torch.int8, device=like.device).bernoulli_(1 - self.p)
        # Torch draws number by number from a Mersenne twister in one thread; 8 bits of a generator
        # made for 64-bit processors are enough for a decision and twenty times cheaper. They know
        # 256 levels: which of the two next to `p` bounds this tensor, is drawn as well.
        seed = int(torch.randint(2**63 - 1, ()))
        dropped_levels = int(self.p * _LEVELS + float(torch.rand((), dtype=torch.double)))
        draws = torch.from_numpy(
            np.random.SFC64(seed).random_raw(-(-shape.numel() // 8)).view(np.int8)
        )
        # In place a comparison leaves zeros and ones of the same type, in one pass of wide
        # instructions; as truth values it and their conversion take eight times as long.
        return draws[: shape.numel()].ge_(dropped_levels - _LEVELS // 2).view(shape)


class _AddKept(torch.autograd.Function):
    """residual, values and mask of one shape -> residual + values * mask * scale."""

    @staticmethod
    def forward(ctx: Any, residual: Tensor, values: Tensor, mask: Tensor, scale: float) -> Tensor:
        ctx.save_for_backward(mask)
        ctx.scale = scale
        return torch.addcmul(residual, values, mask.to(values.dtype), value=scale)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor, None, None]:
        (gradient,) = gradients
        (mask,) = ctx.saved_tensors
        return gradient, mask.to(gradient.dtype).mul_(gradient).mul_(ctx.scale), None, None
