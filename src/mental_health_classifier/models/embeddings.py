"""Token embedding: a vector for each token and one for its position."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn

from mental_health_classifier.contracts import Batch
from mental_health_classifier.contracts.ranges import DropoutShare, MaxTokens, VocabularySize, Width
from mental_health_classifier.models.kernels.dropout import Dropout


class TokenEmbedding(nn.Module):
    """A learned vector for each token plus one for its place in the post.

    Args:
        vocabulary_size: tokens that there are.
        width: of the vectors.
        max_tokens: places that have a vector. None: none has, the encoder knows of places itself.
        dropout: share of the sum that is left out in training.
        word_dropout: share of the tokens whose own vector is left out in training, so that no
            single word decides (Iyyer et al., Deep Averaging Networks, ACL 2015).
        initial: known vectors that those of the tokens begin as, see
            data/tokens/known_vectors.py; null: random ones.
    """

    def __init__(
        self,
        *,
        vocabulary_size: VocabularySize,
        width: Width,
        max_tokens: MaxTokens | None,
        dropout: DropoutShare,
        word_dropout: DropoutShare = 0.0,
        initial: Literal["wordllama"] | None = None,
    ) -> None:
        super().__init__()
        self.initial = initial
        self.word_dropout = Dropout(word_dropout)
        self.tokens = nn.Embedding(vocabulary_size, width)
        self.positions = None if max_tokens is None else nn.Embedding(max_tokens, width)
        self.dropout = Dropout(dropout)
        nn.init.normal_(self.tokens.weight, std=0.02)
        if self.positions is not None:
            nn.init.normal_(self.positions.weight, std=0.02)

    def forward(self, batch: Batch) -> Tensor:
        """Returns the vectors of all tokens of the batch, shape `(N, D)`."""
        return self.dropout(self.vectors(batch))

    def vectors(self, batch: Batch) -> Tensor:
        """The same before any of it is left out."""
        tokens = self.tokens(batch.token_ids)
        if self.word_dropout.is_active:
            tokens = tokens * self.word_dropout.mask(tokens.shape[:1], like=tokens)[:, None]
        return tokens if self.positions is None else tokens + self.positions(batch.positions)

    def begin_with(self, vectors: Tensor) -> None:
        """Gives the tokens known vectors, shape `(vocabulary_size, width)`."""
        with torch.no_grad():
            self.tokens.weight.copy_(vectors)
