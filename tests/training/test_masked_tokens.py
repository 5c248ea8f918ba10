"""Loss of masked tokens, beside that of transformers, and the folder that it leaves."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from unittest.mock import Mock

import pytest
import torch
from tiny_encoders import make_tokenizer, settings_of, write_encoder
from transformers import AutoConfig, BertForMaskedLM

from mental_health_classifier.contracts import Batch, LengthGroup
from mental_health_classifier.contracts.batches import HIDDEN
from mental_health_classifier.data.tokens.encoder_folder import read_architecture
from mental_health_classifier.data.tokens.masked_words import MaskedWords
from mental_health_classifier.data.tokens.tokenizer import PostTokenizer
from mental_health_classifier.models.masked_token_head import MaskedTokenHead
from mental_health_classifier.models.pretrained.network import PretrainedNetwork
from mental_health_classifier.training.masked_tokens import MaskedTokenModule, MaskedTokens

TOKENIZER = PostTokenizer(make_tokenizer())


def batch_of_posts() -> Batch:
    """Two posts of six tokens and one of nine."""
    lengths = [6, 6, 9]
    ids = torch.cat([torch.tensor([1, *range(5, 3 + n), 2]) for n in lengths])
    return Batch(
        token_ids=ids,
        offsets=torch.tensor([0, 6, 12, 21]),
        positions=torch.cat([torch.arange(n) for n in lengths]),
        labels={},
        post_indices=torch.arange(3),
        length_groups=(LengthGroup(0, 2, 6), LengthGroup(12, 1, 9)),
    )


def network_of(folder: Path) -> PretrainedNetwork:
    network = PretrainedNetwork.without_heads(
        read_architecture(folder), vocabulary_size=TOKENIZER.size, max_tokens=48
    )
    network.take_over(folder)
    return network.eval()


def module_of(network: PretrainedNetwork) -> MaskedTokenModule:
    word_width = network.embedding.tokens.weight.shape[1]
    head = MaskedTokenHead(width=16, word_width=word_width, vocabulary_size=TOKENIZER.size)
    objective = MaskedTokens(
        head=head, make_masks=partial(MaskedWords, TOKENIZER), share=0.3, parts=["train"]
    )
    return MaskedTokenModule(network=network, objective=objective, make_optimizer=Mock(), seed=1)


def test_the_loss_is_that_of_transformers(tmp_path: Path) -> None:
    network = network_of(write_encoder(tmp_path))
    module, batch = module_of(network), batch_of_posts()
    head = module.objective.head
    torch.nn.init.normal_(head.bias)
    sizes = settings_of("bert", vocab_size=TOKENIZER.size)
    theirs = BertForMaskedLM(AutoConfig.for_model("bert", **sizes)).eval()
    body = network.encoder.body.state_dict()
    body["embeddings.word_embeddings.weight"] = network.embedding.tokens.weight
    theirs.bert.load_state_dict(body)
    predictions = theirs.cls.predictions
    predictions.transform.dense.load_state_dict(head.dense.state_dict())
    predictions.transform.LayerNorm.load_state_dict(head.norm.state_dict())
    predictions.bias.data.copy_(head.bias)
    torch.manual_seed(3)
    masked = module.objective.hide(batch, None)
    wanted = theirs(
        input_ids=torch.stack([torch.nn.functional.pad(p, (0, 9 - len(p))) for p in split(masked)]),
        attention_mask=torch.tensor([[1] * n + [0] * (9 - n) for n in (6, 6, 9)]),
        labels=torch.stack(
            [
                torch.nn.functional.pad(p, (0, 9 - len(p)), value=-100)
                for p in masked.token_streams[HIDDEN].split([6, 6, 9])
            ]
        ),
    ).loss
    torch.manual_seed(3)
    losses = module.losses(batch)
    assert losses["hidden"] > 1
    torch.testing.assert_close(losses["total"], wanted, rtol=1e-5, atol=1e-6)


def split(batch: Batch) -> tuple[torch.Tensor, ...]:
    return batch.token_ids.split([6, 6, 9])


@pytest.mark.parametrize("family", ["bert", "roberta", "albert", "distilbert"])
def test_the_folder_holds_what_was_learned(tmp_path: Path, family: str) -> None:
    network = network_of(write_encoder(tmp_path / "first", family))
    module = module_of(network.train())
    optimizer = torch.optim.AdamW(module.parameters(), lr=0.01)
    for _ in range(2):
        module.losses(batch_of_posts())["total"].backward()
        optimizer.step()
    network.eval().save_encoder(tmp_path / "second")
    TOKENIZER.save(tmp_path / "second" / "tokenizer.json")
    again = network_of(tmp_path / "second")
    with torch.no_grad():
        vectors = network.vectors_of_tokens(batch_of_posts())
        torch.testing.assert_close(again.vectors_of_tokens(batch_of_posts()), vectors)
    first = network_of(tmp_path / "first").vectors_of_tokens(batch_of_posts())
    assert not torch.allclose(first, vectors, atol=1e-2)


def test_a_batch_without_a_word_costs_nothing(tmp_path: Path) -> None:
    module = module_of(network_of(write_encoder(tmp_path)))
    batch = Batch(
        token_ids=torch.tensor([1, 3, 2]),
        offsets=torch.tensor([0, 3]),
        positions=torch.arange(3),
        labels={},
        post_indices=torch.tensor([0]),
        length_groups=(LengthGroup(0, 1, 3),),
    )
    assert module.losses(batch)["total"] == 0
