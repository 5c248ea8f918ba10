from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mental_health_classifier.data.vocabulary.normal_words import normal_form, normal_words


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("Panic-Attack", "panic attack"),
        ("  panic \t attack ", "panic attack"),
        ("Parkinson's disease", "parkinson disease"),
        ("Parkinson’s disease", "parkinson disease"),
        ("the patients' panic", "the patients panic"),
        ("can’t sleep", "can't sleep"),
        ("‘numb’", "numb"),
        ("_really_ low", "really low"),
        ("panic, attack.", "panic , attack ."),
        ("ﬁne ½", "fine 1⁄2".replace("⁄", " ⁄ ")),
        ("STRASSE Straße", "strasse strasse"),
        ("café cafe\u0301 CAFÉ", "café café café"),
        ("pan\u200bic at\u00adtack", "panic attack"),
        ("ｐａｎｉｃ", "panic"),
        ("हिन्दी", "हिन्दी"),
        ("low😀low", "low 😀 low"),
        ("", ""),
    ],
)
def test_what_makes_no_difference_is_gone(text: str, form: str) -> None:
    assert normal_form(text) == form


def test_places_lead_back_to_the_text_past_emoji_and_curly_apostrophes() -> None:
    text = "😀😀 I can’t… the ﬁrst PANIC-attack’s over é̈x"
    words, starts, ends = normal_words(text)
    raw = "😀|😀|I|can’t|…|the|ﬁrst|PANIC|attack|over|é̈x"
    assert [text[a:b] for a, b in zip(starts, ends, strict=True)] == raw.split("|")
    assert words[6] == "first" and words[8] == "attack"


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cs"])))
def test_every_place_holds_what_its_word_says(text: str) -> None:
    words, starts, ends = normal_words(text)
    assert all(a < b for a, b in zip(starts, ends, strict=True))
    # What one character stands for, or a sign with the marks typed after it, may be several words.
    assert all(b <= a for b, a in zip(ends, starts[1:], strict=False)) or any(
        len(unicodedata.normalize("NFKC", c)) > 1 or unicodedata.category(c).startswith("M")
        for c in text
    )
    for word, start, end in zip(words, starts, ends, strict=True):
        assert " " not in word
        assert word in normal_form(text[start:end])
