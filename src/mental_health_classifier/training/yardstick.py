"""Yardstick of every network: TF-IDF and logistic regression on the same parts, fitted or saved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from annotated_types import Interval, MinLen
from scipy.special import softmax
from sklearn.linear_model import LogisticRegression

from mental_health_classifier.contracts import PARTS, Corpus, InputError, Predictions
from mental_health_classifier.contracts.ranges import Count
from mental_health_classifier.evaluation.evaluate import MIN_DRAWS, evaluate
from mental_health_classifier.evaluation.metrics import HEADLINE_SPECIFICITY
from mental_health_classifier.storage.arrays import read_arrays
from mental_health_classifier.storage.files import write_json
from mental_health_classifier.tracking.record.record_check import read_recorded, read_recorded_json
from mental_health_classifier.tracking.record.run_record import RunRecord
from mental_health_classifier.tracking.record.run_summary import RunSummary
from mental_health_classifier.training.tfidf_features import MIN_CHARACTERS, TfidfFeatures

SCHEMA_VERSION = 2
"""Version 1 knew words alone."""
VOCABULARIES = ("vocabulary", "characters")
ARRAYS = ("coefficients", "intercepts", "inverse_document_frequency")

InverseRegularisation = Annotated[float, Interval(ge=1e-9, le=1e9)]


@dataclass(kw_only=True, eq=False)
class TfidfLogistic:
    """Below some ten thousand posts this often wins; a table without it is not honest.

    Characters inside words see through endings and misspellings, which posts are full of.
    """

    corpus: Corpus
    record: RunRecord
    folder: str
    """Where in the record the predictions go."""
    name: str
    """What the model is called in tables."""
    max_words: Annotated[int, Interval(ge=1, le=8)]
    """Longest run of words that is one feature."""
    max_characters: Annotated[int, Interval(ge=MIN_CHARACTERS, le=8)] | None = None
    """Longest run of characters inside a word that is one, from two on. null: words alone, as in
    runs recorded before there was a choice."""
    min_posts: Count
    """Posts that have to hold a feature. It also needs two different authors, since a saved
    vocabulary is text too."""
    inverse_regularisation: (
        InverseRegularisation | Annotated[Sequence[InverseRegularisation], MinLen(1)]
    )
    """C of scikit-learn's logistic regression, or several, of which val chooses one ..."""
    monitor: str | None = None
    """... by this number, such as val/partial_auc; of equal ones the smallest C, the simplest
    model. null: by macro F1."""
    max_iterations: Count
    """Of its solver."""

    def __post_init__(self) -> None:
        given = self.inverse_regularisation
        self._candidates = [
            LogisticRegression(C=each, max_iter=self.max_iterations, class_weight="balanced")
            for each in (sorted(set(given)) if isinstance(given, Sequence) else [given])
        ]
        self._regression = self._candidates[0]
        self._features = TfidfFeatures(max_words=self.max_words, max_characters=self.max_characters)

    def fit(self, resume_from: object = None) -> None:
        """Fits anew, whatever there is to resume from: it takes seconds.

        Raises:
            InputError: no word is used by two authors.
        """
        train = self.corpus.part("train")
        # A post without a known author counts as a user of its own.
        users = train["author"].where(train["author"].notna(), np.arange(len(train)).astype(str))
        features = self._features.fit_transform(train["text"], users, min_posts=self.min_posts)
        for each in self._candidates:
            each.fit(features, train["label"])
        if len(self._candidates) > 1:
            val = self._features.transform(self.corpus.part("val")["text"])
            self._regression = max(
                self._candidates, key=lambda each: self._score(each.predict_proba(val))
            )

    def _score(self, probabilities: np.ndarray) -> float:
        """The monitored number of val, macro F1 of a task that does not have it; below all others
        where it is not defined."""
        val = self.corpus.predictions("val", probabilities)
        numbers = evaluate(
            {"val": val}, specificity_floor=HEADLINE_SPECIFICITY, bootstrap_draws=MIN_DRAWS
        ).metrics
        number = numbers.get(str(self.monitor), numbers["val/f1_macro"])
        return -np.inf if number is None else number

    def predict_texts(self, texts: Sequence[str]) -> np.ndarray:
        """Class probabilities in the order of the task's classes, shape `(n, C)`."""
        return self._regression.predict_proba(self._features.transform(texts))

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
                "max_characters": self.max_characters,
                **dict(zip(VOCABULARIES, self._features.vocabularies, strict=False)),
            },
        )
        with (folder / f"{self.name}.npz").open("wb") as file:
            np.savez(
                file,
                inverse_document_frequency=self._features.inverse_document_frequency,
                coefficients=self._regression.coef_,
                intercepts=self._regression.intercept_,
            )

    @property
    def selection(self) -> None:
        """There is no checkpoint that was chosen."""
        return None

    def describe(self) -> dict[str, object]:
        """Size of the model, as counted."""
        parameters = self._regression.coef_.size + np.size(self._regression.intercept_)
        return {
            "parameters": int(parameters),
            "trainable_parameters": int(parameters),
            "vocabulary_size": sum(map(len, self._features.vocabularies)),
            "inverse_regularisation": float(self._regression.C),
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
            max_words, max_characters = written["max_words"], written.get("max_characters")
            kinds = VOCABULARIES[: 1 if max_characters is None else 2]
            vocabularies = [written[kind] for kind in kinds]
            if not self._fits(document_frequency, vocabularies, (max_words, max_characters)):
                raise ValueError
            self._features = TfidfFeatures(max_words=max_words, max_characters=max_characters)
            self._features.restore(vocabularies, document_frequency)
        except (ValueError, KeyError, TypeError):
            raise InputError(
                f"{run.directory / 'checkpoints'} holds a {name}.json or {name}.npz that no run "
                "writes, or they do not fit each other. Repeat the run."
            ) from None

    def _fits(
        self, document_frequency: np.ndarray, vocabularies: Sequence[Any], longest: Sequence[Any]
    ) -> bool:
        """Whether numbers and features are of one model."""
        numbers = (self._coefficients, self._intercepts, document_frequency)
        num_features = sum(map(len, vocabularies))
        return (
            all(each.dtype.kind == "f" and np.isfinite(each).all() for each in numbers)
            and self._coefficients.shape == (len(self._intercepts), num_features)
            and self._intercepts.ndim == 1
            and document_frequency.shape == (num_features,)
            and all(isinstance(each, list) for each in vocabularies)
            and all(len(set(map(str, each))) == len(each) for each in vocabularies)
            and type(longest[0]) is int
            and longest[0] >= 1
            and (longest[1] is None or (type(longest[1]) is int and longest[1] >= MIN_CHARACTERS))
        )

    def predict_texts(self, texts: Sequence[str]) -> np.ndarray:
        """Class probabilities in the order of the task's classes, shape `(n, C)`."""
        logits = np.asarray(self._features.transform(texts) @ self._coefficients.T)
        logits = logits + self._intercepts
        if logits.shape[1] == 1:  # two classes have one line between them
            logits = np.hstack([np.zeros_like(logits), logits])
        return softmax(logits, axis=1)
