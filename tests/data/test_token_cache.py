from pathlib import Path

import numpy as np

from mental_health_classifier.data.token_cache import cache_key, open_tokens, write_tokens

POSTS = [np.array([1, 2, 3], np.uint16), np.array([4], np.uint16), np.array([5, 6], np.uint16)]


def test_what_is_written_is_read_back_as_a_memory_map(tmp_path: Path) -> None:
    tokens = write_tokens(tmp_path / "tokens" / "key", POSTS)
    assert isinstance(tokens.token_ids, np.memmap)
    assert tokens.token_ids.tolist() == [1, 2, 3, 4, 5, 6]
    assert tokens.offsets.tolist() == [0, 3, 4, 6]
    assert tokens.lengths.tolist() == [3, 1, 2]
    assert [p.name for p in (tmp_path / "tokens").iterdir()] == ["key"]


def test_a_damaged_entry_is_not_opened_and_is_written_anew(tmp_path: Path) -> None:
    folder = tmp_path / "key"
    write_tokens(folder, POSTS)
    content = (folder / "token_ids.npy").read_bytes()
    for damage in (content[:-2], content[:20], b""):
        (folder / "token_ids.npy").write_bytes(damage)
        assert open_tokens(folder) is None
    assert write_tokens(folder, POSTS).token_ids.tolist() == [1, 2, 3, 4, 5, 6]


def test_nothing_is_opened_where_nothing_is(tmp_path: Path) -> None:
    assert open_tokens(tmp_path / "none") is None


def test_a_key_separates_its_parts() -> None:
    assert cache_key("ab", "c") != cache_key("a", "bc")
