"""Network: embedding, encoder, pooling and heads put together."""

from __future__ import annotations

from torch import Tensor, nn

from mental_health_classifier.contracts import Batch, ModelOutput


class Network(nn.Module):
    """embedding -> encoder -> pooling -> heads; every part can be replaced by one with the same
    `forward`."""

    def __init__(
        self, *, embedding: nn.Module, encoder: nn.Module, pooling: nn.Module, heads: nn.Module
    ) -> None:
        super().__init__()
        self.embedding = embedding
        self.encoder = encoder
        self.pooling = pooling
        self.heads = heads

    def forward(self, batch: Batch) -> ModelOutput:
        return self.answer(self.embedding(batch), batch)

    def answer(self, embedded: Tensor, batch: Batch) -> ModelOutput:
        """The same from the vectors of its tokens on, shape `(N, D)`; of `batch` only the lengths
        are looked at."""
        hidden = self.encoder(embedded, batch.length_groups)
        pooled, token_weights = self.pooling(hidden, batch)
        return ModelOutput(logits=self.heads(pooled), token_weights=token_weights)
