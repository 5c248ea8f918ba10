import time

import pytest

from mental_health_classifier.data.reading.scrubbing import scrub


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
        ("find me on instagram.com/anna.x ok", "find me on <link> ok"),
        ("t.me/anna and bit.ly/3xY, Discord.GG/abc", "<link> and <link> <link>"),
        ("youtu.be/x1 or m.facebook.com/anna", "<link> or <link>"),
        ("from ftp://host/file or tg://resolve?x", "from <link> or <link>"),
        ("HTTPS://X.org", "<link>"),
        (
            "hi U/Anna_B and /U/anna and /user/anna and r/u_anna",
            "hi" + " <user> and" * 3 + " <user>",
        ),
        ("ask \uff20anna or \ufe6banna", "ask <user> or <user>"),
        ("anna\uff20example.org", "<email>"),
        ("call 0171/1234567 or 0171 / 123 45 67", "call <phone> or <phone>"),
        ("+49 171/1234567", "<phone>"),
        *(
            (f"555{dash}123{dash}4567 x", "<phone> x")
            for dash in "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe63\uff0d\u00a0\u202f"
        ),
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
        "24/7, 1/2, he/she, e.g.this, e.g./i.e., so sad.he/she said and/or.what",
        "on 09/11/2001, 2024/01/01, 12/31/2024 and 01/02/03",
        "r/depression and R/SuicideWatch help, 5 U/mL and 10 u/kg twice u/day",
        "9/10 would not/do.it/again, w/o me, n/a, 100/60",
        "10\u201320 times in 2019\u20132020",
        "google.com is a site",
    ],
)
def test_ordinary_text_stays(text: str) -> None:
    assert scrub(text) == (text, {})


def test_replacements_are_counted_by_kind() -> None:
    _, counts = scrub("@aa @bb a@b.org")
    assert counts == {"email": 1, "user": 2}


@pytest.mark.parametrize(
    "unit", ["a.", "1 ", "@", "(12", "x@", "a-", "0171/", "u/", "a.com", "a://", "1\u2013"]
)
def test_a_hostile_post_costs_no_more_than_its_length(unit: str) -> None:
    start = time.perf_counter()
    scrub(unit * 100_000)
    assert time.perf_counter() - start < 10  # a pattern that backtracks would take hours
