import torch

from mental_health_classifier.contracts import Batch, EqualLengthRun
from mental_health_classifier.models.pooling import MeanPooling


def test_the_mean_is_over_a_posts_own_tokens() -> None:
    hidden = torch.tensor([[1.0, 0.0], [2.0, 4.0], [4.0, 0.0], [0.0, 2.0], [2.0, 2.0]])
    nothing = torch.empty(0)
    batch = Batch(
        token_ids=nothing,
        offsets=torch.tensor([0, 1, 3, 5]),
        positions=nothing,
        labels={},
        post_indices=nothing,
        runs=(EqualLengthRun(0, 1, 1), EqualLengthRun(1, 2, 2)),
    )
    pooled, weights = MeanPooling()(hidden, batch)
    assert pooled.tolist() == [[1.0, 0.0], [3.0, 2.0], [1.0, 2.0]]
    assert weights is None
