"""Token embedding with vectors for the concepts of a clinical vocabulary."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor, nn

from mental_health_classifier.contracts import Batch
from mental_health_classifier.contracts.ranges import DropoutShare, MaxTokens, VocabularySize, Width
from mental_health_classifier.models.embeddings import TokenEmbedding
from mental_health_classifier.models.kernels.linear import Linear


class ConceptEmbedding(TokenEmbedding):
    """Adds vectors for the semantic type and the concept of the expression that a token is part of.

    A factor that is learned from zero weighs them: before the first step the network is the one
    without them.

    Args:
        stream: names the values in `Batch.token_streams`; 0: no expression.
        type_of_value: semantic type of each of these values, 0 of 0 alone.
        concept_width: of the concepts' vectors.
        The others: see `TokenEmbedding`.

    Source: after Michalopoulos et al., UmlsBERT, NAACL 2021 (semantic types at the input).
    """

    type_of_value: Tensor

    def __init__(
        self,
        *,
        vocabulary_size: VocabularySize,
        width: Width,
        max_tokens: MaxTokens | None,
        dropout: DropoutShare,
        word_dropout: DropoutShare = 0.0,
        initial: Literal["wordllama"] | None = None,
        stream: str,
        type_of_value: Sequence[int],
        concept_width: Width,
    ) -> None:
        super().__init__(
            vocabulary_size=vocabulary_size,
            width=width,
            max_tokens=max_tokens,
            dropout=dropout,
            word_dropout=word_dropout,
            initial=initial,
        )
        self.stream = stream
        types = torch.tensor(list(map(int, type_of_value)), device="cpu")
        num_types = int(types.max()) + 1
        self.register_buffer("type_of_value", types.to(self.tokens.weight.device))
        # The other parts get the weights that they would have without these.
        with torch.random.fork_rng(devices=[]):
            torch.default_generator.manual_seed(torch.initial_seed() + 1)
            self.types = nn.Embedding(num_types, width, padding_idx=0)
            self.concepts = nn.Embedding(len(types), concept_width, padding_idx=0)
            self.concept_projection = Linear(concept_width, width, bias=False)
            for table in (self.types, self.concepts):
                nn.init.normal_(table.weight, std=0.02)
                nn.init.zeros_(table.weight[0])
        self.weight_of_knowledge = nn.Parameter(torch.zeros(()))

    def vectors(self, batch: Batch) -> Tensor:
        values = batch.token_streams[self.stream]
        known = self.types(self.type_of_value[values])
        known = known + self.concept_projection(self.concepts(values))
        return torch.addcmul(super().vectors(batch), self.weight_of_knowledge, known)
