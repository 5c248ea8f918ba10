from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from mental_health_classifier.contracts import InputError
from mental_health_classifier.data.tokens import known_vectors as module
from mental_health_classifier.data.tokens.known_vectors import SPREAD, known_vectors
from mental_health_classifier.data.tokens.tokenizer import learn_bpe

TEXTS = ["happy glad table today", "today glad happy table <link>"] * 2
TOKENIZER = learn_bpe(TEXTS, [None] * 4, vocabulary_size=400)


def place_of(word: str) -> int:
    ids, _ = TOKENIZER.encode([word], max_tokens=9, truncate="head")
    assert len(ids) == 1
    return int(ids[0])


def cosine(first: np.ndarray, second: np.ndarray) -> float:
    return float(first @ second / np.linalg.norm(first) / np.linalg.norm(second))


def test_words_of_like_meaning_have_vectors_that_are_alike() -> None:
    vectors = known_vectors("wordllama", TOKENIZER, width=256)
    assert vectors.shape == (TOKENIZER.size, 256) and vectors.dtype == np.float32
    happy, glad, table = (vectors[place_of(word)] for word in ("happy", "glad", "table"))
    assert cosine(happy, glad) > cosine(happy, table) + 0.2
    assert vectors.std() == pytest.approx(SPREAD, rel=1e-3)


def test_a_word_of_one_piece_has_the_vector_of_that_piece() -> None:
    package = find_spec("wordllama")
    assert package is not None and package.submodule_search_locations
    weights = Path(package.submodule_search_locations[0]) / "weights"
    (table,) = load_file(weights / "l2_supercat_256.safetensors").values()
    table = table.astype(np.float32) - table.astype(np.float32).mean(axis=0)
    vector = known_vectors("wordllama", TOKENIZER, width=256)[place_of("happy")]
    closest = max(cosine(vector, each) for each in table)
    assert closest == pytest.approx(1, abs=1e-4)


def test_another_width_is_refused_with_a_model_that_fits() -> None:
    with pytest.raises(InputError, match=r"vectors of 256 numbers, and model\.width=64"):
        known_vectors("wordllama", TOKENIZER, width=64)


def test_without_the_package_its_name_and_the_command_are_told(monkeypatch) -> None:
    monkeypatch.setattr(module, "find_spec", lambda name: None)
    with pytest.raises(InputError, match="needs the package wordllama"):
        known_vectors("wordllama", TOKENIZER, width=256)
