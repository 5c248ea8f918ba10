from dataclasses import replace

import numpy as np
import pytest
import torch
from small_networks import loaded, tokens_of

from mental_health_classifier.data.tokens.windows import Windows
from mental_health_classifier.explanation import integrated_gradients as module
from mental_health_classifier.explanation.integrated_gradients import integrated_gradients

POSTS = tokens_of([3, 4, 5], [6, 7, 8, 9], [2, 3, 2], [10])


def test_what_a_linear_model_adds_up_is_found_exactly() -> None:
    bag = loaded(num_layers=0)
    network, classes = bag.network, np.array([1, 0, 2, 1])
    found = integrated_gradients(bag, POSTS, classes)
    vectors = network.embedding.tokens.weight
    head = network.heads.by_task["condition"].weight
    for row, values in enumerate(found.tokens):
        ids = torch.from_numpy(POSTS.token_ids[slice(*POSTS.offsets[row : row + 2])].astype(int))
        expected = (vectors[ids] - vectors[bag.tokenizer.mask_id]) @ head[classes[row]] / len(ids)
        assert values == pytest.approx(expected.detach().numpy(), abs=1e-6)
    assert found.gaps == pytest.approx(np.zeros(4), abs=1e-6)


def test_attributions_add_up_to_what_masking_everything_changes() -> None:
    deep, classes = loaded(num_layers=2), np.array([1, 0, 2, 1])
    found = integrated_gradients(deep, POSTS, classes)
    everything = tokens_of(*[[deep.tokenizer.mask_id] * n for n in (3, 4, 3, 1)])
    for row, index in enumerate(classes):
        with_tokens, without = (float(deep.logits(t, row)[index]) for t in (POSTS, everything))
        assert found.differences[row] == pytest.approx(with_tokens - without, abs=1e-4)
        assert found.tokens[row].sum() == pytest.approx(with_tokens - without, rel=0.05, abs=1e-4)
    assert found.is_complete.all()


def test_posts_whose_attributions_do_not_add_up_get_more_steps(monkeypatch) -> None:
    deep, classes = loaded(num_layers=2, scale=6.0), np.array([1, 0, 2, 1])
    monkeypatch.setattr(module, "ATTEMPTS", [(1, 0.05)])
    rough = integrated_gradients(deep, POSTS, classes)
    monkeypatch.setattr(module, "ATTEMPTS", [(1, 0.05), (200, 0.05)])
    done = []
    fine = integrated_gradients(deep, POSTS, classes, advance=done.append)
    assert not rough.is_complete.all() and fine.is_complete.all()
    assert sum(done) == len(classes)


def test_a_post_is_explained_alike_whatever_it_is_explained_with() -> None:
    deep = loaded(num_layers=2)
    together = integrated_gradients(deep, POSTS, np.array([1, 0, 2, 1])).tokens
    alone = integrated_gradients(deep, tokens_of([6, 7, 8, 9]), np.array([0])).tokens
    assert together[1] == pytest.approx(alone[0], abs=1e-5)


def test_what_two_windows_have_in_common_adds_what_it_adds_in_both() -> None:
    bag, post = loaded(num_layers=0), [3, 4, 5, 6, 7, 8, 9]
    windows = Windows(max_tokens=4, overlap=1, most=9)
    posts = replace(tokens_of([3, 4], post, [2, 3, 4, 5, 6, 7, 8]), windows=windows)
    values = integrated_gradients(bag, posts, np.array([1, 0, 2])).tokens[1]
    # Of [3, 4, 5, 6] and [6, 7, 8, 9] each token has a quarter of its window, that half the post.
    shares = torch.tensor([1, 1, 1, 2, 1, 1, 1]) / 8
    vectors = bag.network.embedding.tokens.weight
    steps = (vectors[torch.tensor(post)] - vectors[bag.tokenizer.mask_id]) * shares[:, None]
    expected = steps @ bag.network.heads.by_task["condition"].weight[0]
    assert values == pytest.approx(expected.detach().numpy(), abs=1e-6)


def test_attributions_of_windows_add_up_to_what_masking_everything_changes() -> None:
    deep, classes = loaded(num_layers=2), np.array([1, 0, 2])
    windows = Windows(max_tokens=4, overlap=1, most=9)
    posts = replace(tokens_of(list(range(2, 12)), [3, 4], list(range(5, 11))), windows=windows)
    found = integrated_gradients(deep, posts, classes)
    nothing = replace(tokens_of([1] * 10, [1] * 2, [1] * 6), windows=windows)
    for row, index in enumerate(classes):
        with_tokens, without = (float(deep.logits(t, row)[index]) for t in (posts, nothing))
        assert found.tokens[row].sum() == pytest.approx(with_tokens - without, rel=0.05, abs=1e-4)
    assert [len(values) for values in found.tokens] == [10, 2, 6] and found.is_complete.all()


@pytest.mark.parametrize("scale", [1.0, 3.0])
def test_few_steps_find_what_many_find(monkeypatch, scale: float) -> None:
    deep, classes = loaded(num_layers=2, scale=scale), np.array([1, 0, 2, 1])
    found = integrated_gradients(deep, POSTS, classes)
    monkeypatch.setattr(module, "ATTEMPTS", [(200, 1.0)])
    exact = integrated_gradients(deep, POSTS, classes)
    for row, values in enumerate(found.tokens):
        # A post that sixteen steps do not explain up to .002 is explained in fifty, up to .05.
        is_close = abs(found.gaps[row]) <= 0.002 * abs(found.differences[row])
        allowed = 0.005 if is_close else 0.05
        assert np.abs(values - exact.tokens[row]).max() <= allowed * np.abs(exact.tokens[row]).max()
