import contextlib
import io

import numpy as np
import pytest

from mental_health_classifier.storage.arrays import read_arrays


def packed(save=np.savez, **arrays: object) -> bytes:
    content = io.BytesIO()
    save(content, **arrays)
    return content.getvalue()


def test_arrays_come_back_as_they_were_written() -> None:
    found = read_arrays(packed(a=np.arange(3), b=np.ones((2, 2))), ["b", "a"])
    assert list(found) == ["b", "a"]
    np.testing.assert_array_equal(found["a"], [0, 1, 2])
    np.testing.assert_array_equal(found["b"], np.ones((2, 2)))


@pytest.mark.parametrize(
    "content",
    [
        *(b"", b"x" * 100, packed(b=np.arange(3)), packed(a=np.arange(3))[:60]),
        packed(np.savez_compressed, a=np.zeros(10**6)),
        packed(a=np.array([{"an": "object"}], dtype=object)),
    ],
    ids=["empty", "no archive", "another array", "cut", "compressed", "objects"],
)
def test_anything_else_is_a_value_error(content: bytes) -> None:
    with pytest.raises(ValueError):
        read_arrays(content, ["a"])


def test_no_flipped_bit_raises_anything_else() -> None:
    whole = packed(a=np.arange(3))
    for place in range(len(whole)):
        for bit in range(8):
            flipped = bytearray(whole)
            flipped[place] ^= 1 << bit
            with contextlib.suppress(ValueError):
                read_arrays(bytes(flipped), ["a"])
