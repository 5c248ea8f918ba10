"""Networks and posts made of numbers, small enough to work out what explains them."""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from mental_health_classifier.contracts import Task
from mental_health_classifier.data.batching import make_batch
from mental_health_classifier.data.tokens.token_cache import TokenTable
from mental_health_classifier.models.attention import EntmaxAttention
from mental_health_classifier.models.embeddings import TokenEmbedding
from mental_health_classifier.models.encoder import TransformerEncoder
from mental_health_classifier.models.heads import LinearHeads
from mental_health_classifier.models.network import Network
from mental_health_classifier.models.pooling import MeanPooling
from mental_health_classifier.prediction.loaded_network import LoadedNetwork

TASK = Task.categorical("condition", ("control", "suicide", "anxiety"), "suicide")


class MaskIsOne:
    """All that is asked of a tokenizer where posts are numbers already."""

    mask_id = 1

    def are_own(self, num_tokens: int) -> np.ndarray:
        return np.ones(num_tokens, dtype=bool)


class NoEncoder(nn.Module):
    def forward(self, hidden, runs):
        return hidden


@dataclass(frozen=True, slots=True)
class Small(LoadedNetwork):
    def logits(self, tokens: TokenTable, row: int) -> np.ndarray:
        with torch.inference_mode():
            output = self.network(make_batch(tokens, rows=np.array([row]), labels={}))
            return output.logits[TASK.name][0].numpy()


def loaded(*, num_layers: int, scale: float = 1.0, seed: int = 0) -> Small:
    """A network whose places in a post do not matter where it has no layers.

    Args:
        scale: how far apart the vectors of tokens are.
    """
    torch.manual_seed(seed)
    embedding = TokenEmbedding(vocabulary_size=20, width=8, max_tokens=64, dropout=0.0)
    nn.init.normal_(embedding.tokens.weight, std=scale)
    encoder = TransformerEncoder(
        attention=functools.partial(EntmaxAttention, width=8, num_heads=2, dropout=0.0),
        width=8,
        num_layers=num_layers,
        feedforward_width=16,
        dropout=0.0,
    )
    network = Network(
        embedding=embedding,
        encoder=encoder if num_layers else NoEncoder(),
        pooling=MeanPooling(),
        heads=LinearHeads(tasks=[TASK], width=8),
    )
    return Small(
        network=network.eval(),
        task=TASK,
        tokenizer=MaskIsOne(),  # pyright: ignore[reportArgumentType]
        annotators={},
        max_posts=8,
        token_budget=512,
        max_tokens=64,
        truncate="head",
    )


def tokens_of(*posts: list[int], **streams: list[int]) -> TokenTable:
    return TokenTable(
        token_ids=np.concatenate(posts).astype(np.uint16),
        offsets=np.concatenate([[0], np.cumsum([len(post) for post in posts])]),
        streams={name: np.array(values, np.int32) for name, values in streams.items()},
    )
