from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mental_health_classifier.data.vocabulary.normal_words import normal_form, normal_words
from mental_health_classifier.data.vocabulary.phrase_linker import (
    AMBIGUOUS,
    FIRST,
    PhraseLinker,
    Sense,
    compile_phrases,
)

TYPES = {"C1": "symptom", "C2": "disorder", "C3": "trait", "C4": "symptom"}


def linker_of(*named: tuple[str, int, str]) -> PhraseLinker:
    """From (phrase, rank of its scope, concept)."""
    senses: dict[str, set[Sense]] = {}
    for phrase, rank, concept in named:
        senses.setdefault(normal_form(phrase), set()).add(Sense(rank, concept))
    return compile_phrases(senses, TYPES)


GOLDEN = linker_of(
    ("personality", 0, "C3"),
    ("borderline personality disorder", 0, "C2"),
    ("panic", 0, "C1"),
    ("panic attack", 0, "C4"),
    ("can't sleep", 1, "C1"),
)


def found(text: str, linker: PhraseLinker = GOLDEN) -> list[tuple[str, str]]:
    return [
        (text[start:end], linker.concepts[value - FIRST]) for start, end, value in linker.find(text)
    ]


@pytest.mark.parametrize(
    ("text", "spans"),
    [
        ("I have borderline personality disorder.", [("borderline personality disorder", "C2")]),
        ("another panic attack", [("panic attack", "C4")]),
        ("panic and panic attack", [("panic", "C1"), ("panic attack", "C4")]),
        ("panic attack panic panic attack",
         [("panic attack", "C4"), ("panic", "C1"), ("panic attack", "C4")]),
        ("😀 I can’t sleep 😀", [("can’t sleep", "C1")]),
        ("Panic-\nAttack!", [("Panic-\nAttack", "C4")]),
        ("borderline personality", [("personality", "C3")]),
        ("panicked personalityless", []),
        ("panic, attack", [("panic", "C1")]),
        ("the panic's gone", [("panic", "C1")]),
        ("", []),
    ],
)  # fmt: skip
def test_the_longest_expression_of_whole_words_is_found(
    text: str, spans: list[tuple[str, str]]
) -> None:
    assert found(text) == spans


def test_an_expression_of_concepts_of_several_types_is_ambiguous() -> None:
    linker = linker_of(("low", 1, "C1"), ("low", 1, "C2"))
    assert [span.value for span in linker.find("so low")] == [AMBIGUOUS]
    assert linker.type_of_concept.tolist() == [0, AMBIGUOUS]


def test_among_concepts_of_one_type_the_first_has_the_expression() -> None:
    assert found("so low", linker_of(("low", 1, "C4"), ("low", 1, "C1"))) == [("low", "C1")]


def test_the_concept_that_an_expression_names_best_has_it() -> None:
    names = [("low", 0, "C2"), ("low", 1, "C1"), ("low", 2, "C3")]
    assert found("low", linker_of(*names)) == [("low", "C2")]
    assert found("low", linker_of(*names[1:])) == [("low", "C1")]


def test_types_are_those_of_the_concepts() -> None:
    types = dict(zip(GOLDEN.concepts, GOLDEN.type_of_concept[FIRST:], strict=True))
    names = {concept: GOLDEN.semantic_types[number - FIRST] for concept, number in types.items()}
    assert names == TYPES and GOLDEN.type_of_concept[0] == 0


def test_a_saved_lexicon_finds_the_same(tmp_path: Path) -> None:
    GOLDEN.save(tmp_path)
    text = "panic attack, borderline personality disorder, panic"
    assert found(text, PhraseLinker.open(tmp_path)) == found(text)


def test_shuffling_moves_concepts_between_expressions_and_no_span() -> None:
    text = "panic attack, borderline personality disorder, panic, can't sleep, personality"
    shuffled = GOLDEN.shuffled(1)
    assert [span[:2] for span in shuffled.find(text)] == [span[:2] for span in GOLDEN.find(text)]
    assert found(text, shuffled) != found(text)
    before, after = (sorted(each.concept_of_phrase) for each in (GOLDEN, shuffled))
    assert before == after
    assert found(text, GOLDEN.shuffled(1)) == found(text, shuffled)


WORDS = st.sampled_from(
    ["a", "b", "ab", "ba", "A", "é", "É", "e\u0301", "b's", "b’s", "😀", "ﬁ", ",", "…"]
)
PHRASES = st.lists(WORDS, min_size=1, max_size=4).map(" ".join)
TEXTS = st.lists(st.tuples(WORDS, st.sampled_from([" ", "-", "  ", "\n"])), max_size=14).map(
    lambda pairs: "".join(word + gap for word, gap in pairs)
)


def slowly_found(text: str, phrases: set[str]) -> list[tuple[int, int, str]]:
    """At every word from the left the longest run of words that is a phrase, then on after it."""
    words, starts, ends = normal_words(text)
    spans, first = [], 0
    while first < len(words):
        for last in range(len(words), first, -1):
            if (phrase := " ".join(words[first:last])) in phrases:
                spans.append((starts[first], ends[last - 1], phrase))
                first = last
                break
        else:
            first += 1
    return spans


@given(st.sets(PHRASES, min_size=1, max_size=12), TEXTS)
def test_exactly_the_matches_of_a_slow_and_obvious_search_are_found(
    phrases: set[str], text: str
) -> None:
    forms = sorted({normal_form(phrase) for phrase in phrases})
    concepts = {form: f"C{place:03}" for place, form in enumerate(forms)}
    linker = compile_phrases(
        {form: {Sense(0, concept)} for form, concept in concepts.items()},
        dict.fromkeys(concepts.values(), "symptom"),
    )
    spans = [(a, b, linker.concepts[value - FIRST]) for a, b, value in linker.find(text)]
    assert spans == [(a, b, concepts[phrase]) for a, b, phrase in slowly_found(text, set(forms))]
