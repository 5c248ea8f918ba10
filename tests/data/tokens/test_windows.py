import numpy as np
import pytest

from mental_health_classifier.contracts import InputError
from mental_health_classifier.data.tokens.windows import Windows


def words_of(windows: Windows, num_tokens: int) -> list[list[int]]:
    """The places of a post that each of its windows holds, in a table where it begins at 100."""
    places = np.arange(100, 100 + num_tokens)
    return [
        np.concatenate([np.arange(part.start, part.stop) for part in window]).tolist()
        for window in windows.cut(places[0], places[-1] + 1)
    ]


def test_a_window_begins_so_many_tokens_later_that_the_overlap_is_left() -> None:
    windows = Windows(max_tokens=4, overlap=1, most=9)
    assert words_of(windows, 4) == [[100, 101, 102, 103]]
    assert words_of(windows, 5) == [[100, 101, 102, 103], [103, 104]]
    assert words_of(windows, 7) == [[100, 101, 102, 103], [103, 104, 105, 106]]
    assert words_of(windows, 8)[1:] == [[103, 104, 105, 106], [106, 107]]


def test_every_window_has_special_tokens_of_its_own() -> None:
    windows = Windows(max_tokens=6, overlap=1, most=9, around=(1, 2))
    # Of nine tokens the first and the last two are special, and a window has room for three others.
    assert words_of(windows, 9) == [
        [100, 101, 102, 103, 107, 108],
        [100, 103, 104, 105, 107, 108],
        [100, 105, 106, 107, 108],
    ]


@pytest.mark.parametrize("around", [(0, 0), (1, 1), (2, 0)])
@pytest.mark.parametrize("overlap", [0, 1, 3])
def test_windows_are_counted_and_their_tokens_too(overlap: int, around: tuple[int, int]) -> None:
    windows = Windows(max_tokens=7, overlap=overlap, most=99, around=around)
    lengths = np.arange(1 + sum(around), 40)
    cut = [words_of(windows, length) for length in lengths]
    assert windows.count(lengths).tolist() == [len(of_post) for of_post in cut]
    assert windows.tokens_read(lengths).tolist() == [sum(map(len, of_post)) for of_post in cut]
    for length, of_post in zip(lengths, cut, strict=True):
        assert {place for window in of_post for place in window} == set(range(100, 100 + length))
        assert all(len(window) == 7 for window in of_post[:-1])


def test_the_longest_post_fills_as_many_windows_as_there_may_be() -> None:
    windows = Windows(max_tokens=6, overlap=2, most=3, around=(1, 1))
    assert windows.longest_post == 10
    assert windows.count(np.array([10, 11])).tolist() == [3, 4]


def test_the_overlap_is_a_quarter_unless_that_leaves_no_room() -> None:
    def overlap(max_tokens: int, around: tuple[int, int]) -> int:
        return Windows.of(max_tokens=max_tokens, overlap=None, most=9, around=around).overlap

    assert overlap(256, (1, 1)) == 64 and overlap(3, (1, 1)) == 0 and overlap(4, (1, 2)) == 0


@pytest.mark.parametrize("overlap", [6, 7, 100])
def test_a_window_that_would_not_go_on_is_refused(overlap: int) -> None:
    said = rf"data\.window_overlap={overlap}: a window of model\.max_tokens=8 has room for 6 tokens"
    with pytest.raises(InputError, match=said):
        Windows.of(max_tokens=8, overlap=overlap, most=9, around=(1, 1))
