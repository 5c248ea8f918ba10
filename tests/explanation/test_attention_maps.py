from dataclasses import replace

import numpy as np
import pytest
import torch
from small_networks import NoEncoder, loaded, tokens_of

from mental_health_classifier.data.batching import make_batch
from mental_health_classifier.data.tokens.windows import Windows
from mental_health_classifier.explanation.attention_maps import attention_layers, attention_maps
from mental_health_classifier.explanation.integrated_gradients import Attributions
from mental_health_classifier.explanation.run_explanation import describe_attention


def test_every_post_has_a_map_of_each_layer_and_head_whose_rows_sum_to_one() -> None:
    network = loaded(num_layers=2).network
    batch = make_batch(
        tokens_of([3, 4, 5], [6, 7], [8, 9, 10]), rows=np.array([0, 1, 2]), labels={}
    )
    maps = attention_maps(network, batch)
    assert batch.post_indices.tolist() == [1, 0, 2]
    assert [[layer.shape for layer in post] for post in maps] == [
        [(2, n, n)] * 2 for n in (2, 3, 3)
    ]
    for post in maps:
        for layer in post:
            assert layer.sum(-1) == pytest.approx(np.ones(layer.shape[:2]), abs=1e-6)


def test_looking_leaves_nothing_behind_in_the_network() -> None:
    network = loaded(num_layers=1).network
    batch = make_batch(tokens_of([3, 4, 5]), rows=np.array([0]), labels={})
    before = network(batch).logits["condition"]
    attention_maps(network, batch)
    (layer,) = attention_layers(network)
    assert not layer._forward_pre_hooks
    torch.testing.assert_close(network(batch).logits["condition"], before, rtol=0, atol=0)


def test_a_network_without_attention_has_no_layers_to_tell_of() -> None:
    assert attention_layers(NoEncoder()) == []


def test_attention_is_described_by_posts_of_one_window() -> None:
    deep, windows = loaded(num_layers=2), Windows(max_tokens=4, overlap=1, most=9)
    short, long = [[3, 4, 5], [6, 7, 8, 9]], [[9, 8, 7, 6, 5, 4], [3, 4, 5, 6, 7, 8, 9]]

    def described(*posts: list[int]):
        tokens = replace(tokens_of(*posts), windows=windows)
        values = [np.arange(1.0, 1 + len(post)) for post in posts]
        found = Attributions(values, np.ones(len(posts)), np.zeros(len(posts)))
        return describe_attention(deep, tokens, found)

    assert described(long[0], *short, long[1]) == described(*short)
    assert described(*long) is None
