"""Token ids of a corpus on disk, opened without reading them."""

from __future__ import annotations

import io
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from mental_health_classifier.data.finished_chunks import finished_chunk
from mental_health_classifier.progress import counting

_POSTS_IN_CHUNK = 2**15
_TOKEN_IDS = "token_ids.npy"
_OFFSETS = "offsets.npy"


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


def open_tokens(folder: Path) -> TokenTable:
    """Opens what `write_tokens` wrote as memory maps."""
    return TokenTable(
        token_ids=np.load(folder / _TOKEN_IDS, mmap_mode="r", allow_pickle=False),
        offsets=np.load(folder / _OFFSETS, mmap_mode="r", allow_pickle=False),
    )


def write_tokens(
    folder: Path, texts: pd.Series, *, encode: Callable[[list[str]], tuple[np.ndarray, np.ndarray]]
) -> None:
    """Encodes posts a chunk at a time, going on after the chunks that are in `folder` already.

    Args:
        folder: to write to.
        texts: all posts.
        encode: the token ids of some posts one after the other, and the number of each post's.
    """
    chunks = folder / "chunks"
    chunks.mkdir(exist_ok=True)
    lengths: list[np.ndarray] = []
    paths: list[Path] = []
    with counting("Turning posts into tokens", total=len(texts)) as advance:
        for number, start in enumerate(range(0, len(texts), _POSTS_IN_CHUNK)):
            posts = texts.iloc[start : start + _POSTS_IN_CHUNK]
            path = finished_chunk(
                chunks, number, lambda posts=posts: _as_bytes(*encode(posts.tolist()))
            )
            with path.open("rb") as stream:
                lengths.append(np.load(stream, allow_pickle=False))
            paths.append(path)
            advance(len(posts))
    offsets = np.concatenate([[0], np.cumsum(np.concatenate(lengths))]).astype(np.int64)
    np.save(folder / _OFFSETS, offsets, allow_pickle=False)
    # Written piece by piece rather than into a memory map, where a full disk would end the process.
    with (folder / _TOKEN_IDS).open("wb") as whole:
        for path in paths:
            with path.open("rb") as stream:
                np.load(stream, allow_pickle=False)  # the lengths
                ids = np.load(stream, allow_pickle=False)
            if path == paths[0]:
                header = {
                    "descr": np.lib.format.dtype_to_descr(ids.dtype),
                    "fortran_order": False,
                    "shape": (int(offsets[-1]),),
                }
                np.lib.format.write_array_header_1_0(whole, header)
            whole.write(ids.tobytes())
    shutil.rmtree(chunks)


def _as_bytes(token_ids: np.ndarray, lengths: np.ndarray) -> memoryview:
    buffer = io.BytesIO()
    np.save(buffer, lengths, allow_pickle=False)
    np.save(buffer, token_ids, allow_pickle=False)
    return buffer.getbuffer()
