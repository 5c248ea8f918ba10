"""Attention within posts of any lengths in one call, by the kernel that torch has for GPUs."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import torch
from torch import Tensor

from mental_health_classifier.contracts import LengthGroup

HALF_PRECISION = torch.bfloat16, torch.float16
"""What the kernel computes in."""


def can_attend_at_once(projected: Tensor) -> bool:
    return projected.is_cuda and projected.dtype in HALF_PRECISION


def attend_at_once(projected: Tensor, groups: Sequence[LengthGroup], num_heads: int) -> Tensor:
    """Softmax attention of all posts of a batch.

    Args:
        projected: queries, keys and values of each token, shape `(N, 3D)`.

    Returns:
        Shape `(N, D)`.
    """
    # More than a second of imports, which only GPUs in half precision make use of.
    from torch.nn.attention.varlen import varlen_attn

    queries, keys, values = projected.unflatten(-1, (3, num_heads, -1)).unbind(1)
    ends, longest = _ends(tuple(groups), projected.device)
    mixed = varlen_attn(queries, keys, values, ends, ends, longest, longest)
    assert isinstance(mixed, Tensor)  # without what else the kernel can return
    return mixed.flatten(1)


@lru_cache(maxsize=4)  # every layer asks about the same batch
def _ends(groups: tuple[LengthGroup, ...], device: torch.device) -> tuple[Tensor, int]:
    """Where posts begin and end in the stream of tokens, int32, shape `(W + 1,)`, and the length
    of the longest."""
    lengths = torch.tensor([each.num_tokens for each in groups]).repeat_interleave(
        torch.tensor([each.num_posts for each in groups])
    )
    ends = torch.nn.functional.pad(lengths.cumsum(0), (1, 0)).to(torch.int32)
    return ends.to(device, non_blocking=True), max(each.num_tokens for each in groups)
