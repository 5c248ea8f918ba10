"""Keyed hashes that stand for posts, authors and corpora."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Sequence

DIGEST_BYTES = 16
_SEPARATOR = b"\x1f"


def row_digest(cells: Sequence[str]) -> bytes:
    """Hash of the cells that make a post what it is, `DIGEST_BYTES` long."""
    content = _SEPARATOR.join(cell.encode() for cell in cells)
    return hashlib.blake2b(content, digest_size=DIGEST_BYTES).digest()


def fingerprint_and_key(digests: Iterable[bytes]) -> tuple[str, bytes]:
    """Derives a corpus's public fingerprint and the secret key for its hashes from the rows
    themselves.

    Both depend on every row and on no order. The key is never stored: who does not hold the corpus
    can neither find it nor test a guess of an author's name against the hashes in a record.

    Args:
        digests: `row_digest` of each post.

    Returns:
        The fingerprint, 32 hexadecimal digits, and the key, 32 bytes.
    """
    content = hashlib.sha256(b"".join(sorted(digests))).digest()
    fingerprint = hashlib.sha256(b"fingerprint" + content).hexdigest()[:32]
    return fingerprint, hashlib.sha256(b"key" + content).digest()


def keyed_hash(value: str, key: bytes) -> str:
    """HMAC-SHA-256 of an id or author, cut to 16 hexadecimal digits."""
    return hmac.digest(key, value.encode(), "sha256").hex()[:16]
