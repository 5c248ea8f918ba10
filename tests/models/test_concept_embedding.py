from __future__ import annotations

import numpy as np
import pytest
import torch

from mental_health_classifier.configuration.build import build_network
from mental_health_classifier.contracts import Batch, InputError, Task
from mental_health_classifier.data.batching import make_batch
from mental_health_classifier.data.tokens.token_cache import TokenTable
from mental_health_classifier.models.concept_embedding import ConceptEmbedding

TASK = Task.categorical("condition", ("control", "suicide"), "suicide")
TINY = ["model=baseline_micro", "model.width=32", "model.feedforward_width=64"]
CONCEPTS = [0, 2, 2, 0, 0, 3, 1, 0]


def make_posts(concepts: list[int]) -> Batch:
    tokens = TokenTable(
        np.arange(8, dtype=np.uint16), np.array([0, 5, 8]), {"concepts": np.array(concepts)}
    )
    return make_batch(tokens, rows=np.arange(2), labels={})


def make_embedding() -> ConceptEmbedding:
    torch.manual_seed(3)
    return ConceptEmbedding(
        vocabulary_size=9,
        width=16,
        max_tokens=8,
        dropout=0.0,
        stream="concepts",
        type_of_value=np.array([0, 1, 2, 2], np.int32),  # pyright: ignore[reportArgumentType]
        concept_width=4,
    )


@pytest.mark.parametrize("is_training", [True, False])
def test_before_the_first_step_logits_are_those_without_a_vocabulary(
    compose_config, is_training: bool
) -> None:
    logits = []
    for variant in ("standard", "umls_enhanced", "umls_shuffled"):
        torch.manual_seed(1)
        config = compose_config([*TINY, f"clinical={variant}"])
        network = build_network(config, vocabulary_size=9, tasks=[TASK]).train(is_training)
        torch.manual_seed(2)
        logits.append(network(make_posts(CONCEPTS)).logits[TASK.name])
    assert torch.equal(logits[0], logits[1]) and torch.equal(logits[0], logits[2])


@pytest.mark.parametrize(("concepts", "is_moved"), [(CONCEPTS, True), ([0] * 8, False)])
def test_the_factor_is_moved_by_posts_with_an_expression_alone(
    concepts: list[int], is_moved: bool
) -> None:
    embedding = make_embedding()
    embedding(make_posts(concepts)).square().sum().backward()
    assert embedding.weight_of_knowledge.grad is not None
    assert bool(embedding.weight_of_knowledge.grad) is is_moved


def test_what_stands_for_no_expression_stays_exactly_zero() -> None:
    embedding = make_embedding()
    optimizer = torch.optim.AdamW(embedding.parameters(), lr=0.1)
    for _ in range(10):
        optimizer.zero_grad()
        embedding(make_posts(CONCEPTS)).square().sum().backward()
        optimizer.step()
    assert embedding.weight_of_knowledge != 0
    assert not embedding.types.weight[0].any() and not embedding.concepts.weight[0].any()
    assert embedding.types.weight[2].any() and embedding.concepts.weight[2].any()


def test_tokens_of_an_expression_alone_change_with_its_type_and_concept() -> None:
    embedding = make_embedding()
    with torch.no_grad():
        embedding.weight_of_knowledge.fill_(1.0)
        without, given = (embedding(make_posts(c)) for c in ([0] * 8, CONCEPTS))
        # The shorter post stands first in a batch.
        places = torch.tensor(CONCEPTS[5:] + CONCEPTS[:5])
        type_of = torch.tensor([0, 1, 2, 2])
        added = embedding.types.weight[type_of[places]]
        added = added + embedding.concepts.weight[places] @ embedding.concept_projection.weight.T
    assert torch.equal(without[places == 0], given[places == 0])
    torch.testing.assert_close(given, without + added)


def test_building_it_leaves_the_random_state_as_an_embedding_of_tokens_does() -> None:
    make_embedding()
    state = torch.get_rng_state()
    torch.manual_seed(3)
    from mental_health_classifier.models.embeddings import TokenEmbedding

    TokenEmbedding(vocabulary_size=9, width=16, max_tokens=8, dropout=0.0)
    assert torch.equal(state, torch.get_rng_state())


def test_the_part_without_what_it_reads_is_refused(compose_config) -> None:
    config = compose_config([*TINY, "network/embedding=concept"])
    with pytest.raises(InputError, match="clinical=umls_enhanced"):
        build_network(config, vocabulary_size=9, tasks=[TASK])


def test_an_option_of_the_vocabulary_without_the_variant_is_refused(compose_config) -> None:
    with pytest.raises(Exception, match=r"clinical\.vocabulary\.path"):
        compose_config([*TINY, "clinical.vocabulary.path=somewhere"])
