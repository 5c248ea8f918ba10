from pathlib import Path

import numpy as np
import pytest

from mental_health_classifier.contracts import InputError
from mental_health_classifier.data.tokenizer import PostTokenizer, learn_bpe

TEXTS = ["I feel fine today", "today I feel low", "zanzibar I feel <link>", "zanzibar fine low"]
AUTHORS = ["ann", "bob", "cyd", "cyd"]


def encode(tokenizer: PostTokenizer, *texts: str, max_tokens: int = 16) -> list[list[int]]:
    return [ids.tolist() for ids in tokenizer.encode(texts, max_tokens=max_tokens)]


def test_a_word_of_one_author_enters_no_vocabulary() -> None:
    saved = learn_bpe(TEXTS, AUTHORS, vocabulary_size=400).to_json()
    assert "feel" in saved and "fine" in saved
    assert "zanzibar" not in saved and "zan" not in saved


def test_without_authors_two_posts_count() -> None:
    assert "zanzibar" in learn_bpe(TEXTS, [None] * 4, vocabulary_size=400).to_json()


def test_words_that_were_learned_are_one_token_whatever_their_case() -> None:
    tokenizer = learn_bpe(TEXTS, AUTHORS, vocabulary_size=400)
    lower, upper = encode(tokenizer, "i feel fine", "I FEEL Fine")
    assert lower == upper and len(lower) == 3


def test_placeholders_are_single_tokens_and_no_post_is_empty() -> None:
    tokenizer = learn_bpe(TEXTS, AUTHORS, vocabulary_size=400)
    placeholder, nothing, letter = encode(tokenizer, "<link>", "", "漢")
    assert len(placeholder) == len(nothing) == 1 and placeholder != nothing
    assert len(letter) > 1 and nothing[0] not in letter  # spelled in bytes, not unknown


def test_posts_are_cut_after_max_tokens() -> None:
    tokenizer = learn_bpe(TEXTS, AUTHORS, vocabulary_size=400)
    (whole,) = encode(tokenizer, "i feel fine today")
    (cut,) = encode(tokenizer, "i feel fine today", max_tokens=2)
    assert cut == whole[:2]


def test_learning_twice_gives_the_same_tokenizer_and_loading_the_same_ids(tmp_path: Path) -> None:
    first = learn_bpe(TEXTS, AUTHORS, vocabulary_size=400)
    assert first.to_json() == learn_bpe(TEXTS, AUTHORS, vocabulary_size=400).to_json()
    first.save(tmp_path / "tokenizer.json")
    loaded = PostTokenizer.load(tmp_path / "tokenizer.json")
    assert encode(loaded, *TEXTS) == encode(first, *TEXTS)
    assert next(first.encode(TEXTS, max_tokens=4)).dtype == np.uint16


def test_posts_without_a_shared_word_are_refused() -> None:
    with pytest.raises(InputError, match="no word that two authors used"):
        learn_bpe(["alpha", "beta"], ["ann", "bob"], vocabulary_size=400)
