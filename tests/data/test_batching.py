from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mental_health_classifier.data.batching import BatchDataset, LengthBuckets, OneBatch, make_batch
from mental_health_classifier.data.tokens.token_cache import TokenTable
from mental_health_classifier.data.tokens.windows import Windows


def posts_of(lengths):
    return SimpleNamespace(lengths=np.asarray(lengths))


def buckets(lengths, *, max_posts=4, token_budget=50, seed=1, is_shuffled=True) -> LengthBuckets:
    return LengthBuckets(
        posts_of(lengths),
        max_posts=max_posts,
        token_budget=token_budget,
        seed=seed,
        is_shuffled=is_shuffled,
    )


def epoch(sampler: LengthBuckets, number: int) -> list[list[int]]:
    sampler.set_epoch(number)
    return [batch.tolist() for batch in sampler]


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(1, 80), min_size=1, max_size=120), st.integers(0, 5), st.booleans())
def test_every_epoch_holds_every_post_once_within_the_budget(lengths, number, is_shuffled) -> None:
    sampler = buckets(lengths, is_shuffled=is_shuffled)
    batches = epoch(sampler, number)
    assert sorted(index for batch in batches for index in batch) == list(range(len(lengths)))
    assert len(batches) == len(sampler)  # the same in every epoch: Lightning counts once
    for batch in batches:
        assert len(batch) <= 4
        assert len(batch) == 1 or sum(lengths[index] for index in batch) <= 50


def test_batches_are_a_function_of_seed_and_epoch_alone() -> None:
    lengths = np.random.default_rng(0).integers(5, 40, 200)
    first, again = buckets(lengths), buckets(lengths)
    epoch(again, 7)  # having been in another epoch leaves no trace
    assert epoch(first, 3) == epoch(again, 3)
    assert epoch(first, 3) != epoch(first, 4)
    assert epoch(first, 3) != epoch(buckets(lengths, seed=2), 3)


def test_posts_meet_other_posts_in_other_epochs() -> None:
    lengths = np.arange(1, 201)
    sampler = buckets(lengths, max_posts=8, token_budget=10_000)
    met = {tuple(sorted(batch)) for number in range(5) for batch in epoch(sampler, number)}
    assert len(met) > 4 * len(sampler)


def test_batches_hold_posts_of_like_length() -> None:
    lengths = np.random.default_rng(0).integers(1, 500, 2000)
    batches = epoch(buckets(lengths, max_posts=16, token_budget=100_000), 0)
    spread = np.mean([np.ptp(lengths[batch]) for batch in batches])
    assert spread < 30  # 470 without buckets


def test_one_batch_is_the_same_in_every_epoch_and_only_of_training() -> None:
    lengths = np.random.default_rng(0).integers(5, 40, 200)
    options = {"max_posts": 4, "token_budget": 80, "seed": 1}
    training = OneBatch(posts_of(lengths), **options, is_shuffled=True)
    assert epoch(training, 0) == epoch(training, 5) and len(training) == 1
    validation = OneBatch(posts_of(lengths), **options, is_shuffled=False)
    plain = LengthBuckets(posts_of(lengths), **options, is_shuffled=False)
    assert epoch(validation, 0) == epoch(plain, 0) and len(validation) == len(plain)


@pytest.fixture
def tokens() -> TokenTable:
    posts = [[1, 2, 3], [4], [5, 6, 7], [8, 9]]
    offsets = np.cumsum([0, *map(len, posts)])
    return TokenTable(np.concatenate(posts).astype(np.uint16), offsets)


def test_a_batch_is_one_stream_shortest_post_first(tokens: TokenTable) -> None:
    labels = {"condition": np.array([0, 1, 2, 3])}
    batch = make_batch(tokens, rows=np.array([0, 1, 2, 3]), labels=labels)
    assert batch.token_ids.tolist() == [4, 8, 9, 1, 2, 3, 5, 6, 7]
    assert batch.offsets.tolist() == [0, 1, 3, 6, 9]
    assert batch.positions.tolist() == [0, 0, 1, 0, 1, 2, 0, 1, 2]
    assert batch.labels["condition"].tolist() == [1, 3, 0, 2]
    assert batch.post_indices.tolist() == [1, 3, 0, 2]
    assert batch.length_groups == ((0, 1, 1), (1, 1, 2), (3, 2, 3))
    assert len(batch) == 4 and batch.token_ids.dtype == torch.int64


