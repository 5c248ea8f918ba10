"""Network around a pretrained encoder: takes over its weights, and says how fast each learns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, cast

import torch
from torch import Tensor, nn

from mental_health_classifier.contracts import InputError, LengthGroup
from mental_health_classifier.models.embeddings import TokenEmbedding
from mental_health_classifier.models.network import Network
from mental_health_classifier.models.pooling import MeanPooling
from mental_health_classifier.models.pretrained.adapters import merge_adapters
from mental_health_classifier.models.pretrained.body import (
    describe_body,
    read_model,
    take_word_vectors,
    without_input_and_pooler,
    write_model,
)
from mental_health_classifier.models.pretrained.encoder import PretrainedEncoder, are_equal

_TOKENS_COMPARED = 8


class PretrainedNetwork(Network):
    """embedding -> pretrained encoder -> pooling -> windows -> heads.

    The embedding holds the word vectors, to which a clinical one adds its own; whatever else the
    encoder adds to them it adds itself.
    """

    embedding: TokenEmbedding
    encoder: PretrainedEncoder

    def __init__(self, **parts: nn.Module | None) -> None:
        super().__init__(**parts)  # pyright: ignore[reportArgumentType]
        self.rests_on_encoder = self.encoder.adapters is not None
        if self.encoder.frozen_layers or self.rests_on_encoder:
            self.embedding.tokens.weight.requires_grad_(False)
        if self.rests_on_encoder:
            frozen = [name for name, each in self.named_parameters() if not each.requires_grad]
            self.register_state_dict_post_hook(partial(_leave_out, frozen))
            self.register_load_state_dict_post_hook(partial(_do_not_miss, frozen))

    @classmethod
    def without_heads(
        cls, architecture: Mapping[str, Any], *, vocabulary_size: int, max_tokens: int
    ) -> PretrainedNetwork:
        """An encoder that is not tuned, and the mean of what it says of each token."""
        sizes = describe_body(architecture)
        assert sizes["word_width"] is not None
        embedding = TokenEmbedding(
            vocabulary_size=vocabulary_size, width=sizes["word_width"], max_tokens=None, dropout=0.0
        )
        encoder = PretrainedEncoder(
            architecture=architecture,
            max_tokens=max_tokens,
            dropout=None,
            layer_decay=1.0,
            frozen_layers=0,
        )
        return cls(embedding=embedding, encoder=encoder, pooling=MeanPooling(), heads=nn.Identity())

    def save_encoder(self, folder: Path) -> None:
        """Writes word vectors and encoder as transformers saves a model, for `take_over`."""
        write_model(folder, self.encoder.body, self.embedding.tokens.weight)

    @torch.no_grad()
    def take_over(self, folder: Path) -> None:
        """Fills word vectors and encoder with the weights in a folder.

        Raises:
            InputError: they cannot be read, are not those of this encoder, or say something else
                here than as transformers runs them.
        """
        model = read_model(folder, self.encoder.body.config)
        vectors = take_word_vectors(model)
        num_tokens = len(self.embedding.tokens.weight)
        ids = torch.arange(num_tokens - _TOKENS_COMPARED, num_tokens).clamp_min(0)
        theirs = model(input_ids=ids[None]).last_hidden_state[0]
        self.embedding.tokens.weight.copy_(vectors[:num_tokens])
        without_input_and_pooler(model)
        self.encoder.load_weights(model.state_dict())
        was_training = self.training
        self.eval()
        ours = self.encoder(self.embedding.tokens(ids), [LengthGroup(0, 1, len(ids))])
        self.train(was_training)
        if not are_equal(ours, theirs):
            raise InputError(
                f"model.encoder: {folder} gives other vectors here than as transformers runs it, "
                "so what it has learned would be lost. Choose another encoder."
            )

    def merge_adapters(self) -> None:
        merge_adapters(self.encoder.body)

    def read_equal_lengths(self) -> None:
        self.encoder.read_equal_lengths()

    def learning_rate_factors(self) -> dict[nn.Parameter, float]:
        """By what the learning rate of a parameter is multiplied: the less, the deeper it lies.

        Source: Howard and Ruder, ULMFiT, ACL 2018 (discriminative fine-tuning).
        """
        words = cast(nn.Parameter, self.embedding.tokens.weight)
        first, *others = self.encoder.by_depth()
        depths = [[words, *first], *others]
        top = len(depths) - 1
        return {
            parameter: self.encoder.layer_decay ** (top - depth)
            for depth, parameters in enumerate(depths)
            for parameter in parameters
        }


def _leave_out(
    names: Sequence[str], _: nn.Module, weights: dict[str, Tensor], prefix: str, __: Any
) -> None:
    for name in names:
        del weights[prefix + name]


def _do_not_miss(names: Sequence[str], _: nn.Module, incompatible: Any) -> None:
    missing = incompatible.missing_keys
    missing[:] = [key for key in missing if not key.endswith(tuple(names))]
