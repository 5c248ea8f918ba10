"""Metrics of a run with their intervals, from stored predictions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from mental_health_classifier.contracts import InputError, Predictions, Task
from mental_health_classifier.evaluation.agreement import (
    least_half_width,
    predict_the_same,
    with_least_width,
)
from mental_health_classifier.evaluation.intervals import Interval, draw_predictions
from mental_health_classifier.evaluation.metrics import (
    HEADLINE_SPECIFICITY,
    PartMetrics,
    confusion_matrix,
    posts_behind,
)
from mental_health_classifier.evaluation.operating_point import (
    CONFIDENCE_OF_BOTH,
    DEPLOYED_PREVALENCES,
    OperatingPoint,
    alert_shares,
    precisions_at_prevalences,
)
from mental_health_classifier.evaluation.shares import ShareStatistic

MIN_DRAWS = 40
"""With fewer, not even one lies beyond each end of a 95 % interval."""

OF_OPERATING_POINT = tuple(
    f"operating_point/{name}"
    for name in (
        *("threshold", "temperature", "recall", "specificity", "precision", "alert_rate"),
        *(f"precision_at_prevalence/{prevalence:g}" for prevalence in DEPLOYED_PREVALENCES),
    )
)

COMPARED = ("accuracy", "f1_macro", "recall_at_spec80", "auprc")
"""The numbers whose difference to the yardstick is recorded; without a priority class the first
two."""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Numbers by key (`test/recall/suicide`), and for each that has one its 95 % interval."""

    metrics: Mapping[str, float | None]
    """None: not defined on these posts, as the precision of a class that was never predicted."""
    intervals: Mapping[str, Interval]

    def __or__(self, other: Evaluation) -> Evaluation:
        """The numbers of both."""
        return Evaluation({**self.metrics, **other.metrics}, {**self.intervals, **other.intervals})


def evaluate(
    predictions: Mapping[str, Predictions],
    *,
    specificity_floor: float,
    bootstrap_draws: int,
    point: OperatingPoint | None = None,
) -> Evaluation:
    """What a model's predictions are worth, part by part.

    The operating point, a temperature and a threshold at it, is chosen on val and used on every
    part as it is. All other numbers are those of probabilities as the model gives them.
    Predictions for calibration are left alone: they serve the risk certificate.

    Args:
        predictions: by part. val is needed where there is a priority class and no point is given.
        specificity_floor: share of other posts that stay without an alert on val at the operating
            point, in (0, 1).
        bootstrap_draws: draws of authors behind the intervals of all that is not a plain share.
        point: the operating point, where it was frozen elsewhere or cannot be chosen. None: it is
            chosen on val.

    Raises:
        InputError: settings out of range, or a part without posts.
    """
    if not 0 < specificity_floor < 1:
        raise InputError(
            f"evaluation.specificity_floor={specificity_floor}: expected a share between 0 and 1, "
            "such as 0.8."
        )
    if bootstrap_draws < MIN_DRAWS:
        raise InputError(
            f"evaluation.bootstrap_draws={bootstrap_draws}: expected at least {MIN_DRAWS}, so that "
            "some draws lie beyond the ends of a 95 % interval; 2000 give steady ends."
        )
    evaluated = {part: given for part, given in predictions.items() if part != "calibration"}
    for given in evaluated.values():
        require_posts(given)
    if point is None:
        point = _chosen_on_val(evaluated, specificity_floor=specificity_floor)
    metrics: dict[str, float | None] = {}
    intervals: dict[str, Interval] = {}
    for part, given in evaluated.items():
        numbers = _evaluate_part(given, point=point, draws=bootstrap_draws)
        metrics |= {f"{part}/{key}": value for key, value in numbers.metrics.items()}
        intervals |= {f"{part}/{key}": interval for key, interval in numbers.intervals.items()}
    return Evaluation(metrics, intervals)


def number_of_val(val: Predictions, key: str | None) -> float:
    """One number of val, such as val/partial_auc; macro F1 where the task does not have it, or none
    is named; below all others where it is not defined."""
    numbers = evaluate(
        {"val": val}, specificity_floor=HEADLINE_SPECIFICITY, bootstrap_draws=MIN_DRAWS
    ).metrics
    number = numbers.get(str(key), numbers["val/f1_macro"])
    return -np.inf if number is None else number


def metric_names(task: Task) -> list[str]:
    """What `evaluate` calls the numbers of a part, without the part in front: `recall/suicide`."""
    places = np.arange(task.num_classes)
    predictions = Predictions(
        part="val",
        task=task,
        post_ids=[str(place) for place in places],
        authors=None,
        labels=places,
        probabilities=np.eye(task.num_classes),
    )
    return list(_evaluate_part(predictions, point=OperatingPoint(1.0), draws=MIN_DRAWS).metrics)


