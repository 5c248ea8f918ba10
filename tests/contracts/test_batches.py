from dataclasses import replace

import pytest
import torch
from whole_batches import batch_of

from mental_health_classifier.contracts import LengthGroup

BATCH = batch_of([1, 2, 2], {"condition": torch.tensor([0, 1, 1])})


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"token_ids": torch.zeros(4)}, r"Batch\.token_ids: shape \(5,\) was expected, not \(4,\)"),
        ({"positions": torch.zeros(5, 1)}, r"Batch\.positions: shape \(5,\)"),
        ({"offsets": torch.zeros(3)}, r"Batch\.offsets: shape \(4,\)"),
        ({"post_indices": torch.zeros(2)}, r"Batch\.post_indices: shape \(3,\)"),
        ({"labels": {"condition": torch.zeros(2)}}, r"Batch\.labels\.condition: shape \(3,\)"),
        ({"labels": {"emotions": torch.zeros(2, 4)}}, r"Batch\.labels\.emotions: shape \(3, 4\)"),
        ({"token_streams": {"cues": torch.zeros(6)}}, r"Batch\.token_streams\.cues: shape \(5,\)"),
        ({"window_posts": torch.zeros(2)}, r"Batch\.window_posts: shape \(3,\)"),
        ({"length_groups": (LengthGroup(0, 1, 1),)}, r"Batch\.offsets: shape \(2,\)"),
    ],
)
def test_what_does_not_fit_together_is_no_batch(changes, message) -> None:
    with pytest.raises(ValueError, match=message):
        replace(BATCH, **changes)
