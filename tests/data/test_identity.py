import hashlib
import hmac

from mental_health_classifier.data.identity import fingerprint_and_key, keyed_hash

ROWS = [("text one", "control", "ann", ""), ("text two", "suicide", "bob", "")]


def test_the_fingerprint_does_not_depend_on_the_order_of_posts() -> None:
    assert fingerprint_and_key(ROWS) == fingerprint_and_key(ROWS[::-1])


def test_every_cell_counts() -> None:
    original, _ = fingerprint_and_key(ROWS)
    for row in range(2):
        for cell in range(4):
            changed = [list(cells) for cells in ROWS]
            changed[row][cell] += "x"
            assert fingerprint_and_key(changed)[0] != original


def test_cells_do_not_run_into_each_other() -> None:
    assert fingerprint_and_key([("ab", "c")])[0] != fingerprint_and_key([("a", "bc")])[0]


def test_a_hash_is_an_hmac_that_the_fingerprint_does_not_open() -> None:
    fingerprint, key = fingerprint_and_key(ROWS)
    assert keyed_hash("ann", key) == hmac.new(key, b"ann", hashlib.sha256).hexdigest()[:16]
    assert keyed_hash("ann", key) != keyed_hash("ann", bytes.fromhex(fingerprint))
