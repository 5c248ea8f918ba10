"""Calibration, certificate, triage and groups of a model, from its predictions alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from mental_health_classifier.contracts import Predictions
from mental_health_classifier.evaluation.calibration import assess_calibration, calibrated, rescale
from mental_health_classifier.evaluation.decision_curve import decision_curve
from mental_health_classifier.evaluation.drift import histogram_of
from mental_health_classifier.evaluation.groups import assess_groups
from mental_health_classifier.evaluation.operating_point import OperatingPoint
from mental_health_classifier.evaluation.risk_certificate import certificate_of
from mental_health_classifier.evaluation.triage import assess_triage

EVALUATED = ("val", "test")
"""Parts whose numbers a run reports."""


def assess(
    predictions: Mapping[str, Predictions],
    settings: Mapping[str, Any],
    *,
    looks: Mapping[str, Any] | None,
    point: OperatingPoint,
    looked_at: int = 1,
) -> dict[str, dict[str, Any]]:
    """Works out what a model's predictions are worth beyond its numbers.

    Args:
        predictions: for val, calibration and test; of somebody else's model test alone may do.
        settings: `required_recall`, `confidence`, `specificity_floor`, `bootstrap_draws`.
        looks: from `looks_of`. None: not known.
        point: chosen on val, see `evaluate`.
        looked_at: see `certify`.

    Returns:
        By name what is stored below `assessments/`: `calibration`; with a priority class
        `certificate` and `triage`, and with `looks` `reference`, by which later posts are compared
        with those that the certificate rests on; with groups of posts `groups`. What rests on
        probabilities, on val or on the calibration part is not there without them.
    """
    found: dict[str, dict[str, Any]] = {}
    test, draws = predictions["test"], settings["bootstrap_draws"]
    is_of_priority = test.task.priority_class is not None
    if test.groups:
        found["groups"] = assess_groups(test, point=point, bootstrap_draws=draws)
    if not test.has_probabilities:
        return found
    if is_of_priority:
        found["triage"] = assess_triage(test, bootstrap_draws=draws)
    if "val" not in predictions:
        return found
    calibration = found["calibration"] = assess_calibration(predictions, bootstrap_draws=draws)
    if is_of_priority:
        rescaled = rescale(test.probabilities, temperature=calibration["temperature"])
        calibration["decision_curve"] = decision_curve(
            replace(test, probabilities=rescaled), bootstrap_draws=draws
        )
    if is_of_priority and "calibration" in predictions:
        found["certificate"] = certificate_of(
            predictions,
            required_recall=settings["required_recall"],
            confidence=settings["confidence"],
            looked_at=looked_at,
            temperature=calibration["temperature"],
            specificity_floor=settings["specificity_floor"],
            bootstrap_draws=draws,
        )
        if looks is not None:
            temperature = calibration["temperature"]
            scores = calibrated(predictions["calibration"], temperature).priority_scores
            found["reference"] = {
                **looks,
                "scores": histogram_of(scores),
                "temperature": temperature,
            }
    return found
