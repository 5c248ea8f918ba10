"""TF-IDF of words, of runs of words and of characters inside words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy.sparse import csr_array, csr_matrix, hstack
from sklearn.feature_extraction.text import CountVectorizer, TfidfTransformer, TfidfVectorizer

from mental_health_classifier.contracts import InputError

MIN_CHARACTERS = 2
"""Shortest run of characters that is a feature; one character says next to nothing."""


class TfidfFeatures:
    """Weighs what posts hold: logarithm of how often, times how few posts have it.

    Words and characters are weighed apart, so that each kind has length one in every post.

    Args:
        max_words: longest run of words that is one feature.
        max_characters: longest run of characters inside a word that is one. None: words alone.
    """

    def __init__(self, *, max_words: int, max_characters: int | None) -> None:
        self._reads: list[dict[str, Any]] = [{"analyzer": "word", "ngram_range": (1, max_words)}]
        if max_characters is not None:
            inside = (MIN_CHARACTERS, max_characters)
            self._reads.append({"analyzer": "char_wb", "ngram_range": inside})
        self._vectorizers: list[TfidfVectorizer] = []

    def fit_transform(self, texts: pd.Series, users: pd.Series, *, min_posts: int) -> csr_matrix:
        """Learns which features there are; weights of the texts, shape `(n, features)`.

        Args:
            users: who wrote each text.
            min_posts: posts that have to hold a feature. It also needs two different users, since a
                saved vocabulary is text too.

        Raises:
            InputError: no word is used by two users.
        """
        codes, _ = pd.factorize(users)
        by_user: Any = csr_array((np.ones(len(codes), int), (codes, np.arange(len(codes)))))
        weighed = []
        for reads in self._reads:
            counter = CountVectorizer(**reads)
            try:
                counts: Any = counter.fit_transform(texts)
            except ValueError:  # not one word in all posts
                counts = csr_array((len(texts), 0), dtype=np.int64)
            num_users = np.bincount((by_user @ counts).indices, minlength=counts.shape[1])
            num_posts = np.bincount(counts.indices, minlength=counts.shape[1])
            is_kept = (num_users >= 2) & (num_posts >= min_posts)
            if not is_kept.any():
                raise InputError(
                    f"The {len(texts)} training posts have no word that two authors and "
                    f"{min_posts} posts share, so there is nothing to learn. Give "
                    "more posts; where words are written without spaces, put spaces between them "
                    "first."
                )
            weights = TfidfTransformer(sublinear_tf=True)
            weighed.append(weights.fit_transform(counts[:, is_kept]))
            names = counter.get_feature_names_out()[is_kept].tolist()
            self._vectorizers.append(_vectorizer(reads, names, weights.idf_))
        return _beside_each_other(weighed)

    def transform(self, texts: Sequence[str] | pd.Series) -> csr_matrix:
        """Weights of further texts, shape `(n, features)`."""
        return _beside_each_other([each.transform(texts) for each in self._vectorizers])

    @property
    def vocabularies(self) -> list[list[str]]:
        """The features in their order: words, then characters where they are read."""
        return [each.get_feature_names_out().tolist() for each in self._vectorizers]

    @property
    def inverse_document_frequency(self) -> np.ndarray:
        """Of every feature, shape `(features,)`."""
        return np.concatenate([each.idf_ for each in self._vectorizers])

    def restore(self, vocabularies: Sequence[list[str]], document_frequency: np.ndarray) -> None:
        """Takes what the two properties gave.

        Raises:
            ValueError: they do not fit each other.
        """
        ends = np.cumsum([len(each) for each in vocabularies])
        parts = np.split(document_frequency, ends[:-1])
        self._vectorizers = [
            _vectorizer(*each) for each in zip(self._reads, vocabularies, parts, strict=True)
        ]


def _vectorizer(reads: dict[str, Any], vocabulary: list[str], idf: np.ndarray) -> TfidfVectorizer:
    vectorizer = TfidfVectorizer(**reads, sublinear_tf=True, vocabulary=vocabulary)
    vectorizer.idf_ = idf
    return vectorizer


def _beside_each_other(weighed: list[Any]) -> csr_matrix:
    joined: Any = weighed[0] if len(weighed) == 1 else hstack(weighed, format="csr")
    return joined
