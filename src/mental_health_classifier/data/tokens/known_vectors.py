"""Known vectors of words, for the tokens of a network from scratch to begin with."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import numpy as np
from safetensors import safe_open
from safetensors.numpy import load_file
from tokenizers import Tokenizer

from mental_health_classifier.contracts import InputError
from mental_health_classifier.data.tokens.tokenizer import PostTokenizer

SPREAD = 0.1
"""Standard deviation of the numbers of all vectors together; random ones have 0.02. Of 0.02 and 0.1
val of tsid and murarka6 chose it."""
_VECTORS = "weights/l2_supercat_256.safetensors"
_PIECES = "tokenizers/l2_supercat_tokenizer_config.json"


def known_vectors(package: str, tokenizer: PostTokenizer, *, width: int) -> np.ndarray:
    """The vector of each token: the mean of those of the pieces that the package spells it with.

    Args:
        package: `wordllama`, static vectors distilled from language models (MIT licence).
        tokenizer: its tokens are what needs vectors.
        width: of the network.

    Returns:
        float32, shape `(tokens, width)`; zero where a token is spelled with none of the pieces.

    Raises:
        InputError: see `find_vectors`.
    """
    folder = find_vectors(package, width=width)
    (vectors,) = load_file(folder / _VECTORS).values()
    # What all vectors share says nothing of any.
    vectors = vectors.astype(np.float32)
    vectors -= vectors.mean(axis=0)
    spelled = Tokenizer.from_file(str(folder / _PIECES)).encode_batch(
        [text.strip() for text in tokenizer.texts_of_tokens()], add_special_tokens=False
    )
    found = np.zeros((len(spelled), width), np.float32)
    for place, encoding in enumerate(spelled):
        if encoding.ids:
            found[place] = vectors[encoding.ids].mean(axis=0)
    return found * np.float32(SPREAD / found.std())


def find_vectors(package: str, *, width: int) -> Path:
    """The folder of an installed package of vectors. None of its code runs, its files are read.

    Raises:
        InputError: the package is not installed, or its vectors have another width.
    """
    key, found = f"network.embedding.initial={package}", find_spec(package)
    if found is None or not found.submodule_search_locations:
        raise InputError(
            f"{key} needs the package {package}, which is not installed: "
            "pip install -c requirements.lock -e '.[pretrained]'"
        )
    folder = Path(found.submodule_search_locations[0])
    with safe_open(folder / _VECTORS, "numpy") as file:
        (name,) = file.keys()
        there = file.get_slice(name).get_shape()[1]
    if there != width:
        raise InputError(
            f"{key} has vectors of {there} numbers, and model.width={width} asks for others. "
            f"Choose a model that is {there} wide, such as baseline_small."
        )
    return folder
