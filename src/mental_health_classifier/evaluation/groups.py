"""Recall and false alarm rate by group of posts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from mental_health_classifier.contracts import Predictions
from mental_health_classifier.evaluation.operating_point import OperatingPoint
from mental_health_classifier.evaluation.shares import MeasuredShare, ShareOfPosts, measure_shares

MIN_POSTS = 10
"""A share of fewer posts says nothing, and could point at the people who wrote them."""


def assess_groups(
    predictions: Predictions, *, point: OperatingPoint, bootstrap_draws: int
) -> dict[str, Any]:
    """The rates of every value of every group, in alphabetical order.

    Posts whose value is not known are in none of them, and are counted.

    Args:
        point: frozen on val; says which posts are alerted.
        bootstrap_draws: draws of authors behind the intervals.

    Returns:
        `part`, `threshold`, `min_posts`, and `groups`: by name and value `n`, and for each rate
        (`recall` of the priority class and `false_alarm_rate` of the others; `accuracy` where no
        class matters more) `n` posts, `authors`, `value` and `interval` (95 %, by author). Of
        fewer than MIN_POSTS posts the last two are None. `not_known`: by group the posts without a
        value. `gaps`: by group the largest difference of each rate between two of its values.
    """
    groups: dict[str, dict[str, Any]] = {}
    not_known: dict[str, int] = {}
    rates: dict[tuple[str, str, str], ShareOfPosts] = {}
    for group, values in predictions.groups.items():
        kinds = np.array(values, dtype=object)
        not_known[group] = int((kinds == "").sum())
        for value in sorted(set(values) - {""}, key=_by_number_or_name):
            is_here = kinds == value
            groups.setdefault(group, {})[value] = {"n": int(is_here.sum())}
            of_value = _rates(predictions, is_here, point)
            rates |= {(group, value, name): share for name, share in of_value.items()}
    # Together, so that authors are drawn once for all.
    for (group, value, name), share in measure_shares(
        rates, predictions, draws=bootstrap_draws
    ).items():
        groups[group][value][name] = _written(share)
    return {
        "part": predictions.part,
        "threshold": point.threshold,
        "min_posts": MIN_POSTS,
        "groups": groups,
        "not_known": not_known,
        "gaps": {group: _gaps(values) for group, values in groups.items()},
    }


def _by_number_or_name(value: str) -> tuple[int, str]:
    return (int(value), "") if value.isascii() and value.isdigit() else (-1, value)


def _rates(
    predictions: Predictions, chosen: np.ndarray, point: OperatingPoint
) -> dict[str, ShareOfPosts]:
    if predictions.task.priority_class is None:
        is_right = predictions.probabilities.argmax(axis=1) == predictions.labels
        return {"accuracy": ShareOfPosts(is_right, chosen)}
    if point.threshold is None:
        return {}
    is_alerted = point.alerts(predictions)
    is_priority = predictions.is_priority
    return {
        "recall": ShareOfPosts(is_alerted, chosen & is_priority),
        "false_alarm_rate": ShareOfPosts(is_alerted, chosen & ~is_priority),
    }


def _written(share: MeasuredShare) -> dict[str, Any]:
    if share.n < MIN_POSTS:
        return {"n": share.n, "authors": share.authors, "value": None, "interval": None}
    return share._asdict()


def _gaps(values: Mapping[str, Mapping[str, Any]]) -> dict[str, float]:
    known: dict[str, list[float]] = {}
    for rates in values.values():
        for name, rate in rates.items():
            if name != "n" and rate["value"] is not None:
                known.setdefault(name, []).append(rate["value"])
    return {name: max(each) - min(each) for name, each in known.items() if len(each) > 1}
