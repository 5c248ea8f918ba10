from dataclasses import replace

import numpy as np
import pytest
from small_networks import loaded, tokens_of

from mental_health_classifier.data.tokens.windows import Windows
from mental_health_classifier.evaluation.faithfulness import faithfulness
from mental_health_classifier.explanation.integrated_gradients import integrated_gradients
from mental_health_classifier.explanation.masked_posts import masked, masked_score


def test_masked_tokens_keep_their_place_and_lose_all_that_is_known_of_them() -> None:
    tokens = tokens_of([3, 4, 5], [6, 7], concepts=[9, 9, 0, 8, 8])
    masks = [np.array([[True, False]]), np.array([[False, False, True], [True, True, False]])]
    variants = masked(tokens, [1, 0], masks, mask_id=1)
    assert variants.token_ids.tolist() == [1, 7, 3, 4, 1, 1, 1, 5]
    assert variants.token_ids.dtype == np.uint16
    assert variants.streams["concepts"].tolist() == [0, 8, 9, 9, 0, 0, 0, 0]
    assert variants.offsets.tolist() == [0, 2, 5, 8]


def test_variants_are_scored_by_the_class_of_their_post() -> None:
    small, tokens = loaded(num_layers=1), tokens_of([3, 4, 5], [6, 7])
    masks = [np.array([[False, True]]), np.array([[True, False, False], [False, False, False]])]
    found = masked_score(small, tokens, np.array([2, 0]))([1, 0], masks)
    expected = small.predict_tokens(tokens_of([6, 1], [1, 4, 5], [3, 4, 5]))
    assert found[0] == pytest.approx(expected[[0], 0], abs=1e-6)
    assert found[1] == pytest.approx(expected[[1, 2], 2], abs=1e-6)


def test_a_masked_token_is_masked_in_every_window() -> None:
    small, windows = loaded(num_layers=1), Windows(max_tokens=4, overlap=2, most=9)
    tokens = replace(tokens_of([3, 4, 5, 6, 7, 8]), windows=windows)
    mask = np.array([[False, False, True, False, False, False]])
    (found,) = masked_score(small, tokens, np.array([2]))([0], [mask])
    expected = small.predict_tokens(replace(tokens_of([3, 4, 1, 6, 7, 8]), windows=windows))
    assert found == pytest.approx(expected[:, 2], abs=1e-6)


def faithfulness_of(attributions, network, tokens, classes) -> tuple[float, float]:
    found = faithfulness(attributions, masked_score(network, tokens, classes))
    every = np.ones((1, len(classes)))
    return (
        found.comprehensiveness.normalised(every)[0],
        found.sufficiency.normalised(every)[0],
    )


def test_gradients_explain_a_linear_network_and_those_of_another_one_do_not() -> None:
    generator = np.random.default_rng(0)
    tokens = tokens_of(*(generator.integers(2, 20, n).tolist() for n in [12, 15, 18] * 60))
    network = loaded(num_layers=0, scale=3.0)
    classes = network.predict_tokens(tokens).argmax(1)
    own = integrated_gradients(network, tokens, classes).tokens
    assert min(faithfulness_of(own, network, tokens, classes)) >= 0.9
    others = [
        faithfulness_of(
            integrated_gradients(
                loaded(num_layers=0, scale=3.0, seed=seed), tokens, classes
            ).tokens,
            network, tokens, classes,
        )
        for seed in range(1, 9)
    ]  # fmt: skip
    # Another network can agree by chance on a vocabulary this small, so several are asked.
    assert np.mean(others) < 0.25
