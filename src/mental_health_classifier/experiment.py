"""One run, top to bottom."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from mental_health_classifier.analysis.run_overview import run_overview
from mental_health_classifier.analysis.terminal import new_console
from mental_health_classifier.assessment import assess, check_assessment_settings, looks_of
from mental_health_classifier.build import (
    build,
    build_corpus,
    build_learner,
    build_loggers,
    set_num_threads,
)
from mental_health_classifier.contracts import Corpus, InputError, Predictions
from mental_health_classifier.evaluation.evaluate import (
    check_settings,
    compare_with_yardstick,
    evaluate,
)
from mental_health_classifier.progress import showing
from mental_health_classifier.tracking.run_record import RunRecord, recorded_run
from mental_health_classifier.tracking.run_summary import read_run
from mental_health_classifier.training.hyperparameter_page import write_hyperparameter_page


def run_experiment(config: DictConfig, output_dir: Path, overrides: Sequence[str]) -> float | None:
    """Trains and tests one configuration; everything it leaves behind is in `output_dir`.

    Returns:
        The metric that `optimized_metric` names, for sweepers.

    Raises:
        InputError: what was given cannot be used; the record says so too.
    """
    set_num_threads(config.num_threads)
    description = describe_run(config, overrides)
    with recorded_run(output_dir, **description) as record:
        check_settings(**settings(config))
        check_assessment_settings(config.evaluation)
        with record.phase("data"), showing("Reading posts"):
            corpus = build_corpus(config)
        record.write_data(corpus.describe())
        loggers = build_loggers(config, record)
        with record.phase("preparation"), showing("Preparing tokens"):
            learner = build_learner(config, corpus, record, loggers)
        with record.phase("fit"):
            learner.fit()
        with record.phase("prediction"):
            predictions = learner.predict()
        with record.phase("yardstick"), showing("Fitting the yardstick on the same parts"):
            yardstick_predictions = predict_yardstick(config, corpus, record)
        with record.phase("evaluation"), showing("Working out intervals"):
            evaluation = evaluate(predictions, **settings(config))
            yardstick = measure_yardstick(config, predictions, yardstick_predictions)
            assess(record.directory, predictions, config.evaluation, looks=looks_of(corpus))
        learner.save(record.directory / "checkpoints")
        record.note_model(**learner.describe())
        write_hyperparameter_page(loggers, description["config"], evaluation.metrics)
        record.finish(
            metrics=evaluation.metrics,
            intervals=evaluation.intervals,
            yardstick=yardstick,
            selection=learner.selection,
        )
    new_console().print(run_overview(read_run(output_dir)))
    return optimized_value(config.optimized_metric, evaluation.metrics)


def describe_run(config: DictConfig, overrides: Sequence[str]) -> dict[str, Any]:
    """What the record holds before anything has happened."""
    plain = OmegaConf.to_container(config, resolve=True)
    assert isinstance(plain, dict)
    return {
        "name": str(config.name),
        "description": str(config.description),
        "hypothesis": str(config.hypothesis),
        "tags": [str(tag) for tag in config.tags],
        "seed": config.seed,
        "model": config.model.name,
        "variants": sorted(config.clinical.variants),
        "config": plain,
        "overrides": list(overrides),
        "argv": sys.argv,
    }


def settings(config: DictConfig) -> dict[str, Any]:
    """Arguments of `evaluate`."""
    return {
        "specificity_floor": config.evaluation.specificity_floor,
        "bootstrap_draws": config.evaluation.bootstrap_draws,
    }


def predict_yardstick(
    config: DictConfig, corpus: Corpus, record: RunRecord
) -> dict[str, Predictions] | None:
    """Fits the yardstick on the run's own parts. None: switched off, or the run is the
    yardstick."""
    if config.evaluation.yardstick is None or "_target_" in config.model:
        return None
    yardstick = build(
        config.evaluation.yardstick, corpus=corpus, record=record, folder="predictions/yardstick"
    )
    yardstick.fit()
    return yardstick.predict()


def measure_yardstick(
    config: DictConfig,
    predictions: Mapping[str, Predictions],
    yardstick_predictions: Mapping[str, Predictions] | None,
) -> dict[str, Any] | None:
    """The yardstick's numbers, and how far the model is from them on the same posts."""
    if yardstick_predictions is None:
        return None
    evaluation = evaluate(yardstick_predictions, **settings(config))
    difference = compare_with_yardstick(
        predictions["test"],
        yardstick_predictions["test"],
        bootstrap_draws=config.evaluation.bootstrap_draws,
    )
    return {
        "name": config.evaluation.yardstick.name,
        "metrics": evaluation.metrics,
        "intervals": evaluation.intervals,
        "differences": difference.metrics,
        "difference_intervals": difference.intervals,
    }


def optimized_value(metric: str, metrics: Mapping[str, float | None]) -> float | None:
    """The number a sweeper maximises.

    Raises:
        InputError: no such number, or one of the test part, which would then be no test any more.
    """
    if not metric.startswith("val/") or metric not in metrics:
        known = ", ".join(sorted(key for key in metrics if key.startswith("val/")))
        raise InputError(
            f"optimized_metric={metric}: a number of the validation part was expected: {known}."
        )
    return metrics[metric]
