"""Vectors that a pretrained encoder gives posts as it is, untuned."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np

from mental_health_classifier.contracts.ranges import MaxTokens
from mental_health_classifier.data.batching import Buckets, make_batch
from mental_health_classifier.data.tokens.encoder_folder import (
    TOKENIZER,
    files_of_encoder,
    find_encoder,
    hash_of_encoder,
    read_architecture,
)
from mental_health_classifier.data.tokens.token_cache import TokenTable
from mental_health_classifier.data.tokens.tokenizer import PostTokenizer
from mental_health_classifier.data.tokens.windows import MAX_WINDOWS, Truncation, Windows
from mental_health_classifier.models.pretrained.network import PretrainedNetwork

_MAX_POSTS = 64
_TOKEN_BUDGET = 8192


class EncodedPosts:
    """The mean of the vectors of a post's tokens.

    Args:
        encoder: a folder, or a package that carries weights, see `find_encoder`.
        max_tokens: of a post that are read at once.
        truncate: which end of a longer one is read; `windows`: all of it, as the mean of its
            windows.

    Raises:
        InputError: there is no such encoder here. When it is first used: it cannot be.
    """

    def __init__(
        self, *, encoder: str, max_tokens: MaxTokens, truncate: Truncation = "head"
    ) -> None:
        self._folder = find_encoder(encoder, download=False)
        self._max_tokens = max_tokens
        self._truncate = truncate

    @cached_property
    def sha256(self) -> str:
        """Of the encoder's files."""
        return hash_of_encoder(self._folder)

    @property
    def num_parameters(self) -> int:
        return sum(each.numel() for each in self._network.parameters())

    @property
    def size_on_disk(self) -> int:
        """Bytes of the encoder's files."""
        return sum(path.stat().st_size for path in files_of_encoder(self._folder))

    @cached_property
    def _tokenizer(self) -> PostTokenizer:
        return PostTokenizer.load(self._folder / TOKENIZER)

    @cached_property
    def _network(self) -> PretrainedNetwork:
        architecture = read_architecture(self._folder)
        network = PretrainedNetwork.without_heads(
            architecture, vocabulary_size=self._tokenizer.size, max_tokens=self._max_tokens
        )
        network.take_over(self._folder)
        return network.eval()

    def means(self, texts: Sequence[str]) -> np.ndarray:
        """float32, shape `(n, D)`"""
        import torch

        reading, windows = {"max_tokens": self._max_tokens, "truncate": self._truncate}, None
        if self._truncate == "windows":
            windows = Windows.of(
                max_tokens=self._max_tokens,
                overlap=None,
                most=MAX_WINDOWS,
                around=self._tokenizer.num_around,
            )
            reading = windows.reading
        token_ids, lengths = self._tokenizer.encode(texts, **reading)
        tokens = TokenTable(token_ids, np.concatenate([[0], np.cumsum(lengths)]), windows=windows)
        buckets = Buckets(
            tokens.lengths, max_posts=_MAX_POSTS, token_budget=_TOKEN_BUDGET, is_shuffled=False
        )
        found: dict[int, np.ndarray] = {}
        with torch.inference_mode():
            for places in buckets.batches(None):
                batch = make_batch(tokens, rows=places, labels={})
                pooled, _ = self._network.pooled(self._network.embedding(batch), batch)
                found |= dict(zip(batch.post_indices.tolist(), pooled.numpy(), strict=True))
        return np.stack([found[place] for place in range(len(texts))])
