"""Metrics of auxiliary tasks with intervals, from stored predictions.

Only posts whose label is known count. As in metrics.py, a number is a function of how often each
post counts, for many draws at once: weights of shape `(draws, n)` in, one value a draw out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial

import numpy as np

from mental_health_classifier.contracts import AuxiliaryPredictions
from mental_health_classifier.contracts.task_kinds import (
    Binary,
    Categorical,
    MultiLabel,
    Ordinal,
    Regression,
    TaskKind,
    are_known,
)
from mental_health_classifier.evaluation.evaluate import Evaluation
from mental_health_classifier.evaluation.intervals import (
    Interval,
    Share,
    Statistic,
    at_weight_one,
    author_numbers,
    bootstrap_intervals,
    hull,
    wilson_interval_of_f1,
)
from mental_health_classifier.evaluation.ratios import mean_of_known, ratio

FAR = 2
"""So many levels too low is a severe error: a post is taken for much less than it is."""

Measured = tuple[Statistic, Mapping[str, Share], Mapping[str, Interval | None]]
"""A number of everything as a function of weights; those of them that are plain shares of posts, as
counted; and for others an interval that no bootstrap may undercut."""


def evaluate_auxiliary(
    predictions: Iterable[AuxiliaryPredictions], *, bootstrap_draws: int
) -> Evaluation:
    """The numbers of every task and part under keys such as `test/severity/kappa`.

    Every task has `n`, the posts whose label is known; without any there is no other number.

    - categorical: `accuracy`, `f1_macro`;
    - binary: `accuracy`, `precision`, `recall`, `f1`, an answer being yes from 0.5 on;
    - ordinal: `accuracy`, `kappa` (Cohen's, with quadratic weights), `mae` in levels, and
      `underestimated`, the share of posts placed two levels or more too low. The answer is the
      lowest level that a post does not exceed with probability above 0.5;
    - regression: `r2`, `mae` in the unit of the labels;
    - multi_label: `f1/LABEL` and `f1_macro`.

    Calibration is left alone, as it is for the main task.
    """
    metrics: dict[str, float | None] = {}
    intervals: dict[str, Interval] = {}
    for given in predictions:
        if given.part == "calibration":
            continue
        prefix = f"{given.part}/{given.task.name}"
        known = _only_known(given)
        metrics[f"{prefix}/n"] = len(known)
        if len(known):
            values, ranges = _evaluate(known, draws=bootstrap_draws)
            metrics |= {f"{prefix}/{key}": value for key, value in values.items()}
            intervals |= {f"{prefix}/{key}": range_ for key, range_ in ranges.items()}
    return Evaluation(metrics, intervals)


def _only_known(given: AuxiliaryPredictions) -> AuxiliaryPredictions:
    rows = np.flatnonzero(are_known(given.labels)).tolist()
    return replace(
        given,
        post_ids=[given.post_ids[row] for row in rows],
        authors=None if given.authors is None else [given.authors[row] for row in rows],
        labels=given.labels[rows],
        outputs=given.outputs[rows],
    )


def _evaluate(
    known: AuxiliaryPredictions, *, draws: int
) -> tuple[dict[str, float | None], dict[str, Interval]]:
    statistic, shares, least = MEASURES[type(known.task.kind)](known)
    values = at_weight_one(statistic, len(known))
    drawn = bootstrap_intervals(statistic, author_numbers(known), must_hold=[], draws=draws)
    found = {
        key: hull(drawn.get(key), least.get(key))
        for key, value in values.items()
        if value is not None
    }
    values |= {key: share.value for key, share in shares.items()}
    found |= {key: share.interval for key, share in shares.items()}
    return values, {key: interval for key, interval in found.items() if interval is not None}


def _measure_categorical(known: AuxiliaryPredictions) -> Measured:
    kind = known.task.kind
    assert isinstance(kind, Categorical)
    one_hot = np.eye(len(kind.names))
    predicted = known.outputs.argmax(axis=1)
    is_of_class, is_predicted = one_hot[known.labels], one_hot[predicted]

    def f1_macro(weights: np.ndarray) -> dict[str, np.ndarray]:
        return {"f1_macro": mean_of_known(_f1(weights, is_of_class, is_predicted))}

    return f1_macro, {"accuracy": _share(predicted == known.labels)}, {}


def _measure_binary(known: AuxiliaryPredictions) -> Measured:
    is_true, is_predicted = known.labels == 1, known.outputs[:, 0] >= 0.5
    shares = {
        "accuracy": _share(is_true == is_predicted),
        "precision": Share.among(is_true, is_predicted),
        "recall": Share.among(is_predicted, is_true),
    }

    def f1(weights: np.ndarray) -> dict[str, np.ndarray]:
        return {"f1": _f1(weights, is_true[:, None], is_predicted[:, None])[:, 0]}

    return f1, shares, {"f1": _least_f1(is_true, is_predicted)}


def levels_of(outputs: np.ndarray) -> np.ndarray:
    """The level of each post from the probabilities of all levels, shape `(n,)` from `(n, C)`."""
    exceeds = 1 - outputs.cumsum(axis=1)[:, :-1]  # P(y > j)
    return (exceeds > 0.5).sum(axis=1)


def _measure_ordinal(known: AuxiliaryPredictions) -> Measured:
    kind = known.task.kind
    assert isinstance(kind, Ordinal)
    num_levels = len(kind.names)
    predicted = levels_of(known.outputs)
    error = predicted - known.labels
    one_hot = np.eye(num_levels**2)[known.labels * num_levels + predicted]
    shares = {"accuracy": _share(error == 0), "underestimated": _share(error <= -FAR)}
    return partial(_numbers_of_levels, confusions=one_hot, num_levels=num_levels), shares, {}


def _numbers_of_levels(
    weights: np.ndarray, *, confusions: np.ndarray, num_levels: int
) -> dict[str, np.ndarray]:
    counts = (weights @ confusions).reshape(len(weights), num_levels, num_levels)
    levels = np.arange(num_levels)
    distance = np.abs(levels[:, None] - levels)
    total = counts.sum(axis=(1, 2))
    true, predicted = counts.sum(axis=2), counts.sum(axis=1)
    by_chance = ratio(true[:, :, None] * predicted[:, None, :], total[:, None, None])
    disagreement = (counts * distance**2).sum(axis=(1, 2))
    return {
        "kappa": 1 - ratio(disagreement, (by_chance * distance**2).sum(axis=(1, 2))),
        "mae": ratio((counts * distance).sum(axis=(1, 2)), total),
    }


def _measure_regression(known: AuxiliaryPredictions) -> Measured:
    labels = known.labels.astype(np.float64)
    error = known.outputs[:, 0] - labels
    centred = labels - labels.mean()  # R2 does not change, and sums of squares keep their digits

    def numbers(weights: np.ndarray) -> dict[str, np.ndarray]:
        total = weights.sum(axis=1)
        spread = weights @ centred**2 - ratio((weights @ centred) ** 2, total)
        # A draw of equal labels has no spread but for rounding.
        is_spread = spread > 1e-9 * (weights @ centred**2)
        unexplained = ratio(weights @ error**2, np.where(is_spread, spread, 0))
        return {"r2": 1 - unexplained, "mae": ratio(weights @ np.abs(error), total)}

    return numbers, {}, {}


def _measure_multi_label(known: AuxiliaryPredictions) -> Measured:
    names = known.task.kind.output_names
    is_true, is_predicted = known.labels == 1, known.outputs >= 0.5

    def numbers(weights: np.ndarray) -> dict[str, np.ndarray]:
        f1 = _f1(weights, is_true, is_predicted)
        by_label = {f"f1/{name}": f1[:, place] for place, name in enumerate(names)}
        return {"f1_macro": mean_of_known(f1), **by_label}

    least = {
        f"f1/{name}": _least_f1(is_true[:, place], is_predicted[:, place])
        for place, name in enumerate(names)
    }
    return numbers, {}, least


MEASURES: Mapping[type[TaskKind], Callable[[AuxiliaryPredictions], Measured]] = {
    Categorical: _measure_categorical,
    Binary: _measure_binary,
    Ordinal: _measure_ordinal,
    Regression: _measure_regression,
    MultiLabel: _measure_multi_label,
}


def _share(is_counted: np.ndarray) -> Share:
    return Share(int(is_counted.sum()), len(is_counted))


def _f1(weights: np.ndarray, is_true: np.ndarray, is_predicted: np.ndarray) -> np.ndarray:
    """F1 of each column, shape `(draws, columns)`."""
    hits = weights @ (is_true * is_predicted).astype(np.float64)
    given = weights @ is_true.astype(np.float64) + weights @ is_predicted.astype(np.float64)
    return ratio(2 * hits, given)


def _least_f1(is_true: np.ndarray, is_predicted: np.ndarray) -> Interval | None:
    hits = int((is_true & is_predicted).sum())
    return wilson_interval_of_f1(hits, int((is_true ^ is_predicted).sum()))
