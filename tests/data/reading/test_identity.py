import hashlib
import hmac

from mental_health_classifier.data.reading.identity import (
    fingerprint_and_key,
    keyed_hash,
    row_digest,
)

ROWS = [("text one", "control", "ann", ""), ("text two", "suicide", "bob", "")]


def derive(rows: list) -> tuple[str, bytes]:
    return fingerprint_and_key(row_digest(row) for row in rows)


def test_the_fingerprint_does_not_depend_on_the_order_of_posts() -> None:
    assert derive(ROWS) == derive(ROWS[::-1])


def test_every_cell_counts() -> None:
    original, _ = derive(ROWS)
    for row in range(2):
        for cell in range(4):
            changed = [list(cells) for cells in ROWS]
            changed[row][cell] += "x"
            assert derive(changed)[0] != original


def test_cells_do_not_run_into_each_other() -> None:
    assert derive([("ab", "c")])[0] != derive([("a", "bc")])[0]


def test_a_hash_is_an_hmac_that_the_fingerprint_does_not_open() -> None:
    fingerprint, key = derive(ROWS)
    assert keyed_hash("ann", key) == hmac.new(key, b"ann", hashlib.sha256).hexdigest()[:16]
    assert keyed_hash("ann", key) != keyed_hash("ann", bytes.fromhex(fingerprint))
