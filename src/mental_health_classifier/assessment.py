"""What a run's predictions are worth beyond its numbers, worked out at its end or later."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mental_health_classifier.contracts import Corpus, InputError, Predictions
from mental_health_classifier.evaluation.auxiliary_metrics import evaluate_auxiliary
from mental_health_classifier.evaluation.calibration import assess_calibration, rescale
from mental_health_classifier.evaluation.decision_curve import decision_curve
from mental_health_classifier.evaluation.drift import histogram_of
from mental_health_classifier.evaluation.evaluate import Evaluation, evaluate
from mental_health_classifier.evaluation.groups import assess_groups
from mental_health_classifier.evaluation.risk_certificate import check_promise
from mental_health_classifier.evaluation.triage import assess_triage
from mental_health_classifier.evaluation.unfamiliar_text import reference_of_texts
from mental_health_classifier.tracking.assessments import (
    auxiliary_tasks_of,
    stored_predictions,
    write_assessment,
)
from mental_health_classifier.tracking.auxiliary_prediction_files import (
    stored_auxiliary_predictions,
)
from mental_health_classifier.tracking.certificates import (
    certificate_name,
    certificate_of,
    certificate_of_run,
    setting_of,
    write_certificate,
)
from mental_health_classifier.tracking.run_summary import RunSummary

if TYPE_CHECKING:
    import pandas as pd

EVALUATED = ("val", "test")
MAX_TEXTS = 20_000
"""So many posts say how posts look as well as a million would."""


def check_assessment_settings(settings: Mapping[str, Any]) -> None:
    """Refuses what `assess` could not use, before anything is trained."""
    check_promise(required_recall=settings["required_recall"], confidence=settings["confidence"])


def assess(
    directory: Path,
    predictions: Mapping[str, Predictions],
    settings: Mapping[str, Any],
    *,
    looks: Mapping[str, Any] | None,
    threshold: float | None,
) -> None:
    """Writes calibration, certificate, triage and groups of a run below its `assessments/`.

    And what the posts look like that the certificate rests on, so that later ones can be compared.

    Args:
        directory: of the run.
        predictions: for val, calibration and test.
        settings: `required_recall`, `confidence`, `bootstrap_draws`.
        looks: from `looks_of`; None: not known.
        threshold: of the operating point, chosen on val. None: there is none.
    """
    calibration = assess_calibration(predictions)
    test, draws = predictions["test"], settings["bootstrap_draws"]
    if test.task.priority_class is not None:
        rescaled = rescale(test.probabilities, temperature=calibration["temperature"])
        calibration["decision_curve"] = decision_curve(
            replace(test, probabilities=rescaled), bootstrap_draws=draws
        )
        certificate = certificate_of(
            predictions,
            required_recall=settings["required_recall"],
            confidence=settings["confidence"],
        )
        write_assessment(directory, "certificate", certificate)
        write_assessment(directory, "triage", assess_triage(test, bootstrap_draws=draws))
        scores = predictions["calibration"].priority_scores
        if looks is not None:
            reference = {**looks, "scores": histogram_of(scores)}
            write_assessment(directory, "reference", reference)
    write_assessment(directory, "calibration", calibration)
    if test.groups:
        write_assessment(directory, "groups", assess_groups(test, threshold=threshold))


def looks_of(corpus: Corpus) -> dict[str, Any]:
    """How the posts look that the certificate rests on, see `reference_of_texts`."""
    return looks_of_texts(corpus.part("calibration")["text"])


def looks_of_texts(texts: pd.Series) -> dict[str, Any]:
    """The same for scrubbed texts."""
    return reference_of_texts(texts.iloc[:: 1 + len(texts) // MAX_TEXTS].tolist())


def certify_run(
    run: RunSummary, *, required_recall: float | None, confidence: float | None
) -> dict[str, Any]:
    """Certifies a recorded run and stores the certificate.

    Args:
        required_recall, confidence: None: what the run's configuration asks for. Anything else is
            another promise, stored beside the run's own.

    Raises:
        InputError: the run has no predictions, or the promise cannot be made of its data.
    """
    chosen = promise_of(run, required_recall=required_recall, confidence=confidence)
    certificate = certificate_of_run(run, **chosen)
    write_certificate(run, certificate_name(run, chosen), certificate)
    return certificate


def promise_of(
    run: RunSummary, *, required_recall: float | None, confidence: float | None
) -> dict[str, float]:
    """What is to be promised: what was asked for, else what the run's configuration asks for.

    Raises:
        InputError: neither says.
    """
    asked = {"required_recall": required_recall, "confidence": confidence}
    chosen = {}
    for key, value in asked.items():
        chosen[key] = setting_of(run, key) if value is None else value
        if chosen[key] is None:
            option = key.removeprefix("required_")
            raise InputError(
                f"Run {run.id} was configured without evaluation.{key}: give --{option}."
            )
    return chosen


def evaluate_run(
    run: RunSummary, *, bootstrap_draws: int | None = None
) -> tuple[Evaluation, dict[str, Any]]:
    """Works out the numbers of a recorded run again, from its stored predictions.

    Returns:
        Numbers of the parts `val` and `test`, and what `assess_groups` says of test.
    """
    predictions = stored_predictions(run, EVALUATED)
    settings = settings_of(run, bootstrap_draws)
    others = stored_auxiliary_predictions(run.directory, auxiliary_tasks_of(run), EVALUATED)
    found = evaluate(predictions, **settings) | evaluate_auxiliary(
        others, bootstrap_draws=settings["bootstrap_draws"]
    )
    return found, assess_groups(predictions["test"], threshold=threshold_of(found))


def threshold_of(evaluation: Evaluation) -> float | None:
    """The threshold of the operating point, which was chosen on val."""
    return evaluation.metrics.get("val/operating_point/threshold")


def settings_of(run: RunSummary, bootstrap_draws: int | None) -> dict[str, Any]:
    """Arguments of `evaluate`: those of the run, unless other draws are asked for."""
    chosen = {"bootstrap_draws": bootstrap_draws or setting_of(run, "bootstrap_draws")}
    chosen["specificity_floor"] = setting_of(run, "specificity_floor")
    for key, value in chosen.items():
        if value is None:
            raise InputError(f"Run {run.id} was configured without evaluation.{key}.")
    return chosen


def behaviour_of_run(run: RunSummary) -> dict[str, Any]:
    """Runs the behaviour suite on a run's model and stores what it found, and how many of its
    texts the model learned from (None: the record does not say which posts it has seen).

    Alerts begin at the certificate's threshold, or at the operating point's where there is none.
    """
    from mental_health_classifier.data.scrubbing import scrub
    from mental_health_classifier.data.seen_posts import LEARNED_FROM
    from mental_health_classifier.evaluation.behaviour_suite import assess_behaviour, texts_of_suite
    from mental_health_classifier.predictor import Predictor
    from mental_health_classifier.seen_posts_file import read_seen_posts

    predictor = Predictor.load(run, is_uncertified_allowed=True)
    found = assess_behaviour(
        predictor.predict,
        priority_index=predictor.priority_index,
        threshold=predictor.threshold,
    )
    texts = [scrub(text)[0] for text in texts_of_suite()]
    seen = read_seen_posts(run)
    num_seen = None if seen is None else int(seen.are_among(texts, parts=LEARNED_FROM).sum())
    behaviour = {
        "is_certified": predictor.is_certified,
        "texts": len(texts),
        "texts_seen": num_seen,
        **found,
    }
    write_assessment(run.directory, "behaviour", behaviour)
    return behaviour


def corpus_of_run(run: RunSummary, *, kept_columns: Sequence[str] = ()) -> Corpus:
    """The posts that a run learned from and was tested on, read again.

    Args:
        kept_columns: what to keep of each post beyond that.

    Raises:
        InputError: they are not at hand any more, or have changed.
    """
    from mental_health_classifier.build import build_corpus
    from mental_health_classifier.recorded_configuration import recorded_configuration

    config = recorded_configuration(run)
    config.data.kept_columns = sorted({*config.data.get("kept_columns", ()), *kept_columns})
    corpus = build_corpus(config)
    if corpus.fingerprint != run.data.get("fingerprint"):
        raise InputError(
            f"The posts of run {run.id} have changed since (fingerprint {corpus.fingerprint}, "
            f"recorded {run.data.get('fingerprint')}). Put the old ones back in data.path."
        )
    return corpus


def shortcuts_of_run(run: RunSummary, *, with_random_split: bool = False) -> dict[str, Any]:
    """Reads the run's posts again, masks what they name, and stores what that costs the model, and
    what words alone tell of the posts.

    Args:
        with_random_split: fit the yardstick on a split at random too, see `compare_splits`.

    Returns:
        See `assess_shortcuts`; `source` from `tell_sources`, and `splits` from `compare_splits`.

    Raises:
        InputError: the posts are not at hand any more, or have changed.
    """
    from mental_health_classifier.evaluation.shortcuts import assess_shortcuts, without_names
    from mental_health_classifier.predictor import Predictor
    from mental_health_classifier.recorded_configuration import recorded_configuration
    from mental_health_classifier.word_models import compare_splits, tell_sources

    config = recorded_configuration(run)
    corpus = corpus_of_run(run)
    test = stored_predictions(run, ["test"])["test"]
    texts = corpus.part("test")["text"].tolist()
    predictor = Predictor.load(run)
    masked = [without_names(text, test.task.class_names) for text in texts]
    draws = setting_of(run, "bootstrap_draws")
    found = assess_shortcuts(
        test,
        replace(test, probabilities=predictor.predict_scrubbed(masked)),
        texts,
        bootstrap_draws=draws,
    )
    found["source"] = tell_sources(config, corpus)
    found["splits"] = (
        compare_splits(config, corpus, bootstrap_draws=draws) if with_random_split else None
    )
    write_assessment(run.directory, "shortcuts", found)
    return found
