"""Names for posts and corpora that give nothing away."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Sequence

_SEPARATOR = b"\x1f"


def fingerprint_and_key(rows: Iterable[Sequence[str]]) -> tuple[str, bytes]:
    """Derives a corpus's public fingerprint and the secret key for its hashes from the rows
    themselves.

    Both depend on every row and on no order. The key is never stored: who does not hold the corpus
    can neither find it nor test a guess of an author's name against the hashes in a record.

    Args:
        rows: the cells of each post that make it what it is.

    Returns:
        The fingerprint, 32 hexadecimal digits, and the key, 32 bytes.
    """
    digests = sorted(
        hashlib.blake2b(_SEPARATOR.join(cell.encode() for cell in row), digest_size=16).digest()
        for row in rows
    )
    content = hashlib.sha256(b"".join(digests)).digest()
    fingerprint = hashlib.sha256(b"fingerprint" + content).hexdigest()[:32]
    return fingerprint, hashlib.sha256(b"key" + content).digest()


def keyed_hash(value: str, key: bytes) -> str:
    """HMAC-SHA-256 of an id or author, cut to 16 hexadecimal digits."""
    return hmac.digest(key, value.encode(), "sha256").hex()[:16]
