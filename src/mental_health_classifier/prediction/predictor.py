"""Predictor: the model of a trained run, which judges posts."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from mental_health_classifier.contracts import Corpus, InputError, Predictions, Task
from mental_health_classifier.contracts.predictions import DECIMALS
from mental_health_classifier.data.reading.scrubbing import scrub
from mental_health_classifier.evaluation.calibration import rescale
from mental_health_classifier.evaluation.combining import combine_as
from mental_health_classifier.evaluation.decisions import NEAR_THRESHOLD, Decision, decide
from mental_health_classifier.evaluation.unfamiliar_text import reason_to_refer
from mental_health_classifier.tracking.record.assessments import FOLDER, task_of
from mental_health_classifier.tracking.record.certificates import OWN, read_certificate
from mental_health_classifier.tracking.record.ensemble_members import find_member
from mental_health_classifier.tracking.record.external_runs import require_model
from mental_health_classifier.tracking.record.record_check import (
    check_facts,
    read_recorded_json,
    recorded_hash,
)
from mental_health_classifier.tracking.record.run_summary import RunSummary
from mental_health_classifier.tracking.run_index import resolve_run

if TYPE_CHECKING:
    from mental_health_classifier.training.local_llm import SavedLocalLLM
    from mental_health_classifier.training.yardstick import SavedLogistic

log = logging.getLogger(__name__)


class Judgements(NamedTuple):
    """Of posts, in their order."""

    probabilities: np.ndarray
    """Those that decided, shape `(n, C)`; NaN where the model failed."""
    decisions: list[Decision]
    characters: np.ndarray
    """Of each scrubbed text, shape `(n,)`."""


class Predictor:
    """Judges posts with the model of one run.

    Args:
        run: the record of the run.
        predict_texts: scrubbed texts -> class probabilities, shape `(n, C)`.
        allow_uncertified: see `load`.
    """

    def __init__(
        self,
        run: RunSummary,
        predict_texts: Callable[[Sequence[str]], np.ndarray],
        *,
        allow_uncertified: bool = False,
        certificate: str = OWN,
    ) -> None:
        self.run = run
        self.task = task_of(run)
        self.certificate = read_certificate(run, certificate)
        if self.certificate is None and certificate != OWN:
            there = sorted(p.stem for p in (run.directory / FOLDER).glob("certificate*.json"))
            raise InputError(
                f"Run {run.id} has no certificate called {certificate}; it has "
                f"{', '.join(there) or 'none'}. `mhc certify` makes one."
            )
        # One that was made on posts from elsewhere says itself how those look.
        own = (self.certificate or {}).get("reference")
        self.reference = own or _reference_of(run)
        self._predict_texts = predict_texts
        self._allow_uncertified = allow_uncertified

    @classmethod
    def load(
        cls,
        run: RunSummary | Path | str,
        *,
        allow_uncertified: bool = False,
        certificate: str = OWN,
    ) -> Predictor:
        """Loads the model of a completed run; nothing in its folder is executed.

        Every file that decides is read once and has to be what the run left behind: weights,
        tokenizer or vocabulary, certificate, how the posts look that it rests on, and what the run
        says of itself. A certificate of later is checked as `read_certificate` says.

        Args:
            run: its record, folder or id, see `resolve_run`.
            allow_uncertified: decide at the operating point's threshold, without any promise,
                where there is no certificate.
            certificate: the name of the assessment that holds it; the run's own, or what
                `mhc certify` made on posts from elsewhere.

        Raises:
            InputError: the run did not complete, a file that decides was changed after its end, or
                its files do not fit its configuration.
        """
        found = resolve_run(run)
        if found.status != "completed":
            raise InputError(
                f"Run {found.id or found.directory} is {found.status}: only a completed run has a "
                "model to use. `mhc runs --status completed` lists those."
            )
        model = load_model(found, task=task_of(found))
        return cls(found, model, allow_uncertified=allow_uncertified, certificate=certificate)

    @property
    def priority_index(self) -> int:
        """Place of the priority class among the classes."""
        if self.task.priority_index is None:
            raise InputError(
                f"Run {self.run.id} has no priority class, so there is nothing to alert. Train "
                "with data.priority_class."
            )
        return self.task.priority_index

    @property
    def is_certified(self) -> bool:
        """Whether the threshold carries a promise."""
        return bool(self.certificate and self.certificate["is_certified"])

    @property
    def threshold(self) -> float:
        """From which probability of the priority class on a post is alerted.

        Raises:
            InputError: there is no certificate, and none was allowed to be missing; or no
                threshold at all.
        """
        return self._decided_from[0]

    @property
    def refer_from(self) -> float:
        """From which probability of the priority class on a post is referred, if not alerted.

        Raises:
            InputError: see `threshold`.
        """
        return self._decided_from[1]

    @property
    def _decided_from(self) -> tuple[float, float]:
        certificate = self.certificate or {}
        deciding = certificate if self.is_certified else certificate.get("operating_point")
        if deciding is not None and (self.is_certified or self._allow_uncertified):
            threshold = float(deciding["threshold"])
            return threshold, float(deciding.get("refer_from", NEAR_THRESHOLD * threshold))
        reason = (self.certificate or {}).get("reason", "none was asked for.")
        if not self._allow_uncertified:
            raise InputError(
                f"Run {self.run.id} has no certificate: {reason} Without one nothing is promised "
                "about missed posts; --uncertified goes on all the same."
            )
        threshold = self.run.metrics.get("test/operating_point/threshold")
        if threshold is None:
            raise InputError(
                f"Run {self.run.id} has no certificate and no operating point: its model cannot be "
                "used to alert."
            )
        return float(threshold), NEAR_THRESHOLD * float(threshold)

    def calibrated(self, probabilities: np.ndarray) -> np.ndarray:
        """What decides: probabilities at the temperature that the certificate is about, shape
        `(n, C)`. A record of before has none, and decides by those that the model gives."""
        temperature = (self.certificate or {}).get("temperature")
        if temperature is None:
            return probabilities
        return rescale(probabilities, temperature=temperature).round(DECIMALS)

    def decide(self, texts: Sequence[str]) -> list[Decision]:
        """Alert, refer to a person, or no alert, for each post; see `decide`.

        Whatever goes wrong with a post, it is referred.
        """
        return self.judge(texts).decisions

    def judge(self, texts: Sequence[str]) -> Judgements:
        """Decides about posts as people wrote them, and says what that rests on.

        Raises:
            InputError: see `threshold`.
        """
        scrubbed = [scrub(text)[0] for text in texts]
        probabilities = self.calibrated(self._predict_or_nan(scrubbed))
        decisions = decide(
            probabilities,
            priority_index=self.priority_index,
            threshold=self.threshold,
            refer_from=self.refer_from,
            reasons_to_refer=[reason_to_refer(text, self.reference) for text in scrubbed],
        )
        return Judgements(probabilities, decisions, np.array([len(text) for text in scrubbed]))

    def _predict_or_nan(self, texts: Sequence[str]) -> np.ndarray:
        try:
            return self.predict_scrubbed(texts)
        except Exception as error:
            # A post that breaks the model must not be taken for one without risk, nor keep others
            # from being judged. The message could hold its text, so only the kind is told.
            if len(texts) > 1:
                half = len(texts) // 2
                parts = [self._predict_or_nan(part) for part in (texts[:half], texts[half:])]
                return np.concatenate(parts)
            log.warning("The model failed on a post (%s); it is referred.", type(error).__name__)
            return np.full((1, self.task.num_classes), np.nan)

    def predict_proba(self, texts: Sequence[str]) -> np.ndarray:
        """Class probabilities in the order of `task.class_names`, shape `(n, C)`.

        Args:
            texts: posts as people wrote them; links and names are replaced as in training.
        """
        return self.predict_scrubbed([scrub(text)[0] for text in texts])

    def predict_scrubbed(self, texts: Sequence[str]) -> np.ndarray:
        """The same for posts that were scrubbed when they were read."""
        if not len(texts):
            return np.empty((0, self.task.num_classes))
        # As in stored predictions: the threshold was chosen on numbers rounded like this.
        return self._predict_texts(texts).round(DECIMALS)

    def predict_corpus(self, corpus: Corpus, part: str) -> Predictions:
        """The same for a part of a corpus, joined with what is known of its posts."""
        return corpus.predictions(part, self.predict_scrubbed(corpus.part(part)["text"].tolist()))


load_classifier = Predictor.load


def _reference_of(run: RunSummary) -> dict[str, Any] | None:
    """How the posts look that the run's own certificate rests on. None: the run did not say."""
    name = f"{FOLDER}/reference.json"
    if recorded_hash(run, name) is None and not (run.directory / name).exists():
        return None
    return read_recorded_json(run, name)


