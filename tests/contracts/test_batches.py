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


def test_all_of_a_batch_is_pinned_and_moved(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.Tensor, "pin_memory", lambda values: values + 100)
    batch = replace(BATCH, token_streams={"cues": torch.zeros(5)}, window_posts=torch.arange(3))
    pinned = replace(batch, whole=batch).pin_memory()
    whole = pinned.whole
    assert whole is not None
    for each in (pinned, whole):
        assert each.length_groups == batch.length_groups
        for name in ("token_ids", "offsets", "positions", "post_indices", "window_posts"):
            assert torch.equal(getattr(each, name), getattr(batch, name) + 100)
        assert (each.token_streams["cues"] == 100).all()
        assert torch.equal(each.labels["condition"], torch.tensor([100, 101, 101]))
    moved = replace(batch, whole=batch).to("meta", non_blocking=True)
    assert moved.token_ids.is_meta and moved.whole is not None and moved.whole.offsets.is_meta
