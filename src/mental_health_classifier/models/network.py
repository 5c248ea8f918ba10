"""Network: embedding, encoder, pooling and heads put together."""

from __future__ import annotations

from pathlib import Path

import safetensors.torch
import torch
from safetensors import SafetensorError
from torch import Tensor, nn

from mental_health_classifier.contracts import Batch, InputError, ModelOutput
from mental_health_classifier.models.window_pooling import MeanOfWindows

_WEIGHTS = "model.safetensors"
_HANDED_ON = ("embedding.tokens.", "embedding.positions.", "encoder.")
"""How the names of weights begin that another network can begin with."""


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

    def read_equal_lengths(self) -> None:
        """Has posts of equal length read together from now on, as a graph of the network does.

        Here they are anyway.
        """

    def save_encoder(self, folder: Path) -> None:
        """Writes the vectors of tokens and places, and the encoder, for `take_over`."""
        weights = {name: each.cpu() for name, each in self._handed_on().items()}
        (folder / _WEIGHTS).write_bytes(safetensors.torch.save(weights))

    @torch.no_grad()
    def take_over(self, folder: Path) -> None:
        """Fills vectors and encoder with the weights in a folder.

        Raises:
            InputError: they cannot be read, are those of another network, or are not finite.
        """
        try:
            found = safetensors.torch.load_file(folder / _WEIGHTS)
        except (SafetensorError, OSError):
            found = {}
        own = self._handed_on()
        if {name: each.shape for name, each in found.items()} != {
            name: each.shape for name, each in own.items()
        }:
            raise InputError(
                f"model.encoder: {folder / _WEIGHTS} does not hold the weights that config.json "
                "and tokenizer.json describe: it was cut or changed, or one of the three is of "
                "another encoder. Restore them from a copy."
            )
        if not all(each.isfinite().all() for each in found.values()):
            raise InputError(
                f"model.encoder: {folder / _WEIGHTS} has weights that are not finite. Restore it "
                "from a copy."
            )
        for name, each in own.items():
            each.copy_(found[name])

    def _handed_on(self) -> dict[str, Tensor]:
        return {n: each for n, each in self.state_dict().items() if n.startswith(_HANDED_ON)}

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
