"""Yardstick of every network: TF-IDF and logistic regression on the same parts, fitted or saved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pandas as pd
from annotated_types import Interval
from scipy.sparse import csr_array
from scipy.special import softmax
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from mental_health_classifier.contracts import PARTS, Corpus, InputError, Predictions
from mental_health_classifier.contracts.ranges import Count
from mental_health_classifier.storage.arrays import read_arrays
from mental_health_classifier.storage.files import write_json
from mental_health_classifier.tracking.record.record_check import read_recorded, read_recorded_json
from mental_health_classifier.tracking.record.run_record import RunRecord
from mental_health_classifier.tracking.record.run_summary import RunSummary

SCHEMA_VERSION = 1
ARRAYS = ("coefficients", "intercepts", "inverse_document_frequency")


@dataclass(kw_only=True, eq=False)
class TfidfLogistic:
    """Below some ten thousand posts this often wins; a table without it is not honest."""

    corpus: Corpus
    record: RunRecord
    folder: str
    """Where in the record the predictions go."""
    name: str
    """What the model is called in tables."""
    max_words: Annotated[int, Interval(ge=1, le=8)]
    """Longest run of words that is one feature."""
    min_posts: Count
    """Posts that have to hold a feature. It also needs two different authors, since a saved
    vocabulary is text too."""
    inverse_regularisation: Annotated[float, Interval(ge=1e-9, le=1e9)]
    """C of scikit-learn's logistic regression."""
    max_iterations: Count
    """Of its solver."""

    def __post_init__(self) -> None:
        self._regression = LogisticRegression(
            C=self.inverse_regularisation, max_iter=self.max_iterations, class_weight="balanced"
        )
        self._vectorizer = TfidfVectorizer(ngram_range=(1, self.max_words), sublinear_tf=True)

    def fit(self, resume_from: object = None) -> None:
        """Fits anew, whatever there is to resume from: it takes seconds.

        Raises:
            InputError: no word is used by two authors.
        """
        train = self.corpus.part("train")
        self._vectorizer.vocabulary = self._shared_vocabulary(train)
        features = self._vectorizer.fit_transform(train["text"])
        self._regression.fit(features, train["label"])

    def _shared_vocabulary(self, train: pd.DataFrame) -> list[str]:
        """Runs of words that two authors and `min_posts` posts share."""
        counter = CountVectorizer(ngram_range=(1, self.max_words), binary=True)
        try:
            counts: Any = counter.fit_transform(train["text"])
        except ValueError:  # not one word in all posts
            counts = csr_array((len(train), 0), dtype=np.int64)
        # A post without a known author counts as a user of its own.
        users = train["author"].where(train["author"].notna(), np.arange(len(train)).astype(str))
        codes, _ = pd.factorize(users)
        by_user: Any = csr_array((np.ones(len(codes), int), (codes, np.arange(len(codes)))))
        num_users = np.bincount((by_user @ counts).indices, minlength=counts.shape[1])
        num_posts = np.bincount(counts.indices, minlength=counts.shape[1])
        is_kept = (num_users >= 2) & (num_posts >= self.min_posts)
        if not is_kept.any():
            raise InputError(
                f"The {len(train)} training posts have no word that two authors and "
                f"{self.min_posts} posts share, so there is nothing to learn. "
                "Give more posts; where words are written without spaces, put spaces between them "
                "first."
            )
        return counter.get_feature_names_out()[is_kept].tolist()

    def predict_texts(self, texts: Sequence[str]) -> np.ndarray:
        """Class probabilities in the order of the task's classes, shape `(n, C)`."""
        return self._regression.predict_proba(self._vectorizer.transform(texts))

    def predict(self) -> dict[str, Predictions]:
        """Predicts and records every part but train."""
        predictions = {}
        for part in PARTS[1:]:
            texts = self.corpus.part(part)["text"].tolist()
            predictions[part] = self.corpus.predictions(part, self.predict_texts(texts))
            self.record.write_predictions(predictions[part], self.folder)
        return predictions

    def save(self, folder: Path) -> None:
        """Writes the vocabulary as JSON and the numbers as npz; neither can hold code."""
        folder.mkdir(parents=True, exist_ok=True)
        write_json(
            folder / f"{self.name}.json",
            {
                "schema_version": SCHEMA_VERSION,
                "classes": list(self.corpus.task.class_names),
                "max_words": self.max_words,
                "vocabulary": self._vectorizer.get_feature_names_out().tolist(),
            },
        )
        with (folder / f"{self.name}.npz").open("wb") as file:
            np.savez(
                file,
                inverse_document_frequency=self._vectorizer.idf_,
                coefficients=self._regression.coef_,
                intercepts=self._regression.intercept_,
            )

    @property
    def selection(self) -> None:
        """There is one fit, so nothing was chosen."""
        return None

    def describe(self) -> dict[str, object]:
        """Size of the model, as counted."""
        parameters = self._regression.coef_.size + np.size(self._regression.intercept_)
        return {
            "parameters": int(parameters),
            "trainable_parameters": int(parameters),
            "vocabulary_size": len(self._vectorizer.vocabulary_),
        }


class SavedTfidfLogistic:
    """What `TfidfLogistic.save` wrote, read back without running anything from it.

    Args:
        run: its record holds `checkpoints/NAME.json` and `NAME.npz`.
        name: of the model.

    Raises:
        InputError: a file is missing or was changed.
    """

    def __init__(self, run: RunSummary, *, name: str) -> None:
        written = read_recorded_json(run, f"checkpoints/{name}.json")
        content = read_recorded(run, f"checkpoints/{name}.npz")
        try:
            numbers = read_arrays(content, ARRAYS)
            self._coefficients, self._intercepts = numbers["coefficients"], numbers["intercepts"]
            document_frequency = numbers["inverse_document_frequency"]
            if not self._fits(document_frequency, written):
                raise ValueError
            self._vectorizer = TfidfVectorizer(
                ngram_range=(1, written["max_words"]),
                sublinear_tf=True,
                vocabulary=written["vocabulary"],
            )
            self._vectorizer.idf_ = document_frequency
        except (ValueError, KeyError, TypeError):
            raise InputError(
                f"{run.directory / 'checkpoints'} holds a {name}.json or {name}.npz that no run "
                "writes, or they do not fit each other. Repeat the run."
            ) from None

    def _fits(self, document_frequency: np.ndarray, written: Mapping[str, Any]) -> bool:
        """Whether numbers and words are of one model."""
        vocabulary, max_words = written["vocabulary"], written["max_words"]
        num_words = len(vocabulary)
        numbers = (self._coefficients, self._intercepts, document_frequency)
        return (
            all(each.dtype.kind == "f" and np.isfinite(each).all() for each in numbers)
            and self._coefficients.shape == (len(self._intercepts), num_words)
            and self._intercepts.ndim == 1
            and document_frequency.shape == (num_words,)
            and isinstance(vocabulary, list)
            and len(set(map(str, vocabulary))) == num_words
            and type(max_words) is int
            and max_words >= 1
        )

    def predict_texts(self, texts: Sequence[str]) -> np.ndarray:
        """Class probabilities in the order of the task's classes, shape `(n, C)`."""
        logits = np.asarray(self._vectorizer.transform(texts) @ self._coefficients.T)
        logits = logits + self._intercepts
        if logits.shape[1] == 1:  # two classes have one line between them
            logits = np.hstack([np.zeros_like(logits), logits])
        return softmax(logits, axis=1)
