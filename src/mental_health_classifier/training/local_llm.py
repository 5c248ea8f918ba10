"""Language model of this machine: the log-probability of each class as the answer, untuned."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Literal, Protocol

import numpy as np
from annotated_types import Interval
from scipy.special import softmax

from mental_health_classifier.contracts import Corpus, InputError, Predictions
from mental_health_classifier.contracts.questions import (
    FORMS,
    MOST_SHOTS,
    Question,
    draw_examples,
)
from mental_health_classifier.contracts.ranges import Seed
from mental_health_classifier.storage.files import write_json
from mental_health_classifier.tracking.record.record_check import read_recorded_json
from mental_health_classifier.tracking.record.run_record import RunRecord
from mental_health_classifier.tracking.record.run_summary import RunSummary
from mental_health_classifier.training.yardstick import Score, predict_parts

Shots = Annotated[int, Interval(ge=0, le=MOST_SHOTS)]


class LanguageModel(Protocol):
    """What answers questions about posts."""

    sha256: str
    """Of the files that decide what it says."""
    size_on_disk: int
    """Bytes of these files."""
    num_parameters: int
    num_cut: int
    """Posts that were longer than it reads, so far."""

    def log_probabilities(self, question: Question, texts: Sequence[str]) -> np.ndarray:
        """Of each answer after the question about each post, shape `(n, C)`."""
        ...


@dataclass(kw_only=True, eq=False)
class LocalLLM:
    """Judges posts by what a language model that was never tuned on them says.

    The softmax of the answers' log-probabilities is the probability of a class: what the model
    would say, had it to name a class.
    """

    corpus: Corpus
    record: RunRecord
    folder: str
    """Where in the record the predictions go."""
    score: Score
    """Unused: val has nothing to choose."""
    name: str
    """What the model is called in tables."""
    language_model: LanguageModel
    """`CausalLanguageModel`."""
    answer: Literal["class", "letter"]
    """What is asked for: the name of a class, or a letter that stands for it."""
    shots: Shots
    """Posts of each class of train that are shown with their label; 0: none."""
    seed: Seed
    """Of the draw of these."""

    def fit(self, resume_from: object = None) -> None:
        """Draws the posts that are shown. Nothing is learned.

        Raises:
            InputError: train has too few posts of a class, or the classes have no letters.
        """
        self._asked = FORMS[self.answer](self.corpus.task)
        examples = draw_examples(self.corpus, shots=self.shots, seed=self.seed)
        self._question = replace(self._asked, examples=examples)

    def predict_texts(self, texts: Sequence[str]) -> np.ndarray:
        """Class probabilities in the order of the task's classes, shape `(n, C)`."""
        return softmax(self.language_model.log_probabilities(self._question, texts), axis=1)

    def predict(self) -> dict[str, Predictions]:
        """Predicts and records every part but train."""
        return predict_parts(self)

    def save(self, folder: Path) -> None:
        """Writes what was asked of which model. The posts that were shown are not written: their
        seed finds them again."""
        folder.mkdir(parents=True, exist_ok=True)
        content = {
            "language_model_sha256": self.language_model.sha256,
            "instruction": self._asked.instruction,
            "answers": list(self._asked.answers),
            "shots": self.shots,
            "seed": self.seed,
            "classes": list(self.corpus.task.class_names),
        }
        write_json(folder / f"{self.name}.json", content)

    @property
    def selection(self) -> None:
        """There is no checkpoint that was chosen."""
        return None

    def describe(self) -> dict[str, object]:
        """Size of the model, as counted; nothing of it was trained."""
        return {
            "parameters": self.language_model.num_parameters,
            "trainable_parameters": 0,
            "size_elsewhere_bytes": self.language_model.size_on_disk,
            "posts_cut": self.language_model.num_cut,
        }


class SavedLocalLLM:
    """What `LocalLLM.save` wrote, with the language model as it was.

    Args:
        run: its record holds `checkpoints/NAME.json`.
        name: of the model.
        language_model: as the run's configuration describes it.
        read_corpus: reads the posts of the run, of which some are shown.

    Raises:
        InputError: the file is missing or was changed, the language model has changed, or the posts
            that were shown are not at hand.
    """

    def __init__(
        self,
        run: RunSummary,
        *,
        name: str,
        language_model: LanguageModel,
        read_corpus: Callable[[], Corpus],
    ) -> None:
        written = read_recorded_json(run, f"checkpoints/{name}.json")
        try:
            answers = tuple(map(str, written["answers"]))
            question = Question(str(written["instruction"]), answers)
            shots, seed = int(written["shots"]), int(written["seed"])
            if len(answers) != len(written["classes"]) or not 0 <= shots <= MOST_SHOTS:
                raise ValueError
        except (ValueError, KeyError, TypeError):
            raise InputError(
                f"{run.directory / 'checkpoints'} holds a {name}.json that no run writes. Repeat "
                "the run."
            ) from None
        if written.get("language_model_sha256") != (found := language_model.sha256):
            raise InputError(
                "The language model that this run asked has changed: its files have the SHA-256 "
                f"{found[:12]}…. Put the old ones back, or repeat the run."
            )
        if shots:
            examples = draw_examples(read_corpus(), shots=shots, seed=seed)
            question = replace(question, examples=examples)
        self._question, self._language_model = question, language_model

    def predict_texts(self, texts: Sequence[str]) -> np.ndarray:
        """Class probabilities in the order of the task's classes, shape `(n, C)`."""
        return softmax(self._language_model.log_probabilities(self._question, texts), axis=1)
