"""Yardstick of every network: logistic regression on features of the same posts."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Protocol

import numpy as np
import pandas as pd
from annotated_types import Interval, MinLen
from scipy.special import softmax
from sklearn.linear_model import LogisticRegression

from mental_health_classifier.contracts import PARTS, Corpus, InputError, Predictions
from mental_health_classifier.contracts.ranges import Count
from mental_health_classifier.storage.arrays import read_arrays
from mental_health_classifier.storage.files import write_json
from mental_health_classifier.tracking.record.record_check import read_recorded, read_recorded_json
from mental_health_classifier.tracking.record.run_record import RunRecord
from mental_health_classifier.tracking.record.run_summary import RunSummary

Score = Callable[[Predictions, str | None], float]
InverseRegularisation = Annotated[float, Interval(ge=1e-9, le=1e9)]


@dataclass(kw_only=True, eq=False)
class LogisticYardstick(ABC):
    """Balanced logistic regression on what a subclass makes of posts."""

    corpus: Corpus
    record: RunRecord
    folder: str
    """Where in the record the predictions go."""
    score: Score
    """How good predictions of val are, by the number of that name."""
    name: str
    """What the model is called in tables."""
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

    @abstractmethod
    def learn_features(self, train: pd.DataFrame) -> Any:
        """Features of the training posts, shape `(n, F)`, after learning what they are."""

    @abstractmethod
    def features_of(self, texts: Sequence[str]) -> Any:
        """Features of any posts, shape `(n, F)`."""

    @abstractmethod
    def describe_features(self) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        """What restores them: plain values, and arrays."""

    def fit(self, resume_from: object = None) -> None:
        """Fits anew, whatever there is to resume from: it takes seconds.

        Raises:
            InputError: the training posts have no features.
        """
        train = self.corpus.part("train")
        features = self.learn_features(train)
        for each in self._candidates:
            each.fit(features, train["label"])
        if len(self._candidates) > 1:
            val = self.features_of(self.corpus.part("val")["text"].tolist())
            self._regression = max(
                self._candidates,
                key=lambda each: self.score(
                    self.corpus.predictions("val", each.predict_proba(val)), self.monitor
                ),
            )

    def predict_texts(self, texts: Sequence[str]) -> np.ndarray:
        """Class probabilities in the order of the task's classes, shape `(n, C)`."""
        return self._regression.predict_proba(self.features_of(texts))

    def predict(self) -> dict[str, Predictions]:
        """Predicts and records every part but train."""
        return predict_parts(self)

    def save(self, folder: Path) -> None:
        """Writes values as JSON and numbers as npz; neither can hold code."""
        folder.mkdir(parents=True, exist_ok=True)
        values, arrays = self.describe_features()
        write_json(
            folder / f"{self.name}.json",
            {**values, "classes": list(self.corpus.task.class_names)},
        )
        with (folder / f"{self.name}.npz").open("wb") as file:
            np.savez(
                file,
                allow_pickle=False,
                coefficients=self._regression.coef_,
                intercepts=self._regression.intercept_,
                **arrays,
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
            **self.describe_choice(),
        }

    def describe_choice(self) -> dict[str, object]:
        """What val chose."""
        return {"inverse_regularisation": float(self._regression.C)}


class Predicting(Protocol):
    """What can be a yardstick once it is fitted."""

    corpus: Corpus
    record: RunRecord
    folder: str

    def predict_texts(self, texts: Sequence[str]) -> np.ndarray: ...


def predict_parts(model: Predicting) -> dict[str, Predictions]:
    """Predicts and records every part but train."""
    predictions = {}
    for part in PARTS[1:]:
        texts = model.corpus.part(part)["text"].tolist()
        predictions[part] = model.corpus.predictions(part, model.predict_texts(texts))
        model.record.write_predictions(predictions[part], model.folder)
    return predictions


class SavedLogistic(ABC):
    """What `LogisticYardstick.save` wrote, read back without running anything from it.

    Args:
        run: its record holds `checkpoints/NAME.json` and `NAME.npz`.
        name: of the model.

    Raises:
        InputError: a file is missing or was changed.
    """

    arrays: Sequence[str] = ()
    """Of the features."""

    def __init__(self, run: RunSummary, *, name: str) -> None:
        written = read_recorded_json(run, f"checkpoints/{name}.json")
        content = read_recorded(run, f"checkpoints/{name}.npz")
        try:
            numbers = read_arrays(content, ("coefficients", "intercepts", *self.arrays))
            if not all(e.dtype.kind == "f" and np.isfinite(e).all() for e in numbers.values()):
                raise ValueError
            self._coefficients, self._intercepts = numbers["coefficients"], numbers["intercepts"]
            num_features = self.restore_features(written, numbers)
            fitting = (len(self._intercepts), num_features)
            if self._intercepts.ndim != 1 or self._coefficients.shape != fitting:
                raise ValueError
        except InputError:
            raise
        except (ValueError, KeyError, TypeError):
            raise InputError(
                f"{run.directory / 'checkpoints'} holds a {name}.json or {name}.npz that no run "
                "writes, or they do not fit each other. Repeat the run."
            ) from None

    @abstractmethod
    def restore_features(self, values: Any, arrays: dict[str, np.ndarray]) -> int:
        """Takes what `describe_features` gave; returns how many features there are.

        Raises:
            ValueError, KeyError, TypeError: no run writes such values.
            InputError: what they need beside them is not there.
        """

    @abstractmethod
    def features_of(self, texts: Sequence[str]) -> Any:
        """Features of posts, shape `(n, F)`."""

    def predict_texts(self, texts: Sequence[str]) -> np.ndarray:
        """Class probabilities in the order of the task's classes, shape `(n, C)`."""
        logits = np.asarray(self.features_of(texts) @ self._coefficients.T) + self._intercepts
        if logits.shape[1] == 1:  # two classes have one line between them
            logits = np.hstack([np.zeros_like(logits), logits])
        return softmax(logits, axis=1)
