import pytest

from mental_health_classifier.evaluation.unfamiliar_text import (
    facts_of_text,
    reason_to_refer,
    reference_of_texts,
)

POSTS = [
    "I was at the lake with my sister and it was a good day for all of us.",
    "Nothing of what they said to me was new, and I am still very tired of it.",
    "Does anybody know how to get out of the house when it rains for a week?",
] * 20


def test_the_facts_of_a_text_are_those_counted_by_hand():
    facts = facts_of_text("The end of 4 days!")
    # the, of; the letters of "Theendofdays" among 14 characters.
    assert (facts.characters, facts.words) == (18, 5)
    assert facts.function_word_share == pytest.approx(2 / 5)
    assert facts.letter_share == pytest.approx(12 / 14)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("We went to the shop and it was closed.", None),
        ("", "empty_text"),
        ("... 123 !!!", "empty_text"),
        ("Heute bleibt alles liegen, morgen kommt niemand vorbei", "foreign_language"),
        ("I am so very tired of this. " * 30, "unusual_length"),
        ("a 1234567890 1234567890 1234567890", "unusual_characters"),
    ],
)
def test_texts_unlike_the_reference_are_told(text, reason):
    assert reason_to_refer(text, reference_of_texts(POSTS)) == reason


def test_without_a_reference_only_texts_without_letters_are_told():
    assert reason_to_refer("Heute bleibt alles liegen und mehr", None) is None
    assert reason_to_refer("??", None) == "empty_text"


def test_a_corpus_of_another_language_does_not_refer_its_own():
    german = ["Heute bleibt alles liegen, morgen kommt niemand vorbei"] * 30
    assert reason_to_refer(german[0], reference_of_texts(german)) is None


def test_the_reference_holds_numbers_alone():
    flat = str(reference_of_texts(POSTS)).casefold()
    for word in ("lake", "sister", "tired"):
        assert word not in flat
