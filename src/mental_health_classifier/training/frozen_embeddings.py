"""Frozen embeddings and logistic regression: what known words and sentences are worth untuned."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import pandas as pd

from mental_health_classifier.contracts import InputError
from mental_health_classifier.training.yardstick import LogisticYardstick, SavedLogistic


class Embedding(Protocol):
    """What gives posts vectors."""

    sha256: str
    """Of the files that the vectors come from."""
    size_on_disk: int
    """Bytes of these files."""
    num_parameters: int
    """Numbers in them."""

    def means(self, texts: Sequence[str]) -> np.ndarray:
        """float32, shape `(n, D)`"""
        ...


@dataclass(kw_only=True, eq=False)
class FrozenEmbeddings(LogisticYardstick):
    """Logistic regression on the vectors of posts, each of length one."""

    embedding: Embedding
    """`EncodedPosts` or `KnownVectors`."""

    def learn_features(self, train: pd.DataFrame) -> np.ndarray:
        return self.features_of(train["text"].tolist())

    def features_of(self, texts: Sequence[str]) -> np.ndarray:
        return of_length_one(self.embedding.means(texts))

    def describe_features(self) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        return {"embedding_sha256": self.embedding.sha256}, {}

    def describe(self) -> dict[str, object]:
        """Size of the whole model; of it the regression alone was trained."""
        found = super().describe()
        found["parameters"] = self.embedding.num_parameters + int(found["parameters"])  # pyright: ignore[reportArgumentType]
        return {**found, "size_elsewhere_bytes": self.embedding.size_on_disk}


class SavedFrozenEmbeddings(SavedLogistic):
    """Needs the embedding as it was when the model was fitted.

    Args:
        embedding: as the run's configuration describes it.
        The others: see `SavedLogistic`.
    """

    def __init__(self, run: Any, *, name: str, embedding: Embedding) -> None:
        self._embedding = embedding
        super().__init__(run, name=name)

    def restore_features(self, values: Any, arrays: dict[str, np.ndarray]) -> int:
        if values["embedding_sha256"] != (found := self._embedding.sha256):
            raise InputError(
                f"The encoder whose vectors this model was fitted on has changed: its files have "
                f"the SHA-256 {found[:12]}…. Put the old ones back, or repeat the run."
            )
        return self._embedding.means([""]).shape[1]

    def features_of(self, texts: Sequence[str]) -> np.ndarray:
        return of_length_one(self._embedding.means(texts))


def of_length_one(vectors: np.ndarray) -> np.ndarray:
    """The same directions, shape `(n, D)`; what is zero stays zero."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors / np.where(lengths > 0, lengths, 1)
