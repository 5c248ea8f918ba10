"""Search for all phrases of a lexicon in texts at once."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
from daachorse import DoubleArrayAhoCorasick

from mental_health_classifier.data.tokens.token_streams import OUTSIDE, Span
from mental_health_classifier.data.vocabulary.normal_words import normal_words

AMBIGUOUS = 1
"""Concept, and semantic type, of a phrase that stands for concepts of several types."""
FIRST = 2
"""The first concept, and the first semantic type, of the lexicon's own."""
SCOPES = ("preferred", "exact", "other")
"""How well a phrase names its concept, the best first."""


class Sense(NamedTuple):
    """What a phrase may stand for."""

    rank: int
    """Place of its scope in SCOPES."""
    concept: str


@dataclass(frozen=True, kw_only=True, eq=False)
class PhraseLinker:
    """A compiled lexicon: the longest phrase from the left, then on after it.

    Words are compared in normal form (see `normal_words`); a phrase begins and ends with whole
    words.
    """

    automaton: DoubleArrayAhoCorasick
    """Of the phrases in normal form, each with a space on either side."""
    concept_of_phrase: np.ndarray
    """Shape `(phrases,)`."""
    type_of_concept: np.ndarray
    """Shape `(concepts + FIRST,)`, OUTSIDE for OUTSIDE."""
    concepts: Sequence[str] | np.ndarray
    """Identifiers of the concepts from FIRST on."""
    semantic_types: Sequence[str]
    """Names of the types from FIRST on."""

    def find(self, text: str) -> list[Span]:
        """Phrases in `text` from left to right, with the number of the concept of each."""
        words, starts, ends = normal_words(text)
        line = f" {' '.join(words)} ".encode()
        found = self.automaton.find_overlapping(line)
        if not found:
            return []
        # Neighbours share the space between them, so all matches are needed, not the longest alone.
        found.sort(key=lambda match: (match[0], -match[1]))
        spans, free_from = [], 0
        for first, end, phrase in found:
            if first >= free_from:
                word = line.count(b" ", 0, first)
                last = word + line.count(b" ", first + 1, end - 1)
                spans.append(Span(starts[word], ends[last], int(self.concept_of_phrase[phrase])))
                free_from = end - 1
        return spans

    def shuffled(self, seed: int) -> PhraseLinker:
        """The same phrases, each with the concept, and so the type, of another.

        Concepts are exchanged between phrases: exchanging them as wholes would only rename them.
        """
        concepts = np.random.default_rng(seed).permutation(self.concept_of_phrase)
        return replace(self, concept_of_phrase=concepts)

    def save(self, folder: Path) -> None:
        """Writes what `open` reads."""
        (folder / "automaton.bin").write_bytes(self.automaton.serialize())
        np.save(folder / "concept_of_phrase.npy", self.concept_of_phrase, allow_pickle=False)
        np.save(folder / "type_of_concept.npy", self.type_of_concept, allow_pickle=False)
        np.save(folder / "concepts.npy", np.array(self.concepts, np.str_), allow_pickle=False)
        types = json.dumps(list(self.semantic_types))
        (folder / "semantic_types.json").write_text(types, encoding="utf-8")

    @classmethod
    def open(cls, folder: Path) -> PhraseLinker:
        """Opens what `save` wrote; only from a place that nobody else writes to, since an automaton
        is believed as it is."""
        return cls(
            automaton=DoubleArrayAhoCorasick.deserialize((folder / "automaton.bin").read_bytes()),
            concept_of_phrase=np.load(folder / "concept_of_phrase.npy", allow_pickle=False),
            type_of_concept=np.load(folder / "type_of_concept.npy", allow_pickle=False),
            # Hundreds of thousands, which nothing but an explanation asks for.
            concepts=np.load(folder / "concepts.npy", mmap_mode="r", allow_pickle=False),
            semantic_types=json.loads((folder / "semantic_types.json").read_text(encoding="utf-8")),
        )


def compile_phrases(
    senses: Mapping[str, Iterable[Sense]], type_of: Mapping[str, str]
) -> PhraseLinker:
    """Compiles a lexicon.

    Where several concepts claim a phrase, those that it names best count; if these are of several
    types it is AMBIGUOUS, else the first of them by identifier has it.

    Args:
        senses: what each phrase in normal form may stand for, at least one.
        type_of: the semantic type of each concept.
    """
    phrases = sorted(senses)
    chosen = [_choose(senses[phrase], type_of) for phrase in phrases]
    concepts = sorted({concept for concept in chosen if concept is not None})
    types = sorted({type_of[concept] for concept in concepts})
    number = {concept: place for place, concept in enumerate(concepts, start=FIRST)}
    number_of_type = {name: place for place, name in enumerate(types, start=FIRST)}
    numbers = [AMBIGUOUS if concept is None else number[concept] for concept in chosen]
    types_of_numbers = [number_of_type[type_of[concept]] for concept in concepts]
    return PhraseLinker(
        automaton=DoubleArrayAhoCorasick([f" {phrase} ".encode() for phrase in phrases]),
        concept_of_phrase=np.array(numbers, np.int32),
        type_of_concept=np.array([OUTSIDE, AMBIGUOUS, *types_of_numbers], np.int32),
        concepts=concepts,
        semantic_types=types,
    )


def _choose(senses: Iterable[Sense], type_of: Mapping[str, str]) -> str | None:
    """The concept of a phrase; None: of several types."""
    senses = sorted(senses)
    best = [sense.concept for sense in senses if sense.rank == senses[0].rank]
    return best[0] if len({type_of[concept] for concept in best}) == 1 else None
