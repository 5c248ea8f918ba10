"""Reads and writes seen_posts.npz, by which a run recognises the posts that it has seen.

Of each post the record keeps 64 bits of a keyed hash of its scrubbed text. The key is drawn for
the run and lies beside the hashes, so that posts from elsewhere can be looked up without the
corpus: no post can be read out of them, and hashes of two runs cannot be matched. Whoever holds
the record and the text of a post can tell that the run has seen it. A slow hash would not change
that, for one guess is enough there, and it would take hours for a million posts.
"""

from __future__ import annotations

import hashlib
import io
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mental_health_classifier.contracts import PARTS, Corpus, InputError
from mental_health_classifier.storage.arrays import read_arrays
from mental_health_classifier.storage.files import MOST_BYTES, read_content, write_atomically

FILE = "seen_posts.npz"
"""Its place in the directory of a run."""
OF_ENCODER = "seen_posts-*.npz"
"""Beside an encoder, and in the directory of a run that began with it: what it has read without
labels, by the run in which it did."""
LEARNED_FROM = ("train", "val", "calibration")
"""Parts that decide weights, checkpoint or threshold."""
_KEY_BYTES = 16
_HASH_BYTES = 8


@dataclass(frozen=True, eq=False)
class SeenPosts:
    """Looks posts up among those of a run."""

    key: bytes
    """Of the hashes."""
    hashes: Mapping[str, np.ndarray]
    """For each part one a post, uint64, sorted."""

    @classmethod
    def of(cls, corpus: Corpus, parts: Sequence[str] = PARTS) -> SeenPosts:
        """The posts of some parts of a corpus, part by part."""
        key = secrets.token_bytes(_KEY_BYTES)
        texts = {part: corpus.part(part)["text"] if part in parts else () for part in PARTS}
        return cls(key, {part: np.sort(_hashes(each, key)) for part, each in texts.items()})

    @classmethod
    def from_bytes(cls, content: bytes, path: Path) -> SeenPosts:
        """What `to_bytes` gave; nothing in it is executed.

        Args:
            path: of the file that was read, for the message.

        Raises:
            InputError: it is damaged.
        """
        try:
            key, hashes = _read(content)
        except ValueError:
            raise InputError(
                f"{path} is damaged, so it cannot be told which posts the run has seen. Restore it "
                "from a copy."
            ) from None
        return cls(key, hashes)

    def to_bytes(self) -> bytes:
        """The content of a file for `from_bytes`."""
        content = io.BytesIO()
        arrays: dict[str, Any] = {"key": np.frombuffer(self.key, dtype=np.uint8), **self.hashes}
        np.savez(content, **arrays)
        return content.getvalue()

    def are_among(self, texts: Iterable[str], *, parts: Sequence[str]) -> np.ndarray:
        """Whether each text is that of a post in some of the parts, bool, shape `(n,)`.

        Args:
            texts: scrubbed; upper and lower case are alike.
        """
        known = np.concatenate([self.hashes[part] for part in parts])
        return np.isin(_hashes(texts, self.key), known)


def write_seen_posts(directory: Path, corpus: Corpus) -> None:
    """Writes what a run has seen into its directory, unless an earlier attempt at the run did."""
    if not (directory / FILE).exists():
        write_atomically(directory / FILE, SeenPosts.of(corpus).to_bytes())


def copy_read_posts(encoder: Path, directory: Path) -> None:
    """Hands on what an encoder has read to the directory of a run that begins with it, or from
    there to the encoder that it becomes.

    Raises:
        InputError: a file that says it cannot be read.
    """
    for path in sorted(encoder.glob(OF_ENCODER)):
        write_atomically(directory / path.name, _content(path))


def read_before(directory: Path, corpus: Corpus) -> dict[str, int]:
    """Posts of val, calibration and test that the encoder of a run has read, by part.

    Raises:
        InputError: a file that says it is damaged.
    """
    posts = corpus.posts[corpus.posts["part"] != "train"]
    is_read = are_read_before(directory, posts["text"].tolist())
    return {part: int(is_read[posts["part"] == part].sum()) for part in PARTS[1:]}


def are_read_before(directory: Path, texts: Sequence[str]) -> np.ndarray:
    """Whether the encoder of a run has read each of these scrubbed texts without labels, bool,
    shape `(n,)`.

    Raises:
        InputError: a file that says it is damaged.
    """
    is_read = np.zeros(len(texts), dtype=bool)
    for path in directory.glob(OF_ENCODER):
        is_read |= SeenPosts.from_bytes(_content(path), path).are_among(texts, parts=PARTS)
    return is_read


def _content(path: Path) -> bytes:
    return read_content(path, most_bytes=MOST_BYTES)


def _read(content: bytes) -> tuple[bytes, dict[str, np.ndarray]]:
    hashes = read_arrays(content, ("key", *PARTS))
    key = hashes.pop("key")
    if (key.shape, key.dtype) != ((_KEY_BYTES,), np.uint8) or any(
        each.ndim != 1 or each.dtype != np.uint64 for each in hashes.values()
    ):
        raise ValueError
    return key.tobytes(), hashes


def _hashes(texts: Iterable[str], key: bytes) -> np.ndarray:
    digests = b"".join(
        hashlib.blake2b(text.casefold().encode(), digest_size=_HASH_BYTES, key=key).digest()
        for text in texts
    )
    return np.frombuffer(digests, dtype=np.uint64)
