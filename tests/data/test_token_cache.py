from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mental_health_classifier.data import token_cache
from mental_health_classifier.data.token_cache import open_tokens, write_tokens

POSTS = pd.Series(["abc", "d", "ef", "ghij"])


def encode(texts: list[str]) -> tuple[np.ndarray, np.ndarray]:
    """A token for each letter."""
    letters = [ord(letter) for text in texts for letter in text]
    return np.array(letters, np.uint16), np.array([len(text) for text in texts])


@pytest.mark.parametrize("posts_in_chunk", [1, 3, 100])
def test_what_is_written_is_read_back_as_a_memory_map(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, posts_in_chunk: int
) -> None:
    monkeypatch.setattr(token_cache, "_POSTS_IN_CHUNK", posts_in_chunk)
    write_tokens(tmp_path, POSTS, encode=encode)
    tokens = open_tokens(tmp_path)
    assert isinstance(tokens.token_ids, np.memmap) and tokens.token_ids.dtype == np.uint16
    assert bytes(tokens.token_ids.astype(np.uint8)) == b"abcdefghij"
    assert tokens.offsets.tolist() == [0, 3, 4, 6, 10]
    assert tokens.lengths.tolist() == [3, 1, 2, 4]
    assert sorted(file.name for file in tmp_path.iterdir()) == ["offsets.npy", "token_ids.npy"]


def test_finished_chunks_are_not_encoded_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(token_cache, "_POSTS_IN_CHUNK", 1)
    seen: list[str] = []

    def interrupted(texts: list[str]) -> tuple[np.ndarray, np.ndarray]:
        if texts == ["ef"]:
            raise KeyboardInterrupt
        return encode(texts)

    with pytest.raises(KeyboardInterrupt):
        write_tokens(tmp_path, POSTS, encode=interrupted)
    write_tokens(tmp_path, POSTS, encode=lambda texts: (seen.extend(texts), encode(texts))[1])
    assert seen == ["ef", "ghij"]
    assert bytes(open_tokens(tmp_path).token_ids.astype(np.uint8)) == b"abcdefghij"
