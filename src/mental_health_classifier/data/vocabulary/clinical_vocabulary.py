"""Annotator of expressions that a clinical vocabulary knows."""

from __future__ import annotations

import copy
import json
import logging
import shutil
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
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


@dataclass(kw_only=True, eq=False)
class ClinicalVocabulary(Annotator):
    """Marks each expression of a concept with the number of that concept."""

    path: str | None
    """A folder of RRF files or a file; None: the lexicon that comes with the package."""
    format: str | None
    """See `reader_for`."""
    languages: Sequence[str] | None
    """To keep of a vocabulary that says so, as `sources` and `semantic_types`; None: all."""
    sources: Sequence[str] | None
    semantic_types: Sequence[str] | None
    """Of a concept's several types the one named first counts."""
    concepts: Sequence[str]
    """Identifiers to keep whatever their semantic type."""
    scopes: Sequence[str]
    """Which names of a concept stand for it, some of SCOPES."""
    is_suppressed_kept: bool
    """Whether names that the vocabulary has withdrawn are kept."""
    stop_phrases: Sequence[str]
    """Left out."""
    stop_words: Sequence[str]
    """A phrase of these words alone is left out."""
    min_characters: int
    """Shorter phrases are left out, except `short_phrases`."""
    short_phrases: Sequence[str]
    shuffle_seed: Seed | None
    """None: as it is. Otherwise expressions exchange their concepts (a control)."""
    cache_dir: str
    """The compiled vocabulary is kept under it."""

    group = "has_vocabulary_hit"

    def __post_init__(self) -> None:
        unknown = sorted(set(self.scopes) - set(SCOPES))
        if unknown or not self.scopes:
            raise InputError(
                f"clinical.vocabulary.scopes={list(self.scopes)}: some of {', '.join(SCOPES)} were "
                "expected. Change it."
            )
        self.file = PACKAGED if self.path is None else Path(self.path)
        self._stop_phrases = frozenset(map(normal_form, self.stop_phrases))
        self._stop_words = frozenset(map(normal_form, self.stop_words))
        self._short_phrases = frozenset(map(normal_form, self.short_phrases))

    def key(self) -> str:
        return cache_key(self._content_key, str(self.shuffle_seed))

    @cached_property
    def _content_key(self) -> str:
        """Names what the files hold and what is kept of it, wherever they lie."""
        reader, files = reader_for(self.file, self.format)
        memos = Path(self.cache_dir) / "digests"
        digests = [
            content_digest(file, memo=memos / f"{cache_key(str(file.resolve()))}.json")
            for file in files
        ]
        choices = {
            "reader": reader.__name__,
            "languages": _sorted(self.languages),
            "sources": _sorted(self.sources),
            "semantic_types": self.semantic_types and list(self.semantic_types),
            "concepts": sorted(set(self.concepts)),
            "scopes": sorted(self.scopes),
            "is_suppressed_kept": self.is_suppressed_kept,
            "stop_phrases": sorted(self._stop_phrases),
            "stop_words": sorted(self._stop_words),
            "min_characters": self.min_characters,
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
        if self.path is None:
            shutil.copyfile(self.file, folder / PACKAGED.name)

    def restored(self, folder: Path, *, key: str) -> Annotator:
        found = copy.copy(self)
        if self.path is None:
            found.file = folder / PACKAGED.name
            vars(found).pop("_content_key", None)
        if found.key() != key:
            raise InputError(
                f"{found.file} is not what it was when the run was trained, so its model would "
                "see other concepts. Put the old vocabulary back there (clinical.vocabulary.path), "
                "or repeat the run."
            )
        return found

    @cached_property
    def linker(self) -> PhraseLinker:
        """The compiled vocabulary.

        Raises:
            InputError: it cannot be read, or nothing is left of it.
        """
        linker = self._compiled[0]
        return linker if self.shuffle_seed is None else linker.shuffled(self.shuffle_seed)

    @cached_property
    def _compiled(self) -> tuple[PhraseLinker, dict[str, Any]]:
        if self.path is None:
            # As fast as opening it, and where a model is used there may be no place for a cache.
            return self._compile()

        def write(folder: Path) -> None:
            linker, about = self._compile()
            linker.save(folder)
            (folder / _ABOUT).write_text(json.dumps(about), encoding="utf-8")

        key = cache_key(preparation_version(), self._content_key)
        folder = cached_folder(Path(self.cache_dir) / "vocabularies" / key, write)
        about = json.loads((folder / _ABOUT).read_text(encoding="utf-8"))
        return PhraseLinker.open(folder), about

    def _compile(self) -> tuple[PhraseLinker, dict[str, Any]]:
        """The linker, and an account of what was read and dropped."""
        reader, _files = reader_for(self.file, self.format)
        malformed, dropped, num_names = MalformedLines(), Counter[str](), 0
        senses: defaultdict[str, set[Sense]] = defaultdict(set)
        types: dict[str, str] = {}
        is_wanted = wanted(self.semantic_types, frozenset(self.concepts))
        for row in reader(self.file, malformed, is_wanted):
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
                self.file,
                ", ".join(malformed.first),
            )
        if not senses:
            first = f", the first {malformed.first[0]}" if malformed.first else ""
            raise InputError(
                f"No expression of {self.file} is left: {num_names} names were read "
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
        """Why a name is left out; None: it is kept."""
        if not _is_among(row.language, self.languages):
            return "other language"
        if not _is_among(row.source, self.sources):
            return "other source"
        if row.is_suppressed and not self.is_suppressed_kept:
            return "suppressed"
        if row.scope not in self.scopes:
            return "other scope"
        if len(phrase) < self.min_characters and phrase not in self._short_phrases:
            return "too short"
        if phrase in self._stop_phrases or self._stop_words.issuperset(phrase.split()):
            return "stop words"
        return None

    def _preference(self, semantic_type: str) -> tuple[int, str]:
        """Of a concept's several types, the one named first in the configuration counts."""
        named = self.semantic_types or ()
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
