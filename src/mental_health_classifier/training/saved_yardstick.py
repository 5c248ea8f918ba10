"""The yardstick of a run, read back from its folder without running anything from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer

from mental_health_classifier.contracts import InputError
from mental_health_classifier.storage.arrays import read_arrays
from mental_health_classifier.tracking.record.record_check import read_recorded, read_recorded_json
from mental_health_classifier.tracking.record.run_summary import RunSummary

ARRAYS = ("coefficients", "intercepts", "inverse_document_frequency")


class SavedTfidfLogistic:
    """What `TfidfLogistic.save` wrote.

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
        logits -= logits.max(axis=1, keepdims=True)
        odds = np.exp(logits)
        return odds / odds.sum(axis=1, keepdims=True)
