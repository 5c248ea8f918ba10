"""Ways to combine the probabilities of several models.

Whatever raises the recall of the priority class also raises its false alarms, so ways of combining
are compared at equal specificity (`recall_at_spec80`), never by bare recall.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from mental_health_classifier.contracts import InputError
from mental_health_classifier.evaluation.calibration import SMALLEST
from mental_health_classifier.evaluation.operating_point import OperatingPoint

MEANS = ("mean", "weighted")
WAYS = (*MEANS, "max", "noisy_or", "vote")


def check_way(way: str, *, priority_index: int | None) -> None:
    """Refuses a way of combining that there is not, or that needs a priority class."""
    if way not in WAYS:
        raise InputError(f"--combine={way}: one of {', '.join(WAYS)} was expected.")
    if way not in MEANS and priority_index is None:
        raise InputError(
            f"--combine={way} is about the priority class, and these runs have none: use "
            f"{' or '.join(MEANS)}."
        )


def fit_weights(members: Sequence[np.ndarray], labels: np.ndarray) -> list[float]:
    """Weights of the mean of several models that makes the posts' classes most likely: none is
    negative, and together they are 1.

    Args:
        members: class probabilities of each for val, shape `(n, C)`.
        labels: indices of the posts' classes, shape `(n,)`.

    Source: the linear pool of Genest and Zidek, Combining Probability Distributions, Statistical
        Science 1986. Its log likelihood has no other maximum than the highest.
    """
    from scipy.optimize import minimize

    likelihoods = np.array([each[np.arange(len(labels)), labels] for each in members])

    def mean_loss(weights: np.ndarray) -> float:
        return float(-np.log(np.maximum(weights @ likelihoods, SMALLEST)).mean())

    equal = np.full(len(members), 1 / len(members))
    found = minimize(
        mean_loss,
        equal,
        method="SLSQP",
        bounds=[(0, 1)] * len(members),
        constraints={"type": "eq", "fun": lambda weights: weights.sum() - 1},
    )
    weights = np.clip(found.x, 0, 1).round(3)
    return [float(each) for each in weights / weights.sum()]


def combine_as(
    ensemble: Mapping[str, Any], members: Sequence[np.ndarray], *, priority_index: int | None
) -> np.ndarray:
    """As `combine`, in the way that an ensemble's configuration has recorded.

    Args:
        ensemble: `way` and the facts of the `members`.
    """
    facts = ensemble["members"]
    return combine(
        members,
        way=ensemble["way"],
        priority_index=priority_index,
        points=[OperatingPoint(each["threshold"], each.get("temperature")) for each in facts],
        weights=[each["weight"] for each in facts] if ensemble["way"] == "weighted" else None,
    )


def combine(
    members: Sequence[np.ndarray],
    *,
    way: str,
    priority_index: int | None,
    points: Sequence[OperatingPoint],
    weights: Sequence[float] | None = None,
) -> np.ndarray:
    """What several models say together; the other classes share what the priority class leaves as
    they do in the mean.

    Args:
        members: class probabilities of each, shape `(n, C)`.
        way: mean; weighted: the mean, in which members count by `weights`; max: the most alarmed
            member; noisy_or: one minus the chance that all are wrong, as if they erred
            independently; vote: how many members alert, each at its own operating point, and the
            mean among posts with equally many.
        points: of each member, chosen on val; vote alone uses them.
        weights: of each member, from `fit_weights`; None: all count the same.

    Returns:
        Probabilities, shape `(n, C)`. Those of vote are a ranking and no more, so no temperature
        is chosen for them.
    """
    mean = np.average(members, axis=0, weights=weights)
    if way in MEANS:
        return mean
    assert priority_index is not None
    scores = np.array([each[:, priority_index] for each in members])
    if way == "max":
        score = scores.max(axis=0)
    elif way == "noisy_or":
        score = 1 - np.prod(1 - scores, axis=0)
    else:
        alerts = [
            point.alerts_at(each, priority_index=priority_index)
            for point, each in zip(points, members, strict=True)
        ]
        votes = np.sum(alerts, axis=0)
        score = (votes + scores.mean(axis=0)) / (len(members) + 1)
    return _with_score(mean, score, priority_index)


def _with_score(mean: np.ndarray, score: np.ndarray, priority_index: int) -> np.ndarray:
    left = 1 - mean[:, priority_index]
    alike = np.full_like(mean, 1 / (mean.shape[1] - 1))
    shares = np.divide(mean, left[:, None], out=alike, where=left[:, None] > 0)
    combined = shares * (1 - score)[:, None]
    combined[:, priority_index] = score
    return combined