def test_a_dataset_counts_within_its_part(tokens: TokenTable) -> None:
    labels = {"condition": np.array([0, 1, 2, 3])}
    post_ids = pd.Series(["a", "b", "c", "d"])
    dataset = BatchDataset(tokens=tokens, rows=np.array([1, 3]), labels=labels, ids=post_ids)
    assert dataset.lengths.tolist() == [1, 2]
    assert dataset.classes.tolist() == [1, 3] and dataset.post_ids == ["b", "d"]
    ((token_ids, lengths),) = dataset.token_chunks()
    assert token_ids.tolist() == [4, 8, 9] and lengths.tolist() == [1, 2]
    assert dataset[np.array([1])].post_indices.tolist() == [3]


def test_windows_of_a_long_post_stand_in_the_order_of_their_lengths() -> None:
    # [CLS] is 50, [SEP] 51; a window has room for three words, of which two are the next one's too.
    posts = [[50, 1, 2, 3, 4, 5, 51], [50, 6, 51], [50, 7, 8, 9, 10, 51]]
    tokens = TokenTable(
        np.concatenate(posts).astype(np.uint16),
        np.cumsum([0, *map(len, posts)]),
        {"places": np.arange(16)},
        Windows(max_tokens=5, overlap=1, most=9, around=(1, 1)),
    )
    assert tokens.lengths.tolist() == [10, 3, 9]
    batch = make_batch(tokens, rows=np.array([0, 1, 2]), labels={"condition": np.array([7, 8, 9])})
    assert batch.post_indices.tolist() == [1, 2, 0]
    assert batch.labels["condition"].tolist() == [8, 9, 7] and len(batch) == 3
    assert batch.window_posts is not None and batch.window_posts.tolist() == [0, 1, 1, 2, 2]
    stream = [[50, 6, 51], [50, 9, 10, 51], [50, 7, 8, 9, 51], [50, 1, 2, 3, 51], [50, 3, 4, 5, 51]]
    assert batch.token_ids.tolist() == [token for window in stream for token in window]
    assert batch.offsets.tolist() == [0, 3, 7, 12, 17, 22]
    assert batch.positions.tolist() == [0, 1, 2, 0, 1, 2, 3, *list(range(5)) * 3]
    assert batch.length_groups == ((0, 1, 3), (3, 1, 4), (7, 3, 5))
    ids = tokens.token_ids[batch.token_streams["places"].numpy()]
    assert ids.tolist() == batch.token_ids.tolist()


def test_where_no_post_is_long_a_batch_is_that_without_windows(tokens: TokenTable) -> None:
    windowed = replace(tokens, windows=Windows(max_tokens=3, overlap=1, most=9))
    rows = np.arange(4)
    with_them, without = (make_batch(table, rows=rows, labels={}) for table in (windowed, tokens))
    assert with_them.window_posts is None and with_them.length_groups == without.length_groups
    for name in ("token_ids", "offsets", "positions", "post_indices"):
        assert torch.equal(getattr(with_them, name), getattr(without, name))


def test_a_batch_costs_the_tokens_of_all_windows() -> None:
    generator = np.random.default_rng(0)
    lengths = generator.integers(1, 40, 60)
    tokens = TokenTable(
        np.zeros(lengths.sum(), np.uint16),
        np.concatenate([[0], np.cumsum(lengths)]),
        windows=Windows(max_tokens=10, overlap=2, most=9),
    )
    labels = {"condition": np.zeros(60, int)}
    posts = BatchDataset(
        tokens=tokens, rows=np.arange(60), labels=labels, ids=pd.Series(map(str, range(60)))
    )
    sampler = LengthBuckets(posts, max_posts=16, token_budget=80, seed=1, is_shuffled=True)
    batches = [posts[places] for places in sampler]
    assert max(len(batch.token_ids) for batch in batches) <= 80
    assert sum(len(batch.token_ids) for batch in batches) == tokens.lengths.sum() > lengths.sum()
