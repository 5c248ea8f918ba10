import numpy as np
import pytest

from mental_health_classifier.evaluation.attention_rollout import attention_entropy, rollout


def test_rollout_follows_the_residual_stream_through_both_layers() -> None:
    first, second = np.array([[[0.5, 0.5], [0, 1]]]), np.array([[[0.0, 1], [1, 0]]])
    assert rollout([first, second]) == pytest.approx(np.array([[0.375, 0.625], [0.375, 0.625]]))


def test_rollout_of_heads_that_look_at_themselves_moves_nothing() -> None:
    assert (rollout([np.eye(3)[None]] * 4) == np.eye(3)).all()


def test_rows_of_a_rollout_sum_to_one() -> None:
    weights = np.random.default_rng(0).dirichlet(np.ones(5), size=(3, 2, 4, 5))
    rolled = rollout(list(weights))
    assert rolled.shape == (2, 5, 5)
    assert rolled.sum(-1) == pytest.approx(np.ones((2, 5)))


def test_entropy_is_one_for_an_even_look_and_zero_for_a_look_at_one_token() -> None:
    even, one = np.full((4, 4), 0.25), np.eye(4)
    half = np.array([[0.5, 0.5, 0, 0]] * 4)  # log 2 / log 4
    assert attention_entropy(np.stack([even, one, half])) == pytest.approx(np.array([1, 0, 0.5]))


def test_a_post_of_one_token_has_no_entropy() -> None:
    assert np.isnan(attention_entropy(np.ones((2, 1, 1)))).all()
