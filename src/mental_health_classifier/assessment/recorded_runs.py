"""What recorded runs are worth, worked out later: by their predictions, or by their models."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from mental_health_classifier.contracts import InputError
from mental_health_classifier.evaluation.assess import EVALUATED
from mental_health_classifier.evaluation.auxiliary_metrics import evaluate_auxiliary
from mental_health_classifier.evaluation.evaluate import Evaluation, evaluate, threshold_of
from mental_health_classifier.evaluation.groups import assess_groups
from mental_health_classifier.tracking.record.assessments import (
    auxiliary_tasks_of,
    stored_predictions,
    write_assessment,
)
from mental_health_classifier.tracking.record.auxiliary_prediction_files import (
    stored_auxiliary_predictions,
)
from mental_health_classifier.tracking.record.certificates import (
    certificate_name,
    certificate_of_run,
    setting_of,
    write_certificate,
)
from mental_health_classifier.tracking.record.run_summary import RunSummary


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
    from mental_health_classifier.data.reading.scrubbing import scrub
    from mental_health_classifier.data.seen_posts import LEARNED_FROM
    from mental_health_classifier.evaluation.behaviour_suite import assess_behaviour, texts_of_suite
    from mental_health_classifier.prediction.predictor import Predictor
    from mental_health_classifier.prediction.run_posts import read_seen_posts

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
    from mental_health_classifier.assessment.word_models import compare_splits, tell_sources
    from mental_health_classifier.configuration.recorded import recorded_configuration
    from mental_health_classifier.evaluation.shortcuts import assess_shortcuts, without_names
    from mental_health_classifier.prediction.predictor import Predictor
    from mental_health_classifier.prediction.run_posts import corpus_of_run

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
