from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mental_health_classifier.contracts import InputError
from mental_health_classifier.data.tokens.tokenizer import (
    PostTokenizer,
    count_shared_words,
    learn_bpe,
)

TEXTS = ["I feel fine today", "today I feel low", "zanzibar I feel <link>", "zanzibar fine low"]
AUTHORS = ["ann", "bob", "cyd", "cyd"]


def encode(
    tokenizer: PostTokenizer, *texts: str, max_tokens: int = 16, truncate: str = "head"
) -> list[list[int]]:
    ids, lengths = tokenizer.encode(texts, max_tokens=max_tokens, truncate=truncate)
    return [post.tolist() for post in np.split(ids, np.cumsum(lengths)[:-1])]


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


@pytest.mark.parametrize(
    ("truncate", "max_tokens", "kept"),
    [
        ("head", 2, [0, 1]),
        ("tail", 2, [2, 3]),
        ("head_tail", 2, [0, 3]),
        ("head_tail", 3, [0, 1, 3]),
        ("tail", 4, [0, 1, 2, 3]),
        ("head_tail", 1, [0]),
    ],
)
def test_of_a_post_too_long_the_chosen_end_is_kept(
    truncate: str, max_tokens: int, kept: list[int]
) -> None:
    tokenizer = learn_bpe(TEXTS, AUTHORS, vocabulary_size=400)
    (whole,) = encode(tokenizer, "i feel fine today")
    (cut,) = encode(tokenizer, "i feel fine today", max_tokens=max_tokens, truncate=truncate)
    assert len(whole) == 4 and cut == [whole[place] for place in kept]


def test_words_are_counted_in_the_posts_of_two_authors_alone() -> None:
    assert count_shared_words(TEXTS, AUTHORS) == {
        "feel": 3,
        "fine": 2,
        "i": 3,
        "low": 2,
        "today": 2,
    }
    texts, authors = pd.Series(["a a b", "b c", "c"]), pd.Series(["x", None, None])
    assert count_shared_words(texts, authors) == {"b": 2, "c": 2}


def test_learning_twice_gives_the_same_tokenizer_and_loading_the_same_ids(tmp_path: Path) -> None:
    first = learn_bpe(TEXTS, AUTHORS, vocabulary_size=400)
    assert first.to_json() == learn_bpe(TEXTS, AUTHORS, vocabulary_size=400).to_json()
    first.save(tmp_path / "tokenizer.json")
    loaded = PostTokenizer.load(tmp_path / "tokenizer.json")
    assert encode(loaded, *TEXTS) == encode(first, *TEXTS)
    assert first.encode(TEXTS, max_tokens=4, truncate="head")[0].dtype == np.uint16


def test_posts_without_a_shared_word_are_refused() -> None:
    with pytest.raises(InputError, match="no word that two authors used"):
        learn_bpe(["alpha", "beta"], ["ann", "bob"], vocabulary_size=400)


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"{}", b"[1]", b'{"model": {}}'])
def test_a_damaged_file_is_named(tmp_path, content):
    path = tmp_path / "tokenizer.json"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"tokenizer\.json is damaged"):
        PostTokenizer.load(path)
