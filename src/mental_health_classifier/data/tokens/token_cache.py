"""Token ids of a corpus, and what else is known of each token, on disk, opened without reading
them."""

from __future__ import annotations

import io
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from mental_health_classifier.console.progress import counting
from mental_health_classifier.data.tokens.windows import Windows
from mental_health_classifier.storage.cache import finished_chunk

_POSTS_IN_CHUNK = 2**15
_VALUES = "values.npy"
_OFFSETS = "offsets.npy"


@dataclass(frozen=True, slots=True)
class TokenTable:
    """All tokens of all posts in one array."""

    token_ids: np.ndarray
    """uint16 or uint32, shape `(N,)`."""
    offsets: np.ndarray
    """Post i holds `token_ids[offsets[i]:offsets[i + 1]]`, int64, shape `(posts + 1,)`."""
    streams: Mapping[str, np.ndarray] = field(default_factory=dict)
    """What else is known of each token, whole numbers, each of shape `(N,)`."""
    windows: Windows | None = None
    """How posts that are too long for the model are read. None: there are none."""

    @property
    def lengths(self) -> np.ndarray:
        """Number of tokens that are read of each post, in all its windows, shape `(posts,)`."""
        lengths = np.diff(self.offsets)
        return lengths if self.windows is None else self.windows.tokens_read(lengths)


def open_tokens(
    folder: Path, streams: Mapping[str, Path], *, windows: Windows | None = None
) -> TokenTable:
    """Opens what `write_tokens` wrote as memory maps.

    Args:
        folder: with the token ids.
        streams: folders with other values of the same tokens, by name.
        windows: see `TokenTable`.
    """
    return TokenTable(
        token_ids=_open(folder / _VALUES),
        offsets=_open(folder / _OFFSETS),
        streams={name: _open(other / _VALUES) for name, other in streams.items()},
        windows=windows,
    )


def _open(file: Path) -> np.ndarray:
    return np.load(file, mmap_mode="r", allow_pickle=False)


def write_tokens(
    folder: Path,
    posts: pd.DataFrame,
    *,
    encode: Callable[[pd.DataFrame], tuple[np.ndarray, np.ndarray]],
    doing: str,
) -> None:
    """Encodes posts a chunk at a time, going on after the chunks that are in `folder` already.

    Args:
        folder: to write to.
        posts: all of them, one a row.
        encode: a value for each token of some posts one after the other (its id, say), and the
            number of each post's tokens.
        doing: what the person who waits is told.
    """
    chunks = folder / "chunks"
    chunks.mkdir(exist_ok=True)
    lengths: list[np.ndarray] = []
    paths: list[Path] = []
    with counting(doing, total=len(posts)) as advance:
        for number, start in enumerate(range(0, len(posts), _POSTS_IN_CHUNK)):
            some = posts.iloc[start : start + _POSTS_IN_CHUNK]
            path = finished_chunk(chunks, number, lambda some=some: _as_bytes(*encode(some)))
            with path.open("rb") as stream:
                lengths.append(np.load(stream, allow_pickle=False))
            paths.append(path)
            advance(len(some))
    offsets = np.concatenate([[0], np.cumsum(np.concatenate(lengths))]).astype(np.int64)
    np.save(folder / _OFFSETS, offsets, allow_pickle=False)
    # Written piece by piece rather than into a memory map, where a full disk would end the process.
    with (folder / _VALUES).open("wb") as whole:
        for path in paths:
            with path.open("rb") as stream:
                np.load(stream, allow_pickle=False)  # the lengths
                values = np.load(stream, allow_pickle=False)
            if path == paths[0]:
                header = {
                    "descr": np.lib.format.dtype_to_descr(values.dtype),
                    "fortran_order": False,
                    "shape": (int(offsets[-1]),),
                }
                np.lib.format.write_array_header_1_0(whole, header)
            whole.write(values.tobytes())
    shutil.rmtree(chunks)


def _as_bytes(values: np.ndarray, lengths: np.ndarray) -> memoryview:
    buffer = io.BytesIO()
    np.save(buffer, lengths, allow_pickle=False)
    np.save(buffer, values, allow_pickle=False)
    return buffer.getbuffer()
