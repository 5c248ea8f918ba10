"""Steps that two processes share, against the same step in one."""

from __future__ import annotations

import os
import traceback
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from torch import distributed
from torch.nn.functional import cross_entropy
from whole_batches import batch_of

from mental_health_classifier.contracts import Batch, ModelOutput
from mental_health_classifier.data.batching import BatchDataset, LengthBuckets, make_batch
from mental_health_classifier.data.tokens.token_cache import TokenTable
from mental_health_classifier.training.devices import (
    share_of_count,
    share_of_step,
    whole_step,
)

WEIGHTS = torch.tensor([1.0, 5.0, 0.5], dtype=torch.float64)


def table_of(lengths: np.ndarray) -> TokenTable:
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    return TokenTable(np.zeros(offsets[-1], np.uint16), offsets)


def posts_of_device(lengths: np.ndarray, device: int, num_devices: int) -> BatchDataset:
    return BatchDataset(
        tokens=table_of(lengths),
        rows=np.arange(len(lengths)),
        labels={"label": np.arange(len(lengths)) % 3},
        ids=pd.Series([str(row) for row in range(len(lengths))]),
        device=device,
        num_devices=num_devices,
    )


@pytest.mark.parametrize("num_devices", [2, 3])
def test_every_one_of_1003_posts_is_given_to_one_device(num_devices: int) -> None:
    lengths = np.random.default_rng(0).integers(2, 60, 1003)
    shares: list[list[int]] = []
    for device in range(num_devices):
        posts = posts_of_device(lengths, device, num_devices)
        sampler = LengthBuckets(posts, max_posts=16, token_budget=900, seed=1, is_shuffled=False)
        batches = [posts[places] for places in sampler]
        shares.append([row for batch in batches for row in batch.post_indices.tolist()])
        assert sum(len(batch.whole or ()) for batch in batches) == 1003
        tokens = sum(len(batch.token_ids) for batch in batches)
        # Within the longest posts of each batch: none waits long for another.
        assert abs(tokens - lengths.sum() / num_devices) < 60 * len(batches) / num_devices
    assert sorted(row for share in shares for row in share) == list(range(1003))


def test_a_batch_smaller_than_the_number_of_devices_leaves_a_share_that_nobody_reads() -> None:
    lengths = np.array([3, 4])
    shares = [posts_of_device(lengths, device, 3)[np.array([0, 1])] for device in range(3)]
    assert [share.post_indices.tolist() for share in shares] == [[0], [1], [0]]


def step(features: torch.Tensor, weight: torch.Tensor, batch: Batch) -> torch.Tensor:
    """A loss that is no mean over posts: rare classes weigh more."""
    logits = {"label": features[batch.post_indices] @ weight}
    output, batch = whole_step(ModelOutput(logits=logits), batch)
    return cross_entropy(output.logits["label"], batch.labels["label"], weight=WEIGHTS)


def take_part(folder: Path, device: int, features: torch.Tensor, num_posts: int) -> None:
    distributed.init_process_group(
        "gloo", init_method=f"file://{folder / f'meet{num_posts}'}", rank=device, world_size=2
    )
    lengths = np.arange(2, 2 + num_posts)
    batch = posts_of_device(lengths, device, 2)[np.arange(num_posts)]
    weight = torch.ones(4, 3, dtype=torch.float64, requires_grad=True)
    loss = step(features, weight, batch)
    loss.backward()
    gradient = weight.grad
    assert gradient is not None
    distributed.all_reduce(gradient)
    share = share_of_count(batch, torch.tensor(device + 1))
    torch.save(
        [loss.detach(), gradient / 2, share_of_step(batch), share],
        folder / f"{num_posts}-{device}.pt",
    )


@pytest.mark.parametrize("num_posts", [1, 2, 5])
def test_two_devices_have_the_loss_and_the_gradient_of_one(num_posts: int, tmp_path: Path) -> None:
    features = torch.randn(num_posts, 4, dtype=torch.float64)
    children = []
    for device in range(2):
        if not (pid := os.fork()):
            try:
                take_part(tmp_path, device, features, num_posts)
                os._exit(0)
            except BaseException:
                traceback.print_exc()
                os._exit(1)
        children.append(pid)
    assert [os.waitpid(pid, 0)[1] for pid in children] == [0, 0]
    weight = torch.ones(4, 3, dtype=torch.float64, requires_grad=True)
    labels = {"label": torch.arange(num_posts) % 3}
    expected = step(features, weight, batch_of(range(2, 2 + num_posts), labels))
    expected.backward()
    for device in range(2):
        loss, gradient, share, of_count = torch.load(tmp_path / f"{num_posts}-{device}.pt")
        torch.testing.assert_close(loss, expected.detach())
        torch.testing.assert_close(gradient, weight.grad)
        own = len(range(device, num_posts, 2))
        assert share == pytest.approx(2 * own / num_posts)
        assert of_count == pytest.approx(2 * (device + 1) / 3)


def test_one_device_has_the_whole_step() -> None:
    batch = make_batch(table_of(np.array([2, 3])), rows=np.arange(2), labels={})
    output = ModelOutput(logits={"label": torch.zeros(2, 3)})
    assert whole_step(output, batch) == (output, batch)
    assert share_of_step(batch) == share_of_count(batch, torch.tensor(0)) == 1
