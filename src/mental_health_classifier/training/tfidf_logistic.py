"""TF-IDF and logistic regression, the yardstick that posts in the thousands seldom beat."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
import pandas as pd
from annotated_types import Interval

from mental_health_classifier.contracts.ranges import Count
from mental_health_classifier.training.tfidf_features import MIN_CHARACTERS, TfidfFeatures
from mental_health_classifier.training.yardstick import LogisticYardstick, SavedLogistic

SCHEMA_VERSION = 2
"""Version 1 knew words alone."""
VOCABULARIES = ("vocabulary", "characters")


@dataclass(kw_only=True, eq=False)
class TfidfLogistic(LogisticYardstick):
    """Below some ten thousand posts this often wins; a table without it is not honest.

    Characters inside words see through endings and misspellings, which posts are full of.
    """

    max_words: Annotated[int, Interval(ge=1, le=8)]
    """Longest run of words that is one feature."""
    max_characters: Annotated[int, Interval(ge=MIN_CHARACTERS, le=8)] | None = None
    """Longest run of characters inside a word that is one, from two on. null: words alone, as in
    runs recorded before there was a choice."""
    min_posts: Count
    """Posts that have to hold a feature. It also needs two different authors, since a saved
    vocabulary is text too."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self._features = TfidfFeatures(max_words=self.max_words, max_characters=self.max_characters)

    def learn_features(self, train: pd.DataFrame) -> Any:
        """Learns the vocabulary.

        Raises:
            InputError: no word is used by two authors.
        """
        # A post without a known author counts as a user of its own.
        users = train["author"].where(train["author"].notna(), np.arange(len(train)).astype(str))
        return self._features.fit_transform(train["text"], users, min_posts=self.min_posts)

    def features_of(self, texts: Sequence[str]) -> Any:
        return self._features.transform(texts)

    def describe_features(self) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        values = {
            "schema_version": SCHEMA_VERSION,
            "max_words": self.max_words,
            "max_characters": self.max_characters,
            **dict(zip(VOCABULARIES, self._features.vocabularies, strict=False)),
        }
        return values, {"inverse_document_frequency": self._features.inverse_document_frequency}

    def describe(self) -> dict[str, object]:
        vocabulary_size = sum(map(len, self._features.vocabularies))
        return {**super().describe(), "vocabulary_size": vocabulary_size}


class SavedTfidfLogistic(SavedLogistic):
    arrays = ("inverse_document_frequency",)

    def restore_features(self, values: Any, arrays: dict[str, np.ndarray]) -> int:
        longest = values["max_words"], values.get("max_characters")
        kinds = VOCABULARIES[: 1 if longest[1] is None else 2]
        vocabularies = [values[kind] for kind in kinds]
        document_frequency = arrays["inverse_document_frequency"]
        num_features = sum(map(len, vocabularies))
        if document_frequency.shape != (num_features,) or not _are_written(vocabularies, longest):
            raise ValueError
        self._features = TfidfFeatures(max_words=longest[0], max_characters=longest[1])
        self._features.restore(vocabularies, document_frequency)
        return num_features

    def features_of(self, texts: Sequence[str]) -> Any:
        return self._features.transform(texts)


def _are_written(vocabularies: Sequence[Any], longest: tuple[Any, Any]) -> bool:
    """Whether a run writes such features."""
    max_words, max_characters = longest
    return (
        all(isinstance(each, list) for each in vocabularies)
        and all(len(set(map(str, each))) == len(each) for each in vocabularies)
        and type(max_words) is int
        and max_words >= 1
        and (
            max_characters is None
            or (type(max_characters) is int and max_characters >= MIN_CHARACTERS)
        )
    )
