"""Posts of several windows: their vectors against those of the windows one by one."""

from __future__ import annotations

import functools
import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from tiny_encoders import LONGEST, VOCABULARY, settings_of
from torch import Tensor, nn

from mental_health_classifier.data.batching import make_batch
from mental_health_classifier.data.tokens.token_cache import TokenTable
from mental_health_classifier.data.tokens.windows import Windows
from mental_health_classifier.models.attention import ScaledDotProductAttention
from mental_health_classifier.models.embeddings import TokenEmbedding
from mental_health_classifier.models.encoder import TransformerEncoder
from mental_health_classifier.models.network import Network
from mental_health_classifier.models.pooling import AttentionReadout, MeanPooling
from mental_health_classifier.models.pretrained.encoder import PretrainedEncoder
from mental_health_classifier.models.window_pooling import AttentionOverWindows, MeanOfWindows

WIDTH = 16
FIRST, LAST = 1, 2
WINDOWS = Windows(max_tokens=LONGEST, overlap=3, most=9, around=(1, 1))
ROOM = LONGEST - 2
NUM_WORDS = (5, 2 * ROOM, ROOM, 3 * ROOM - 1, ROOM + 1)


def posts() -> list[list[int]]:
    generator = np.random.default_rng(0)
    return [generator.integers(3, VOCABULARY, count).tolist() for count in NUM_WORDS]


def table_of(*words: list[int], windows: Windows | None = WINDOWS) -> TokenTable:
    whole = [[FIRST, *post, LAST] for post in words]
    offsets = np.cumsum([0, *map(len, whole)])
    return TokenTable(np.concatenate(whole).astype(np.uint16), offsets, windows=windows)


def windows_of(words: list[int]) -> list[list[int]]:
    """As they are written down by hand: each begins with the last three words of the one before."""
    found = [words[:ROOM]]
    while (done := len(found) * (ROOM - 3) + 3) < len(words):
        found.append(words[done - 3 : done - 3 + ROOM])
    return found


def make_network(kind: str, *, pooling: nn.Module | None = None, windows=None) -> Network:
    torch.manual_seed(1)
    is_own = kind == "own"
    embedding = TokenEmbedding(
        vocabulary_size=VOCABULARY,
        width=WIDTH,
        max_tokens=LONGEST if is_own else None,
        dropout=0.0,
    )
    if is_own:
        attention = functools.partial(
            ScaledDotProductAttention, width=WIDTH, num_heads=2, dropout=0.0
        )
        encoder = TransformerEncoder(
            attention=attention, width=WIDTH, num_layers=2, feedforward_width=32, dropout=0.0
        )
    else:
        encoder = PretrainedEncoder(
            architecture={"model_type": kind, **settings_of(kind)},
            max_tokens=LONGEST,
            dropout=0.0,
            layer_decay=1.0,
            frozen_layers=0,
        )
    return Network(
        embedding=embedding,
        encoder=encoder,
        pooling=pooling or MeanPooling(),
        heads=nn.Identity(),
        windows=windows,
    ).eval()


@torch.inference_mode()
def vectors(network: Network, tokens: TokenTable) -> Tensor:
    """Of all posts, in their order."""
    batch = make_batch(tokens, rows=np.arange(len(tokens.lengths)), labels={})
    pooled, _ = network.pooled(network.embedding(batch), batch)
    return pooled[batch.post_indices.argsort()]


# One that counts places from the padding token on, and one that is read by groups of equal length.
@pytest.mark.parametrize("kind", ["own", "bert", "roberta", "mpnet"])
def test_a_long_post_is_the_mean_of_its_windows_read_one_by_one(kind: str) -> None:
    network = make_network(kind)
    together = vectors(network, table_of(*posts()))
    for words, found in zip(posts(), together, strict=True):
        one_by_one = [vectors(network, table_of(each, windows=None)) for each in windows_of(words)]
        torch.testing.assert_close(found, torch.cat(one_by_one).mean(0), rtol=1e-4, atol=1e-5)
        assert len(one_by_one) > 1 or len(words) <= ROOM


def test_a_short_post_has_the_vector_of_a_network_without_windows_bit_for_bit() -> None:
    short = [words[:ROOM] for words in posts()]
    plain = vectors(make_network("own"), table_of(*short, windows=None))
    attentive = make_network("own", windows=AttentionOverWindows(width=WIDTH))
    nn.init.normal_(attentive.windows.query)
    for network in (make_network("own"), attentive):
        assert torch.equal(vectors(network, table_of(*short)), plain)


def batch_of_windows(post_of_window: list[int]):
    """Windows of one token each."""
    batch = make_batch(
        table_of(*[[3]] * len(post_of_window)), rows=np.arange(len(post_of_window)), labels={}
    )
    return replace(
        batch,
        window_posts=torch.tensor(post_of_window),
        post_indices=torch.arange(1 + max(post_of_window)),
    )


def test_the_mean_counts_windows_alike() -> None:
    of_windows = torch.tensor([[1.0, 0.0], [2.0, 8.0], [4.0, 4.0], [9.0, 0.0]])
    pooled, shares = MeanOfWindows()(of_windows, batch_of_windows([0, 1, 1, 1]))
    assert pooled.tolist() == [[1.0, 0.0], [5.0, 4.0]]
    assert shares.tolist() == pytest.approx([1, 1 / 3, 1 / 3, 1 / 3])


def test_attention_begins_as_the_mean_and_weighs_windows_by_softmax() -> None:
    of_windows = torch.tensor([[1.0, 0.0], [0.0, 6.0], [math.log(3), 2.0]])
    attention = AttentionOverWindows(width=2)
    batch = batch_of_windows([1, 0, 0])
    torch.testing.assert_close(
        attention(of_windows, batch)[0], MeanOfWindows()(of_windows, batch)[0]
    )
    with torch.no_grad():
        attention.query[0] = 1.0
    pooled, shares = attention(of_windows, batch)  # e^0 : e^ln 3 = 1 : 3
    torch.testing.assert_close(shares, torch.tensor([1.0, 0.25, 0.75]))
    torch.testing.assert_close(pooled[0], torch.tensor([0.75 * math.log(3), 3.0]))
    with torch.no_grad():
        attention.query[0] = 1e6
    assert attention(of_windows, batch)[1].tolist() == [1.0, 0.0, 1.0]


@pytest.mark.parametrize("windows", [None, AttentionOverWindows(width=WIDTH)])
def test_with_an_additive_readout_a_post_is_still_a_sum_over_its_tokens(windows) -> None:
    network = make_network("own", pooling=AttentionReadout(width=WIDTH), windows=windows)
    batch = make_batch(table_of(*posts()), rows=np.arange(len(NUM_WORDS)), labels={})
    assert batch.window_posts is not None
    with torch.inference_mode():
        hidden = network.encoder(network.embedding(batch), batch.length_groups)
        pooled, weights = network.pooled(network.embedding(batch), batch)
        assert weights is not None
        adds = network.pooling.values(weights[:, None] * hidden)  # pyright: ignore[reportCallIssue]
    of_token = batch.window_posts.repeat_interleave(batch.offsets.diff())
    sums = torch.zeros_like(pooled).index_add(0, of_token, adds)
    torch.testing.assert_close(sums, pooled, rtol=1e-4, atol=1e-5)
    shares = torch.zeros(len(batch)).index_add(0, of_token, weights)
    torch.testing.assert_close(shares, torch.ones(len(batch)))
