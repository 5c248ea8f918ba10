import torch
from whole_batches import batch_of

from mental_health_classifier.models.pooling import AttentionReadout, MeanPooling


def test_the_mean_is_over_a_posts_own_tokens() -> None:
    hidden = torch.tensor([[1.0, 0.0], [2.0, 4.0], [4.0, 0.0], [0.0, 2.0], [2.0, 2.0]])
    pooled, weights = MeanPooling()(hidden, batch_of([1, 2, 2]))
    assert pooled.tolist() == [[1.0, 0.0], [3.0, 2.0], [1.0, 2.0]]
    assert weights is None


def test_weights_of_the_readout_sum_to_one_for_each_post() -> None:
    torch.manual_seed(0)
    readout = AttentionReadout(width=4)
    _pooled, weights = readout(torch.randn(5, 4), batch_of([1, 2, 2]))
    assert weights[0] == 1
    torch.testing.assert_close(weights[1:].view(2, 2).sum(1), torch.ones(2))


def test_a_class_logit_is_the_sum_of_what_its_tokens_contribute_and_the_bias() -> None:
    torch.manual_seed(0)
    readout, head = AttentionReadout(width=4).double(), torch.nn.Linear(4, 3).double()
    hidden = torch.randn(5, 4, dtype=torch.double)
    pooled, weights = readout(hidden, batch_of([1, 2, 2]))
    contributions = weights[:, None] * (hidden @ readout.values.weight.T @ head.weight.T)
    for post, (first, last) in enumerate([(0, 1), (1, 3), (3, 5)]):
        expected = contributions[first:last].sum(0) + head.bias
        torch.testing.assert_close(head(pooled)[post], expected)


def test_building_the_readout_leaves_the_random_numbers_of_later_parts_alone() -> None:
    torch.manual_seed(0)
    expected = torch.nn.Linear(4, 4).weight
    torch.manual_seed(0)
    readout = AttentionReadout(width=4)
    assert torch.equal(torch.nn.Linear(4, 4).weight, expected)
    assert not torch.equal(readout.keys.weight, expected)
