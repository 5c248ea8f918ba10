"""Evaluation and certificate of a recorded run, from its stored predictions."""

from __future__ import annotations

from typing import Any

from mental_health_classifier.contracts import InputError
from mental_health_classifier.evaluation.assess import EVALUATED
from mental_health_classifier.evaluation.auxiliary_metrics import evaluate_auxiliary
from mental_health_classifier.evaluation.evaluate import Evaluation, evaluate
from mental_health_classifier.evaluation.groups import assess_groups
from mental_health_classifier.evaluation.operating_point import OperatingPoint
from mental_health_classifier.tracking.record.assessments import (
    auxiliary_tasks_of,
    stored_predictions,
)
from mental_health_classifier.tracking.record.certificates import (
    OWN,
    certificate_name,
    certificate_of_run,
    looked_at_of,
    setting_of,
    write_certificate,
)
from mental_health_classifier.tracking.record.external_runs import parts_of
from mental_health_classifier.tracking.record.prediction_files import (
    stored_auxiliary_predictions,
)
from mental_health_classifier.tracking.record.run_summary import RunSummary


def certify_run(
    run: RunSummary,
    *,
    required_recall: float | None,
    confidence: float | None,
    looked_at: int | None = None,
) -> dict[str, Any]:
    """Certifies a recorded run and stores the certificate.

    Args:
        looked_at: models among which the run is chosen, see `certify`. None: as when it was made.
        required_recall, confidence: None: what the run's configuration asks for. Anything else is
            another promise, stored beside the run's own.

    Raises:
        InputError: the run has no predictions, or the promise cannot be made of its data.
    """
    chosen = promise_of(run, required_recall=required_recall, confidence=confidence)
    certificate = certificate_of_run(run, **chosen, looked_at=looked_at)
    write_certificate(run, certificate_name(run, chosen, looked_at=looked_at), certificate)
    return certificate


def certify_chosen(run: RunSummary, *, looked_at: int) -> str:
    """Certifies a run that was chosen among several on the same posts; the certificate's name.

    The promise is kept whichever of them was chosen, see `certify`.
    """
    if looked_at == looked_at_of(run):
        return OWN
    promise = promise_of(run, required_recall=None, confidence=None)
    certify_run(run, **promise, looked_at=looked_at)
    return certificate_name(run, promise, looked_at=looked_at)


def certificate_if_chosen(run: RunSummary, *, looked_at: int) -> dict[str, Any] | None:
    """The same certificate, not stored. None: the run has no priority class.

    Raises:
        InputError: the run has no predictions, they were changed, or nothing can be promised of
            its data.
    """
    if run.data.get("priority_class") is None:
        return None
    promise = promise_of(run, required_recall=None, confidence=None)
    return certificate_of_run(run, **promise, looked_at=looked_at)


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
    parts = [part for part in EVALUATED if not run.is_external or part in parts_of(run)]
    predictions = stored_predictions(run, parts)
    settings = settings_of(run, bootstrap_draws)
    settings["point"] = OperatingPoint.without_val(predictions)
    others = stored_auxiliary_predictions(run.directory, auxiliary_tasks_of(run), EVALUATED)
    found = evaluate(predictions, **settings) | evaluate_auxiliary(
        others, bootstrap_draws=settings["bootstrap_draws"]
    )
    return found, assess_groups(
        predictions["test"],
        point=OperatingPoint.recorded_in(found.metrics),
        bootstrap_draws=settings["bootstrap_draws"],
    )


def settings_of(run: RunSummary, bootstrap_draws: int | None) -> dict[str, Any]:
    """Arguments of `evaluate`: those of the run, unless other draws are asked for."""
    chosen = {"bootstrap_draws": bootstrap_draws or setting_of(run, "bootstrap_draws")}
    chosen["specificity_floor"] = setting_of(run, "specificity_floor")
    for key, value in chosen.items():
        if value is None:
            raise InputError(f"Run {run.id} was configured without evaluation.{key}.")
    return chosen