def load_model(run: RunSummary, *, task: Task) -> Callable[[Sequence[str]], np.ndarray]:
    """The model in a run's folder as a function of scrubbed texts.

    Raises:
        InputError: as `Predictor.load`.
    """
    require_model(run)
    check_facts(run)
    if "ensemble" in run.configuration:
        return _load_ensemble(run, task=task)
    if run.is_export:
        from mental_health_classifier.prediction.exported_model import load_exported

        return load_exported(run, task=task)
    if "_target_" in run.configuration["model"]:
        # No kind of model waits for the libraries of the others.
        is_asked = "language_model" in run.configuration["model"]
        return (_load_language_model if is_asked else _load_logistic)(run).predict_texts
    from mental_health_classifier.prediction.loaded_network import load_network

    return load_network(run, task=task).predict_texts


def _load_logistic(run: RunSummary) -> SavedLogistic:
    from mental_health_classifier.configuration.build import build
    from mental_health_classifier.configuration.recorded import recorded_configuration
    from mental_health_classifier.training.frozen_embeddings import SavedFrozenEmbeddings
    from mental_health_classifier.training.tfidf_logistic import SavedTfidfLogistic

    model = recorded_configuration(run).model
    if "embedding" in model:
        return SavedFrozenEmbeddings(run, name=model.name, embedding=build(model.embedding))
    return SavedTfidfLogistic(run, name=model.name)


def _load_language_model(run: RunSummary) -> SavedLocalLLM:
    from mental_health_classifier.configuration.build import build
    from mental_health_classifier.configuration.recorded import recorded_configuration
    from mental_health_classifier.prediction.run_posts import corpus_of_run
    from mental_health_classifier.training.local_llm import SavedLocalLLM

    model = recorded_configuration(run).model
    # Whatever this machine has, which need not be what the run had.
    model.language_model.update({"accelerator": "auto", "devices": 1})
    return SavedLocalLLM(
        run,
        name=model.name,
        language_model=build(model.language_model),
        read_corpus=partial(corpus_of_run, run),
    )


def _load_ensemble(run: RunSummary, *, task: Task) -> Callable[[Sequence[str]], np.ndarray]:
    ensemble = run.configuration["ensemble"]
    models = [load_model(find_member(run, each), task=task) for each in ensemble["members"]]
    temperature = run.model_facts["temperature"]

    def predict_texts(texts: Sequence[str]) -> np.ndarray:
        combined = combine_as(
            ensemble,
            # Rounded as the stored predictions are that were combined.
            [model(texts).round(DECIMALS) for model in models],
            priority_index=task.priority_index,
        )
        return rescale(combined, temperature=temperature)

    return predict_texts
