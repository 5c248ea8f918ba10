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
    Behind,
    Interval,
    Statistic,
    author_numbers,
    draw_by_author,
)
from mental_health_classifier.evaluation.ratios import mean_of_known, ratio

FAR = 2
"""So many levels too low is a severe error: a post is taken for much less than it is."""

Measured = tuple[Statistic, Mapping[str, Behind]]
"""All numbers as a function of weights, and the posts behind those that are shares or like them."""


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
    statistic, behind = MEASURES[type(known.task.kind)](known)
    drawn = draw_by_author(statistic, author_numbers(known), draws=draws, behind=behind)
    return dict(drawn.values), drawn.intervals()


def _measure_categorical(known: AuxiliaryPredictions) -> Measured:
    kind = known.task.kind
    assert isinstance(kind, Categorical)
    one_hot = np.eye(len(kind.names))
    predicted = known.outputs.argmax(axis=1)
    is_of_class, is_predicted = one_hot[known.labels], one_hot[predicted]

    is_right = predicted == known.labels

    def numbers(weights: np.ndarray) -> dict[str, np.ndarray]:
        return {
            "f1_macro": mean_of_known(_f1(weights, is_of_class, is_predicted)),
            "accuracy": _share(weights, is_right),
        }

    return numbers, {"accuracy": Behind(np.ones(len(known), dtype=bool), "share")}


def _measure_binary(known: AuxiliaryPredictions) -> Measured:
    is_true, is_predicted = known.labels == 1, known.outputs[:, 0] >= 0.5
    is_right, everything = is_true == is_predicted, np.ones(len(known), dtype=bool)

    def numbers(weights: np.ndarray) -> dict[str, np.ndarray]:
        return {
            "f1": _f1(weights, is_true[:, None], is_predicted[:, None])[:, 0],
            "accuracy": _share(weights, is_right),
            "precision": _share(weights, is_true, among=is_predicted),
            "recall": _share(weights, is_predicted, among=is_true),
        }

    shares = {"accuracy": everything, "precision": is_predicted, "recall": is_true}
    behind = {key: Behind(posts, "share") for key, posts in shares.items()}
    return numbers, behind | {"f1": Behind(is_true | is_predicted, "like a share")}


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
    of_levels = partial(_numbers_of_levels, confusions=one_hot, num_levels=num_levels)

    def numbers(weights: np.ndarray) -> dict[str, np.ndarray]:
        return {
            **of_levels(weights),
            "accuracy": _share(weights, error == 0),
            "underestimated": _share(weights, error <= -FAR),
        }

    everything = Behind(np.ones(len(known), dtype=bool), "share")
    return numbers, dict.fromkeys(("accuracy", "underestimated"), everything)


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

    return numbers, {}


def _measure_multi_label(known: AuxiliaryPredictions) -> Measured:
    names = known.task.kind.output_names
    is_true, is_predicted = known.labels == 1, known.outputs >= 0.5

    def numbers(weights: np.ndarray) -> dict[str, np.ndarray]:
        f1 = _f1(weights, is_true, is_predicted)
        by_label = {f"f1/{name}": f1[:, place] for place, name in enumerate(names)}
        return {"f1_macro": mean_of_known(f1), **by_label}

    behind = is_true | is_predicted
    return numbers, {
        f"f1/{name}": Behind(behind[:, place], "like a share") for place, name in enumerate(names)
    }


MEASURES: Mapping[type[TaskKind], Callable[[AuxiliaryPredictions], Measured]] = {
    Categorical: _measure_categorical,
    Binary: _measure_binary,
    Ordinal: _measure_ordinal,
    Regression: _measure_regression,
    MultiLabel: _measure_multi_label,
}


def _share(
    weights: np.ndarray, is_counted: np.ndarray, *, among: np.ndarray | None = None
) -> np.ndarray:
    """Share of posts that are counted, of all or of some, shape `(draws,)`."""
    if among is None:
        return ratio(weights @ is_counted.astype(np.float64), weights.sum(axis=1))
    counted = (is_counted & among).astype(np.float64)
    return ratio(weights @ counted, weights @ among.astype(np.float64))


def _f1(weights: np.ndarray, is_true: np.ndarray, is_predicted: np.ndarray) -> np.ndarray:
    """F1 of each column, shape `(draws, columns)`."""
    hits = weights @ (is_true * is_predicted).astype(np.float64)
    given = weights @ is_true.astype(np.float64) + weights @ is_predicted.astype(np.float64)
    return ratio(2 * hits, given)
