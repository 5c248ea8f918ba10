import pytest

from mental_health_classifier.console.wording import (
    amount,
    clock,
    count,
    duration,
    moment,
    number,
    printable,
    size,
)


@pytest.mark.parametrize(
    ("value", "interval", "shown"),
    [
        (0.8125, (0.78, 0.844), ".812 [.78, .84]"),
        (1.0, (0.93, 1.0), "1.00 [.93, 1.0]"),
        (0.99962, (0.994, 0.9999), "1.00 [.99, 1.0]"),
        (0.0, (0.0, 0.07), ".000 [.00, .07]"),
        (0.5, None, ".500"),
        (0.5, [None, None], ".500"),
        (None, (0.1, 0.2), "-"),
        (float("nan"), None, "-"),
        ("0.5", None, "-"),
        (True, None, "-"),
    ],
)
def test_a_share_is_shown_with_its_interval(value, interval, shown):
    assert number(value, interval) == shown


def test_a_difference_is_shown_with_its_sign():
    assert number(0.041, (-0.01, 0.092), signed=True) == "+.041 [-.01, .09]"
    assert number(-0.041, signed=True) == "-.041"


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(None, "-"), (0.2, "0 s"), (48, "48 s"), (125.4, "2 min 5 s"), (4321, "1 h 12 min")],
)
def test_durations_are_said_as_people_say_them(seconds, shown):
    assert duration(seconds) == shown


def test_what_rounds_to_zero_has_no_sign():
    assert number(-0.0004, [-0.004, 0.0]) == ".000 [.00, .00]"
    assert number(-0.0004, signed=True) == "+.000"


def test_durations_and_sizes_are_short_where_there_is_little_room():
    assert [clock(each) for each in (None, 48, 125.4, 4321)] == ["-", "0:48", "2:05", "1:12:01"]
    megabyte = 2**20
    assert size(810.4 * megabyte) == "810 MB" and size(1640 * megabyte) == "1.6 GB"
    assert size(None) == "-"


def test_amounts_are_counted_in_words():
    assert count(1, "post") == "1 post"
    assert count(2400, "post") == "2,400 posts"
    assert amount(None) == "-"
    assert moment("2026-11-23T15:04:05.123456+00:00") == "2026-11-23 15:04"
    assert moment(None) == "-"


@pytest.mark.parametrize(
    ("hostile", "shown"),
    [
        ("\x1b[2Jgone", r"\x1b[2Jgone"),
        ("a\rb\nc\td", r"a\rb\nc\td"),
        ("\u202eesrever", r"\u202eesrever"),
        ("\x9b31m", r"\x9b31m"),
        ("a\u2028b", r"a\u2028b"),
        ("\udcff", r"\udcff"),
        ("[red]x[/]", "[red]x[/]"),
        ("für Ünal 你好 👩\u200d⚕️", "für Ünal 你好 👩\u200d⚕️"),
    ],
)
def test_what_steers_a_terminal_is_escaped_and_all_else_kept(hostile, shown):
    assert printable(hostile) == shown


def test_a_noun_can_have_a_plural_of_its_own():
    assert [count(n, "miss", "misses") for n in (0, 1, 2)] == ["0 misses", "1 miss", "2 misses"]
