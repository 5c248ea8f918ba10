"""Token embedding: a vector for each token and one for its position."""

from __future__ import annotations

from torch import Tensor, nn

from mental_health_classifier.contracts import Batch
from mental_health_classifier.contracts.ranges import DropoutShare, MaxTokens, VocabularySize, Width
from mental_health_classifier.models.kernels.dropout import Dropout


class TokenEmbedding(nn.Module):
    """A learned vector for each token plus one for its place in the post."""

    def __init__(
        self,
        *,
        vocabulary_size: VocabularySize,
        width: Width,
        max_tokens: MaxTokens,
        dropout: DropoutShare,
    ) -> None:
        super().__init__()
        self.tokens = nn.Embedding(vocabulary_size, width)
        self.positions = nn.Embedding(max_tokens, width)
        self.dropout = Dropout(dropout)
        nn.init.normal_(self.tokens.weight, std=0.02)
        nn.init.normal_(self.positions.weight, std=0.02)

    def forward(self, batch: Batch) -> Tensor:
        """Returns the vectors of all tokens of the batch, shape `(N, D)`."""
        return self.dropout(self.vectors(batch))

    def vectors(self, batch: Batch) -> Tensor:
        """The same before any of it is left out."""
        return self.tokens(batch.token_ids) + self.positions(batch.positions)
