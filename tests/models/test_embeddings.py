import numpy as np
import pytest
import torch

from mental_health_classifier.contracts import Batch
from mental_health_classifier.data.batching import make_batch
from mental_health_classifier.data.tokens.token_cache import TokenTable
from mental_health_classifier.models.embeddings import TokenEmbedding


def one_post(num_tokens: int) -> Batch:
    tokens = TokenTable(np.zeros(num_tokens, dtype=np.uint16), np.array([0, num_tokens]))
    return make_batch(tokens, rows=np.arange(1), labels={})


def make_embedding(num_tokens: int, *, word_dropout: float) -> TokenEmbedding:
    torch.manual_seed(3)
    return TokenEmbedding(
        vocabulary_size=2, width=8, max_tokens=num_tokens, dropout=0.0, word_dropout=word_dropout
    )


def test_word_dropout_leaves_out_whole_words_and_no_place() -> None:
    embedding = make_embedding(4000, word_dropout=0.25)
    batch = one_post(4000)
    with torch.no_grad():
        places = embedding.positions.weight
        own = embedding(batch) - places
        word = embedding.tokens.weight[0]
    is_out = own.abs().amax(dim=1) < 1e-7
    assert torch.allclose(own[~is_out], word.expand(int((~is_out).sum()), -1), atol=1e-6)
    # Binomial: .25 of 4,000, with a standard deviation of .0068.
    assert is_out.double().mean().item() == pytest.approx(0.25, abs=0.03)


def test_nothing_is_left_out_when_evaluating_and_no_random_number_is_drawn_at_zero() -> None:
    batch = one_post(50)
    evaluated = make_embedding(50, word_dropout=0.5).eval()(batch)
    trained = make_embedding(50, word_dropout=0.0)
    state = torch.get_rng_state()
    assert torch.equal(trained(batch), evaluated)
    assert torch.equal(torch.get_rng_state(), state)


def test_words_begin_with_the_vectors_that_they_are_given() -> None:
    embedding = make_embedding(5, word_dropout=0.0)
    known = torch.arange(16.0).reshape(2, 8)
    embedding.begin_with(known)
    with torch.no_grad():
        found = embedding.vectors(one_post(5)) - embedding.positions.weight
    assert torch.allclose(found, known[0].expand(5, -1), atol=1e-5)
