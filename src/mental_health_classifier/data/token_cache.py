"""Token ids of a corpus on disk, opened without reading them."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np


@dataclass(frozen=True, slots=True)
class TokenTable:
    """All tokens of all posts in one array."""

    token_ids: np.ndarray
    """uint16 or uint32, shape `(N,)`."""
    offsets: np.ndarray
    """Post i holds `token_ids[offsets[i]:offsets[i + 1]]`, int64, shape `(posts + 1,)`."""

    @property
    def lengths(self) -> np.ndarray:
        """Number of tokens of each post, shape `(posts,)`."""
        return np.diff(self.offsets)


def cache_key(*parts: str) -> str:
    """Names a cache entry by everything that makes it."""
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:24]


def open_tokens(folder: Path) -> TokenTable | None:
    """Opens the tokens kept in `folder` as memory maps. None: there are none, or they are not
    whole."""
    try:
        tokens = TokenTable(
            token_ids=np.load(folder / "token_ids.npy", mmap_mode="r", allow_pickle=False),
            offsets=np.load(folder / "offsets.npy", allow_pickle=False),
        )
    except (OSError, ValueError, EOFError):
        return None
    is_whole = len(tokens.offsets) > 0 and tokens.offsets[-1] == len(tokens.token_ids)
    return tokens if is_whole else None


def write_tokens(folder: Path, encoded: Iterable[np.ndarray]) -> TokenTable:
    """Writes the token ids of each post and opens the result; the folder appears whole or not at
    all."""
    posts = list(encoded)
    offsets = np.concatenate([[0], np.cumsum([len(ids) for ids in posts])]).astype(np.int64)
    folder.parent.mkdir(parents=True, exist_ok=True)
    unfinished = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}-"))
    try:
        np.save(unfinished / "token_ids.npy", np.concatenate(posts), allow_pickle=False)
        np.save(unfinished / "offsets.npy", offsets, allow_pickle=False)
        shutil.rmtree(folder, ignore_errors=True)  # a damaged entry
        unfinished.rename(folder)
    except OSError:
        shutil.rmtree(unfinished, ignore_errors=True)
        if open_tokens(folder) is None:  # otherwise another run was faster
            raise
    tokens = open_tokens(folder)
    assert tokens is not None
    return tokens
