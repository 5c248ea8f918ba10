"""The kernel itself runs on GPUs alone: here something slower stands in for it, which reads what it
is given in the same way."""

from inspect import signature

import pytest
import torch
from torch import Tensor
from torch.nn import functional
from torch.nn.attention.varlen import varlen_attn

from mental_health_classifier.contracts import LengthGroup
from mental_health_classifier.models import attention
from mental_health_classifier.models.attention import (
    ScaledDotProductAttention,
    VariableLengthAttention,
)

GROUPS = [LengthGroup(0, 1, 1), LengthGroup(1, 3, 2), LengthGroup(7, 2, 9)]


def one_call(
    queries: Tensor,
    keys: Tensor,
    values: Tensor,
    query_ends: Tensor,
    key_ends: Tensor,
    longest_query: int,
    longest_key: int,
) -> Tensor:
    """`(N, H, D/H)` each; posts are told apart by where they end."""
    assert query_ends.dtype == key_ends.dtype == torch.int32
    assert longest_query == longest_key == int(query_ends.diff().max())
    mixed = torch.empty_like(queries)
    for first, last in zip(query_ends[:-1].tolist(), query_ends[1:].tolist(), strict=True):
        query, key, value = (each[first:last].transpose(0, 1) for each in (queries, keys, values))
        heads = functional.scaled_dot_product_attention(query, key, value)
        mixed[first:last] = heads.transpose(0, 1)
    return mixed


def test_one_call_for_posts_of_all_lengths_is_a_call_for_each_length(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    torch.manual_seed(0)
    usual = ScaledDotProductAttention(width=8, num_heads=2, dropout=0.0)
    at_once = VariableLengthAttention(width=8, num_heads=2)
    at_once.load_state_dict(usual.state_dict())
    hidden = torch.randn(25, 8)
    expected = usual(hidden, GROUPS)
    # On a processor it goes length by length too.
    torch.testing.assert_close(at_once(hidden, GROUPS), expected, rtol=0, atol=0)
    monkeypatch.setattr("torch.nn.attention.varlen.varlen_attn", one_call)
    monkeypatch.setattr(attention, "can_attend_at_once", lambda projected: True)
    torch.testing.assert_close(at_once(hidden, GROUPS), expected)


def test_torch_has_the_kernel_with_the_arguments_that_are_given() -> None:
    names = list(signature(varlen_attn).parameters)
    assert names[:7] == ["query", "key", "value", "cu_seq_q", "cu_seq_k", "max_q", "max_k"]
