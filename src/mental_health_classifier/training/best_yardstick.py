"""The best of two yardsticks and of their mean, chosen on val."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from mental_health_classifier.contracts import Corpus, Predictions
from mental_health_classifier.tracking.record.run_record import RunRecord
from mental_health_classifier.training.yardstick import (
    LogisticYardstick,
    Score,
    predict_parts,
)

MEAN = "mean_of_yardsticks"


@dataclass(kw_only=True, eq=False)
class BestYardstick:
    """A network is compared with what is hardest to beat; test has no say in what that is."""

    corpus: Corpus
    record: RunRecord
    folder: str
    """Where in the record the predictions go."""
    score: Score
    """How good predictions of val are, by the number of that name."""
    words: Callable[..., LogisticYardstick]
    """Makes one from corpus, record, folder and score ..."""
    embeddings: Callable[..., LogisticYardstick]
    """... and another."""
    name: str
    """What the choice is called; what was chosen has its own name."""
    monitor: str | None
    """The number of val by which the best is chosen; null: macro F1. Of equal ones the first."""

    def fit(self, resume_from: object = None) -> None:
        """Fits both, and chooses among them and their mean.

        Raises:
            InputError: one cannot be fitted.
        """
        given = {"corpus": self.corpus, "record": self.record, "folder": self.folder}
        made = [make(**given, score=self.score) for make in (self.words, self.embeddings)]
        self._fitted = {each.name: each for each in made}
        texts = self.corpus.part("val")["text"].tolist()
        of_val = {}
        for name, yardstick in self._fitted.items():
            yardstick.fit()
            of_val[name] = yardstick.predict_texts(texts)
        of_val[MEAN] = np.mean(list(of_val.values()), axis=0)
        self._scores = {
            name: self.score(self.corpus.predictions("val", probabilities), self.monitor)
            for name, probabilities in of_val.items()
        }
        self._chosen = max(self._scores, key=lambda name: self._scores[name])

    def predict_texts(self, texts: Sequence[str]) -> np.ndarray:
        """Class probabilities of the best in the order of the task's classes, shape `(n, C)`."""
        is_mean = self._chosen == MEAN
        chosen = self._fitted.values() if is_mean else [self._fitted[self._chosen]]
        return np.mean([each.predict_texts(texts) for each in chosen], axis=0)

    def predict(self) -> dict[str, Predictions]:
        """Predicts and records every part but train."""
        return predict_parts(self)

    def describe_choice(self) -> dict[str, object]:
        """What was chosen, by what, and among what, each with its number on val (None: not
        defined)."""
        return {
            "name": self._chosen,
            "chosen_by": self.monitor or "val/f1_macro",
            "chosen_among": {
                name: score if np.isfinite(score) else None for name, score in self._scores.items()
            },
        }
