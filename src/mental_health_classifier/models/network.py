"""Network: embedding, encoder, pooling and heads put together."""

from __future__ import annotations

from torch import Tensor, nn

from mental_health_classifier.contracts import Batch, ModelOutput
from mental_health_classifier.models.window_pooling import MeanOfWindows


class Network(nn.Module):
    """embedding -> encoder -> pooling -> windows -> heads; every part can be replaced by one with
    the same `forward`.

    Args:
        windows: makes one vector of those of a post's windows. None: their mean.
    """

    rests_on_encoder = False
    """Whether a run keeps only what it adds to the weights of an encoder, which has to be taken
    over before they are loaded."""

    def __init__(
        self,
        *,
        embedding: nn.Module,
        encoder: nn.Module,
        pooling: nn.Module,
        heads: nn.Module,
        windows: nn.Module | None = None,
    ) -> None:
        super().__init__()
        self.embedding = embedding
        self.encoder = encoder
        self.pooling = pooling
        self.windows = windows or MeanOfWindows()
        self.heads = heads

    def merge_adapters(self) -> None:
        """Makes one matrix of each that has another beside it, for a network that learns no more.

        Here there are none.
        """

    def forward(self, batch: Batch) -> ModelOutput:
        return self.answer(self.embedding(batch), batch)

    def answer(self, embedded: Tensor, batch: Batch) -> ModelOutput:
        """The same from the vectors of its tokens on, shape `(N, D)`; of `batch` only the lengths
        are looked at."""
        pooled, token_weights = self.pooled(embedded, batch)
        return ModelOutput(logits=self.heads(pooled), token_weights=token_weights)

    def vectors_of_tokens(self, batch: Batch) -> Tensor:
        """Vectors of all tokens in their windows, shape `(N, D)`."""
        return self.encoder(self.embedding(batch), batch.length_groups)

    def pooled(self, embedded: Tensor, batch: Batch) -> tuple[Tensor, Tensor | None]:
        """Vectors of posts before any head, shape `(B, D)`, and the token weights, if there are
        any."""
        of_windows, token_weights = self.pooling(self.encoder(embedded, batch.length_groups), batch)
        pooled, shares = self.windows(of_windows, batch)
        if token_weights is not None and shares is not None:
            token_weights = token_weights * shares.repeat_interleave(batch.offsets.diff())
        return pooled, token_weights
