"""Attention within each post of a stream of posts, for bodies of the library transformers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from mental_health_classifier.contracts import LengthGroup
from mental_health_classifier.models.kernels.dropout import Dropout
from mental_health_classifier.models.kernels.explicit_attention import ExplicitAttention
from mental_health_classifier.models.kernels.normalisers import Softmax

NAME = "within_each_post"
"""What transformers calls it."""
_GROUPS: ContextVar[Sequence[LengthGroup]] = ContextVar("length_groups")


def register() -> None:
    """Makes the attention known to transformers, and that it needs no mask."""
    from transformers import AttentionInterface
    from transformers.masking_utils import AttentionMaskInterface

    AttentionInterface.register(NAME, _attend)
    AttentionMaskInterface.register(NAME, lambda *_, **__: None)


@contextmanager
def posts_of(groups: Sequence[LengthGroup]) -> Iterator[None]:
    """Says which posts the stream holds that the body within the block is given."""
    token = _GROUPS.set(groups)
    try:
        yield
    finally:
        _GROUPS.reset(token)


def _attend(
    module: nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    scaling: float | None = None,
    dropout: float = 0.0,
    sliding_window: int | None = None,
    **_: Any,
) -> tuple[Tensor, None]:
    """query (1, H, N, D/H), keys and values with as many heads or a part of them -> (1, N, H, D/H).

    Args:
        sliding_window: a token takes from others that are less than so many places away.
    """
    groups, num_heads = _GROUPS.get(), query.shape[1]
    longest = max(group.num_tokens for group in groups)
    window = sliding_window if sliding_window is not None and sliding_window < longest else None
    own_scale = query.shape[-1] ** -0.5
    if scaling is not None and scaling != own_scale:
        query = query * (scaling / own_scale)
    parts = [_by_token(each, num_heads) for each in (query, key, value)]  # (N, D) each
    applied = Dropout(dropout).train(module.training)
    if window is None and applied.is_active and query.device.type == "cpu":
        projected = torch.cat(parts, -1)
        mixed = ExplicitAttention.apply(projected, groups, num_heads, Softmax(), applied)
    else:
        mixed = torch.cat(
            [
                _mix(
                    [part[_rows(group)].view(*group[1:], num_heads, -1) for part in parts],
                    p=applied.p if applied.is_active else 0.0,
                    window=window,
                )
                for group in groups
            ]
        )
    return mixed.view(1, len(mixed), num_heads, -1), None


def _by_token(heads: Tensor, num_heads: int) -> Tensor:
    """(1, H or fewer, N, D/H) -> (N, D)"""
    if heads.shape[1] != num_heads:
        heads = heads.repeat_interleave(num_heads // heads.shape[1], 1)
    return heads[0].transpose(0, 1).flatten(1)


def _mix(parts: Sequence[Tensor], *, p: float, window: int | None) -> Tensor:
    """queries, keys and values (posts, length, H, D/H) -> (posts * length, D)"""
    queries, keys, values = (part.transpose(1, 2) for part in parts)
    is_seen = None
    if window is not None:
        places = torch.arange(queries.shape[2], device=queries.device)
        is_seen = (places[:, None] - places).abs() < window
    mixed = functional.scaled_dot_product_attention(
        queries, keys, values, attn_mask=is_seen, dropout_p=p
    )
    return mixed.transpose(1, 2).flatten(2).flatten(0, 1)


def _rows(group: LengthGroup) -> slice:
    return slice(group.first_token, group.first_token + group.num_posts * group.num_tokens)
