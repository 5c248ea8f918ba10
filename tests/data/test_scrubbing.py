import time

import pytest

from mental_health_classifier.data.scrubbing import scrub


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("see https://example.org/a?b=c, ok", "see <link> ok"),
        ("www.example.org/x here", "<link> here"),
        ("write to first.last+tag@mail.example.co.uk!", "write to <email> !"),
        ("thanks @some_one and u/another-one", "thanks <user> and <user>"),
        ("(/u/third)", "( <user> )"),
        ("call +44 20 7946 0958 now", "call <phone> now"),
        ("call (555) 123-4567", "call <phone>"),
        ("http://u:p@host/@x", "<link>"),
    ],
)
def test_what_points_to_a_person_becomes_a_placeholder(text: str, clean: str) -> None:
    assert scrub(text)[0] == clean


@pytest.mark.parametrize(
    "text",
    [
        "i slept 3 hours on 2024-01-01 and 10 on 12.03.2024",
        "an 8/10 day, 100 percent",
        "me @ home, and/or you/me",
        "scores 12 15 20",
        "a + b @ c",
    ],
)
def test_ordinary_text_stays(text: str) -> None:
    assert scrub(text) == (text, {})


def test_replacements_are_counted_by_kind() -> None:
    _, counts = scrub("@aa @bb a@b.org")
    assert counts == {"email": 1, "user": 2}


@pytest.mark.parametrize("unit", ["a.", "1 ", "@", "(12", "x@", "a-"])
def test_a_hostile_post_costs_no_more_than_its_length(unit: str) -> None:
    start = time.perf_counter()
    scrub(unit * 100_000)
    assert time.perf_counter() - start < 10  # a pattern that backtracks would take hours
