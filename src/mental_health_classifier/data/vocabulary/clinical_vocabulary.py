"""A clinical vocabulary as an annotator: expressions of its concepts are found in posts."""

from __future__ import annotations

import copy
import json
import logging
import shutil
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from mental_health_classifier.contracts import InputError
from mental_health_classifier.contracts.ranges import Seed
from mental_health_classifier.data.preparation_version import preparation_version
from mental_health_classifier.data.tokens.token_streams import Annotator, Span
from mental_health_classifier.data.vocabulary.normal_words import normal_form
from mental_health_classifier.data.vocabulary.phrase_linker import (
    SCOPES,
    PhraseLinker,
    Sense,
    compile_phrases,
)
from mental_health_classifier.data.vocabulary.readers import (
    MalformedLines,
    VocabularyRow,
    reader_for,
    wanted,
)
from mental_health_classifier.storage.cache import cache_key, cached_folder
from mental_health_classifier.storage.digests import content_digest

log = logging.getLogger(__name__)

PACKAGED = Path(__file__).with_name("clinical_lexicon.tsv")
_ABOUT = "about.json"
_VERSION = "1"
"""Raised when code links the same vocabulary otherwise, which a recorded run must not miss."""


class ClinicalVocabulary(Annotator):
    """Marks each expression of a concept with the number of that concept.

    Args:
        path: a folder of RRF files or a file; None: the lexicon that comes with the package.
        format: see `reader_for`.
        languages, sources, semantic_types: what to keep of a vocabulary that says so; None: all.
        concepts: identifiers to keep whatever their semantic type.
        scopes: which names of a concept stand for it, some of SCOPES.
        is_suppressed_kept: whether names that the vocabulary has withdrawn are kept.
        stop_phrases: left out.
        stop_words: a phrase of these words alone is left out.
        min_characters: shorter phrases are left out, except
        short_phrases: these.
        shuffle_seed: None: as it is. Otherwise expressions exchange their concepts (a control).
        cache_dir: the compiled vocabulary is kept under it.
    """

    group = "has_vocabulary_hit"

    def __init__(
        self,
        *,
        path: str | None,
        format: str | None,
        languages: Sequence[str] | None,
        sources: Sequence[str] | None,
        semantic_types: Sequence[str] | None,
        concepts: Sequence[str],
        scopes: Sequence[str],
        is_suppressed_kept: bool,
        stop_phrases: Sequence[str],
        stop_words: Sequence[str],
        min_characters: int,
        short_phrases: Sequence[str],
        shuffle_seed: Seed | None,
        cache_dir: str,
    ) -> None:
        unknown = sorted(set(scopes) - set(SCOPES))
        if unknown or not scopes:
            raise InputError(
                f"clinical.vocabulary.scopes={list(scopes)}: some of {', '.join(SCOPES)} were "
                "expected. Change it."
            )
        self.path = PACKAGED if path is None else Path(path)
        self._is_packaged = path is None
        self._format = format
        self._languages = languages
        self._sources = sources
        self._semantic_types = semantic_types
        self._concepts = frozenset(concepts)
        self._scopes = scopes
        self._is_suppressed_kept = is_suppressed_kept
        self._stop_phrases = frozenset(map(normal_form, stop_phrases))
        self._stop_words = frozenset(map(normal_form, stop_words))
        self._min_characters = min_characters
        self._short_phrases = frozenset(map(normal_form, short_phrases))
        self._shuffle_seed = shuffle_seed
        self._cache_dir = Path(cache_dir)

    def key(self) -> str:
        return cache_key(self._content_key, str(self._shuffle_seed))

    @cached_property
    def _content_key(self) -> str:
        """Names what the files hold and what is kept of it, wherever they lie."""
        reader, files = reader_for(self.path, self._format)
        memos = self._cache_dir / "digests"
        digests = [
            content_digest(file, memo=memos / f"{cache_key(str(file.resolve()))}.json")
            for file in files
        ]
        choices = {
            "reader": reader.__name__,
            "languages": _sorted(self._languages),
            "sources": _sorted(self._sources),
            # Of a concept's several types the one named first counts.
            "semantic_types": self._semantic_types and list(self._semantic_types),
            "concepts": sorted(self._concepts),
            "scopes": sorted(self._scopes),
            "is_suppressed_kept": self._is_suppressed_kept,
            "stop_phrases": sorted(self._stop_phrases),
            "stop_words": sorted(self._stop_words),
            "min_characters": self._min_characters,
            "short_phrases": sorted(self._short_phrases),
        }
        return cache_key(_VERSION, *digests, json.dumps(choices))

    def annotate(self, posts: pd.DataFrame) -> Sequence[Sequence[Span]]:
        return [self.linker.find(text) for text in posts["text"]]

    @property
    def type_of_value(self) -> np.ndarray:
        """Semantic type of each value that is marked, shape `(values,)`; 0 of 0."""
        return self.linker.type_of_concept

    def describe(self) -> dict[str, Any]:
        """What was read and what is left of it, in numbers."""
        return self._compiled[1]

    def save(self, folder: Path) -> None:
        """A vocabulary of the user's own stays where it is: it may not be copied everywhere."""
        if self._is_packaged:
            shutil.copyfile(self.path, folder / PACKAGED.name)

    def restored(self, folder: Path, *, key: str) -> Annotator:
        found = copy.copy(self)
        if self._is_packaged:
            found.path = folder / PACKAGED.name
            vars(found).pop("_content_key", None)
        if found.key() != key:
            raise InputError(
                f"{found.path} is not what it was when the run was trained, so its model would see "
                "other concepts. Put the old vocabulary back there (clinical.vocabulary.path), or "
                "repeat the run."
            )
        return found

    @cached_property
    def linker(self) -> PhraseLinker:
        """The compiled vocabulary.

        Raises:
            InputError: it cannot be read, or nothing is left of it.
        """
        linker = self._compiled[0]
        return linker if self._shuffle_seed is None else linker.shuffled(self._shuffle_seed)

    @cached_property
    def _compiled(self) -> tuple[PhraseLinker, dict[str, Any]]:
        if self._is_packaged:
            # As fast as opening it, and where a model is used there may be no place for a cache.
            return self._compile()

        def write(folder: Path) -> None:
            linker, about = self._compile()
            linker.save(folder)
            (folder / _ABOUT).write_text(json.dumps(about), encoding="utf-8")

        key = cache_key(preparation_version(), self._content_key)
        folder = cached_folder(self._cache_dir / "vocabularies" / key, write)
        about = json.loads((folder / _ABOUT).read_text(encoding="utf-8"))
        return PhraseLinker.open(folder), about

    def _compile(self) -> tuple[PhraseLinker, dict[str, Any]]:
        reader, _files = reader_for(self.path, self._format)
        malformed, dropped, num_names = MalformedLines(), Counter[str](), 0
        senses: defaultdict[str, set[Sense]] = defaultdict(set)
        types: dict[str, str] = {}
        is_wanted = wanted(self._semantic_types, self._concepts)
        for row in reader(self.path, malformed, is_wanted):
            num_names += 1
            phrases = spellings(row.string)
            reason = self._reason_to_drop(row, phrases[0])
            if reason is not None:
                dropped[reason] += 1
                continue
            for phrase in phrases:
                senses[phrase].add(Sense(SCOPES.index(row.scope), row.concept))
            known = types.setdefault(row.concept, row.semantic_type)
            types[row.concept] = min(known, row.semantic_type, key=self._preference)
        if malformed.number:
            log.warning(
                "%d lines of %s are malformed and were left out; the first: %s.",
                malformed.number,
                self.path,
                ", ".join(malformed.first),
            )
        if not senses:
            first = f", the first {malformed.first[0]}" if malformed.first else ""
            raise InputError(
                f"No expression of {self.path} is left: {num_names} names were read "
                f"({_listed(dropped)}), {malformed.number} lines are malformed{first}. Loosen "
                "clinical.vocabulary.languages, sources, semantic_types, scopes or stop_words."
            )
        linker = compile_phrases(senses, types)
        about = {
            "names_read": num_names,
            "names_dropped": dict(sorted(dropped.items())),
            "malformed_lines": malformed.number,
            "first_malformed_lines": malformed.first,
            "expressions": len(senses),
            "concepts": len(linker.concepts),
            "semantic_types": list(linker.semantic_types),
        }
        return linker, about

    def _reason_to_drop(self, row: VocabularyRow, phrase: str) -> str | None:
        if not _is_among(row.language, self._languages):
            return "other language"
        if not _is_among(row.source, self._sources):
            return "other source"
        if row.is_suppressed and not self._is_suppressed_kept:
            return "suppressed"
        if row.scope not in self._scopes:
            return "other scope"
        if len(phrase) < self._min_characters and phrase not in self._short_phrases:
            return "too short"
        if phrase in self._stop_phrases or self._stop_words.issuperset(phrase.split()):
            return "stop words"
        return None

    def _preference(self, semantic_type: str) -> tuple[int, str]:
        """Of a concept's several types, the one named first in the configuration counts."""
        named = self._semantic_types or ()
        place = named.index(semantic_type) if semantic_type in named else len(named)
        return place, semantic_type


def spellings(string: str) -> list[str]:
    """Normal forms of a name: its own, and the plain order of one that is inverted for an index
    ("Depression, Postpartum")."""
    head, comma, modifier = string.partition(", ")
    plain = [f"{modifier} {head}"] if comma and "," not in modifier else []
    return [normal_form(name) for name in (string, *plain)]


def _is_among(value: str | None, wanted_values: Collection[str] | None) -> bool:
    """What the vocabulary does not say excludes nothing."""
    return value is None or wanted_values is None or value in wanted_values


def _sorted(values: Collection[str] | None) -> list[str] | None:
    return None if values is None else sorted(values)


def _listed(dropped: Mapping[str, int]) -> str:
    return ", ".join(f"{reason}: {number}" for reason, number in sorted(dropped.items())) or "none"
