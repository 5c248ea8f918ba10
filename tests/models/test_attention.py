import pytest
import torch

from mental_health_classifier.contracts import InputError, LengthGroup
from mental_health_classifier.models.attention import EntmaxAttention, ScaledDotProductAttention


def test_attention_is_softmax_of_scaled_products_within_each_post() -> None:
    torch.manual_seed(0)
    attention = ScaledDotProductAttention(width=6, num_heads=2, dropout=0.0).double()
    hidden = torch.randn(5, 6, dtype=torch.double)  # a post of one token, then two posts of two
    groups = [LengthGroup(0, 1, 1), LengthGroup(1, 2, 2)]
    projection = attention.queries_keys_values
    queries, keys, values = projection(hidden).split(6, dim=1)
    expected = torch.empty(5, 6, dtype=torch.double)
    for first, last in [(0, 1), (1, 3), (3, 5)]:
        for head in (slice(0, 3), slice(3, 6)):
            scores = queries[first:last, head] @ keys[first:last, head].T / 3**0.5
            expected[first:last, head] = scores.softmax(1) @ values[first:last, head]
    torch.testing.assert_close(attention(hidden, groups), attention.output(expected))


def test_heads_have_to_divide_the_width() -> None:
    with pytest.raises(InputError, match=r"model.width=10 .* model.num_heads=4"):
        ScaledDotProductAttention(width=10, num_heads=4, dropout=0.0)


GROUPS = [LengthGroup(0, 1, 1), LengthGroup(1, 3, 2), LengthGroup(7, 2, 9)]


@pytest.mark.parametrize("kind", [ScaledDotProductAttention, EntmaxAttention])
def test_recomputed_weights_are_those_that_mixed_the_tokens(kind) -> None:
    torch.manual_seed(0)
    attention = kind(width=8, num_heads=2, dropout=0.1).eval()
    hidden = torch.randn(25, 8) * 3
    values = attention.queries_keys_values(hidden)[:, 16:]
    mixed = [
        (weights @ values[first : first + posts * length].view(posts, length, 2, 4).transpose(1, 2))
        .transpose(1, 2)
        .reshape(-1, 8)
        for weights, (first, posts, length) in zip(
            attention.weights(hidden, GROUPS), GROUPS, strict=True
        )
    ]
    torch.testing.assert_close(
        attention.output(torch.cat(mixed)), attention(hidden, GROUPS), atol=1e-5, rtol=0
    )


def test_entmax_attention_leaves_tokens_out_and_has_the_weights_of_the_usual_one() -> None:
    hidden = torch.randn(25, 8, generator=torch.Generator().manual_seed(0)) * 3
    built = []
    for kind in (ScaledDotProductAttention, EntmaxAttention):
        torch.manual_seed(0)
        built.append(kind(width=8, num_heads=2, dropout=0.1))
    usual, sparse = built
    torch.testing.assert_close(sparse.state_dict(), usual.state_dict(), rtol=0, atol=0)
    assert not (usual.weights(hidden, GROUPS)[2] == 0).any()
    weights = sparse.weights(hidden, GROUPS)[2]
    assert (weights == 0).any()
    torch.testing.assert_close(weights.sum(-1), torch.ones(2, 2, 9))
