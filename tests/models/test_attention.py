import pytest
import torch

from mental_health_classifier.contracts import EqualLengthRun, InputError
from mental_health_classifier.models.attention import ScaledDotProductAttention


def test_attention_is_softmax_of_scaled_products_within_each_post() -> None:
    torch.manual_seed(0)
    attention = ScaledDotProductAttention(width=6, num_heads=2, dropout=0.0).double()
    hidden = torch.randn(5, 6, dtype=torch.double)  # a post of one token, then two posts of two
    runs = [EqualLengthRun(0, 1, 1), EqualLengthRun(1, 2, 2)]
    projection = attention.queries_keys_values
    queries, keys, values = projection(hidden).split(6, dim=1)
    expected = torch.empty(5, 6, dtype=torch.double)
    for first, last in [(0, 1), (1, 3), (3, 5)]:
        for head in (slice(0, 3), slice(3, 6)):
            scores = queries[first:last, head] @ keys[first:last, head].T / 3**0.5
            expected[first:last, head] = scores.softmax(1) @ values[first:last, head]
    torch.testing.assert_close(attention(hidden, runs), attention.output(expected))


def test_heads_have_to_divide_the_width() -> None:
    with pytest.raises(InputError, match=r"model.width=10 .* model.num_heads=4"):
        ScaledDotProductAttention(width=10, num_heads=4, dropout=0.0)
