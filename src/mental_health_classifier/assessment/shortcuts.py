"""Shortcuts in a recorded run: labels masked, a list of keywords, models of words alone."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from mental_health_classifier.assessment.word_models import compare_splits, tell_sources
from mental_health_classifier.configuration.recorded import recorded_configuration
from mental_health_classifier.evaluation.shortcuts import assess_shortcuts, without_names
from mental_health_classifier.prediction.predictor import Predictor
from mental_health_classifier.prediction.run_posts import corpus_of_run
from mental_health_classifier.tracking.record.assessments import (
    stored_predictions,
    write_assessment,
)
from mental_health_classifier.tracking.record.certificates import setting_of
from mental_health_classifier.tracking.record.run_summary import RunSummary


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
