from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file
from tokenizers import Tokenizer

from mental_health_classifier.contracts import InputError
from mental_health_classifier.data.tokens import known_vectors
from mental_health_classifier.data.tokens.known_vectors import (
    SPREAD,
    KnownVectors,
    require_vectors,
    vectors_of_tokens,
)
from mental_health_classifier.data.tokens.tokenizer import learn_bpe

TEXTS = ["happy glad table today", "today glad happy table <link>"] * 2
TOKENIZER = learn_bpe(TEXTS, [None] * 4, vocabulary_size=400)


def place_of(word: str) -> int:
    ids, _ = TOKENIZER.encode([word], max_tokens=9, truncate="head")
    assert len(ids) == 1
    return int(ids[0])


def cosine(first: np.ndarray, second: np.ndarray) -> float:
    return float(first @ second / np.linalg.norm(first) / np.linalg.norm(second))


def test_words_of_like_meaning_begin_with_vectors_that_are_alike() -> None:
    vectors = vectors_of_tokens("wordllama", TOKENIZER)
    assert vectors.shape == (TOKENIZER.size, 256) and vectors.dtype == np.float32
    happy, glad, table = (vectors[place_of(word)] for word in ("happy", "glad", "table"))
    assert cosine(happy, glad) > cosine(happy, table) + 0.2
    assert vectors.std() == pytest.approx(SPREAD, rel=1e-3)


def test_a_text_has_the_mean_of_the_vectors_of_its_pieces() -> None:
    package = find_spec("wordllama")
    assert package is not None and package.submodule_search_locations
    folder = Path(package.submodule_search_locations[0])
    (table,) = load_file(folder / "weights" / "l2_supercat_256.safetensors").values()
    table = table.astype(np.float64)
    pieces = Tokenizer.from_file(
        str(folder / "tokenizers" / "l2_supercat_tokenizer_config.json")
    ).encode("a happy table", add_special_tokens=False)
    expected = np.mean([table[piece] for piece in pieces.ids], axis=0) - table.mean(axis=0)
    nothing, found = KnownVectors(package="wordllama").means(["", "a happy table"])
    assert found == pytest.approx(expected, abs=1e-4)
    assert not nothing.any()


def test_another_width_is_refused_with_a_model_that_fits() -> None:
    with pytest.raises(InputError, match=r"vectors of 256 numbers, and model\.width=64"):
        require_vectors("wordllama", width=64)
    require_vectors("wordllama", width=256)


def test_without_the_package_its_name_and_the_command_are_told(monkeypatch) -> None:
    monkeypatch.setattr(known_vectors, "find_spec", lambda name: None)
    with pytest.raises(InputError, match="Known vectors of wordllama need that package"):
        KnownVectors(package="wordllama")