def compare_with_yardstick(
    model: Predictions, yardstick: Predictions, *, bootstrap_draws: int
) -> Evaluation:
    """How much better than the yardstick a model is on the same posts.

    Both are judged on the same draws of authors, so that a difficult draw is difficult for both.

    Returns:
        Differences, above zero where the model is better, under the keys of `evaluate`. One whose
        interval holds zero is not shown to exist, and none is narrower than `least_half_width`.
        Of two that gave the same predictions, post for post, there is none.

    Raises:
        InputError: the two did not predict the same posts.
    """
    for predictions in (model, yardstick):
        require_posts(predictions)
    if model.task != yardstick.task or list(model.post_ids) != list(yardstick.post_ids):
        raise InputError(
            "A difference needs two models that predicted the same posts in the same order, and "
            f"the same classes: the model's {len(model)} posts of part {model.part} are not the "
            f"yardstick's {len(yardstick)} of part {yardstick.part}. Compare within one run."
        )
    measure_model, measure_yardstick = PartMetrics(model), PartMetrics(yardstick)
    prefix = f"{model.part}/"

    def differences(weights: np.ndarray) -> dict[str, np.ndarray]:
        of_model, of_yardstick = measure_model(weights), measure_yardstick(weights)
        return {
            f"{prefix}{key}": of_model[key] - of_yardstick[key]
            for key in COMPARED
            if key in of_model
        }

    drawn = draw_predictions(differences, model, draws=bootstrap_draws)
    if predict_the_same(model, yardstick):
        return Evaluation(drawn.values, {})
    intervals = {
        name: with_least_width(
            value, drawn.interval(name), least_half_width(model, name.removeprefix(prefix))
        )
        for name, value in drawn.values.items()
        if value is not None
    }
    return Evaluation(drawn.values, intervals)


def require_posts(predictions: Predictions) -> None:
    """Raises InputError where there is no post to make a number of."""
    if not len(predictions):
        raise InputError(
            f"Expected posts to evaluate, part {predictions.part} has none: give it more posts."
        )


def _chosen_on_val(
    evaluated: Mapping[str, Predictions], *, specificity_floor: float
) -> OperatingPoint:
    if all(given.task.priority_class is None for given in evaluated.values()):
        return OperatingPoint(None)
    if "val" not in evaluated:
        raise InputError(
            "The threshold of the operating point is chosen on part val, which was not predicted; "
            f"there is {', '.join(evaluated)}. Predict val too."
        )
    return OperatingPoint.chosen_on(evaluated["val"], specificity=specificity_floor)


def _evaluate_part(predictions: Predictions, *, point: OperatingPoint, draws: int) -> Evaluation:
    task, measure = predictions.task, PartMetrics(predictions)
    confusion = confusion_matrix(predictions)
    metrics: dict[str, float | None] = {"n": len(predictions)}
    for name in task.display_order:
        index = task.class_names.index(name)
        metrics[f"support/{name}"] = int(confusion[index].sum())
        metrics[f"predicted/{name}"] = int(confusion[:, index].sum())
    behind = posts_behind(predictions)
    alerts = None
    if task.priority_class is not None:
        metrics |= dict.fromkeys(OF_OPERATING_POINT)
        metrics["operating_point/threshold"] = point.threshold
        metrics["operating_point/temperature"] = point.temperature
    if point.threshold is not None and task.priority_class is not None:
        shares = alert_shares(point.alerts(predictions), is_priority=predictions.is_priority)
        alerts = ShareStatistic({f"operating_point/{key}": share for key, share in shares.items()})
        behind |= alerts.behind

    def numbers(weights: np.ndarray) -> dict[str, np.ndarray]:
        return measure(weights) | ({} if alerts is None else alerts(weights))

    drawn = draw_predictions(numbers, predictions, draws=draws, behind=behind)
    metrics |= drawn.values
    intervals = drawn.intervals()
    if alerts is not None:
        recall, specificity = "operating_point/recall", "operating_point/specificity"
        deployed, deployed_intervals = precisions_at_prevalences(
            metrics[recall],
            metrics[specificity],
            recalls=drawn.interval(recall, confidence=CONFIDENCE_OF_BOTH),
            specificities=drawn.interval(specificity, confidence=CONFIDENCE_OF_BOTH),
        )
        metrics |= {f"operating_point/{key}": value for key, value in deployed.items()}
        intervals |= {f"operating_point/{key}": known for key, known in deployed_intervals.items()}
    return Evaluation(metrics, intervals)
