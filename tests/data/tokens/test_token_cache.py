from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mental_health_classifier.data.tokens import token_cache
from mental_health_classifier.data.tokens.token_cache import open_tokens, write_tokens

POSTS = pd.DataFrame({"text": ["abc", "d", "ef", "ghij"]})


def encode(posts: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """A token for each letter."""
    letters = [ord(letter) for text in posts["text"] for letter in text]
    return np.array(letters, np.uint16), posts["text"].str.len().to_numpy()


def write(folder: Path, encode) -> None:
    write_tokens(folder, POSTS, encode=encode, doing="Counting letters")


@pytest.mark.parametrize("posts_in_chunk", [1, 3, 100])
def test_what_is_written_is_read_back_as_a_memory_map(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, posts_in_chunk: int
) -> None:
    monkeypatch.setattr(token_cache, "_POSTS_IN_CHUNK", posts_in_chunk)
    write(tmp_path, encode)
    tokens = open_tokens(tmp_path, {"letters": tmp_path})
    assert isinstance(tokens.token_ids, np.memmap) and tokens.token_ids.dtype == np.uint16
    assert bytes(tokens.token_ids.astype(np.uint8)) == b"abcdefghij"
    assert tokens.offsets.tolist() == [0, 3, 4, 6, 10]
    assert tokens.lengths.tolist() == [3, 1, 2, 4]
    assert tokens.streams["letters"].tolist() == tokens.token_ids.tolist()
    assert sorted(file.name for file in tmp_path.iterdir()) == ["offsets.npy", "values.npy"]


def test_finished_chunks_are_not_encoded_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(token_cache, "_POSTS_IN_CHUNK", 1)
    seen: list[str] = []

    def interrupted(posts: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
        if posts["text"].tolist() == ["ef"]:
            raise KeyboardInterrupt
        return encode(posts)

    def watched(posts: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
        seen.extend(posts["text"])
        return encode(posts)

    with pytest.raises(KeyboardInterrupt):
        write(tmp_path, interrupted)
    write(tmp_path, watched)
    assert seen == ["ef", "ghij"]
    assert bytes(open_tokens(tmp_path, {}).token_ids.astype(np.uint8)) == b"abcdefghij"
