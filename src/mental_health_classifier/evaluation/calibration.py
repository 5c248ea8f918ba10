"""Calibration: temperature, calibration error, Brier score, slope and reliability curve.

Probabilities are calibrated where seven in ten of the posts that are given 0.7 are so.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from mental_health_classifier.contracts import Predictions
from mental_health_classifier.contracts.predictions import DECIMALS
from mental_health_classifier.evaluation.intervals import (
    CONFIDENCE,
    DRAWS,
    author_numbers,
    draw_by_author,
)
from mental_health_classifier.evaluation.shares import ShareOfPosts, measure_shares

NUM_BINS = 15
SMALLEST = 5e-7
"""Half a unit of the last stored decimal: what a probability rounded to 0 may have been."""
TEMPERATURES = (0.05, 20.0)


def fit_temperature(predictions: Predictions) -> float:
    """The one number that logits are divided by to make the posts' classes most likely.

    Above 1 the model was too sure of itself. Which class is most probable does not change.

    Args:
        predictions: for val; neither test nor the calibration part, which serves the certificate.

    Returns:
        At an end of TEMPERATURES where no number between them is best.

    Source: Guo et al., On Calibration of Modern Neural Networks, ICML 2017.
    """
    from scipy.optimize import minimize_scalar

    predictions = predictions.answered()

    def mean_loss(log_temperature: float) -> float:
        rescaled = rescale(predictions.probabilities, temperature=np.exp(log_temperature))
        return log_loss(rescaled, predictions.labels)

    bounds = np.log(TEMPERATURES)
    found: Any = minimize_scalar(mean_loss, bounds=bounds, method="bounded")
    return float(np.exp(found.x))


def rescale(probabilities: np.ndarray, *, temperature: float) -> np.ndarray:
    """Probabilities whose logits were divided by `temperature`, shape `(n, C)`."""
    logits = np.log(np.maximum(probabilities, SMALLEST)) / temperature
    odds = np.exp(logits - logits.max(axis=1, keepdims=True))
    return odds / odds.sum(axis=1, keepdims=True)


def calibrated(predictions: Predictions, temperature: float | None) -> Predictions:
    """The same at a temperature, with the decimals that are stored; None: as they are."""
    if temperature is None:
        return predictions
    rescaled = rescale(predictions.probabilities, temperature=temperature)
    return replace(predictions, probabilities=rescaled.round(DECIMALS))


def log_loss(probabilities: np.ndarray, labels: np.ndarray) -> float:
    """Mean of minus the logarithm of what the true class was given."""
    given = probabilities[np.arange(len(labels)), labels]
    return float(-np.log(np.maximum(given, SMALLEST)).mean())


def equal_mass_bins(scores: np.ndarray, *, num_bins: int = NUM_BINS) -> np.ndarray:
    """Bin of each score, as many posts in each as can be where equal scores stay together.

    Bins of equal width would leave most posts in one of them, and the error to a few.
    """
    ordered = np.sort(scores)
    return np.searchsorted(ordered, scores, side="left") * num_bins // len(scores)


def calibration_error(scores: np.ndarray, is_so: np.ndarray, *, bins: np.ndarray) -> float:
    """Mean distance of what was said from what is so, over bins weighted by their posts.

    Args:
        scores: probabilities, shape `(n,)`.
        is_so: whether what each is the probability of is so, shape `(n,)`.
        bins: from `equal_mass_bins`.

    Source: Naeini, Cooper and Hauskrecht, AAAI 2015 (expected calibration error).
    """
    surplus = np.bincount(bins, weights=scores) - np.bincount(bins, weights=is_so)
    return float(np.abs(surplus).sum() / len(scores))


def calibration_numbers(predictions: Predictions, *, draws: int = DRAWS) -> dict[str, Any]:
    """How well probabilities are calibrated, over all classes and for each.

    Returns:
        `log_loss`; `brier` (squared error summed over classes, 0 to 2); `ece`, the calibration
        error of the most probable class; each with its interval over draws of authors, as
        `ece_interval`; `brier_noise_floor`, what the Brier score would be if every probability were
        right; `ece_noise_floor`, the error that so many posts of so many authors show even then;
        `classwise_ece`, by class; and with a priority class what `priority_calibration` says.
    """
    probabilities, labels = predictions.probabilities, predictions.labels
    is_class = np.eye(predictions.task.num_classes)[labels]
    top = probabilities.max(axis=1)
    is_right = probabilities.argmax(axis=1) == labels
    classwise = {}
    for name in predictions.task.display_order:
        index = predictions.task.class_names.index(name)
        scores = probabilities[:, index]
        bins = equal_mass_bins(scores)
        classwise[name] = calibration_error(scores, is_class[:, index], bins=bins)
    given = probabilities[np.arange(len(labels)), labels]
    means = {
        "log_loss": -np.log(np.maximum(given, SMALLEST)),
        "brier": ((probabilities - is_class) ** 2).sum(axis=1),
    }
    surplus = np.eye(NUM_BINS)[equal_mass_bins(top)] * (top - is_right)[:, None]
    columns = np.column_stack([*means.values(), surplus])

    def numbers(weights: np.ndarray) -> dict[str, np.ndarray]:
        found = (weights @ columns / weights.sum(axis=1, keepdims=True)).T
        return dict(zip([*means, *map(str, range(NUM_BINS))], found, strict=True))

    drawn = draw_by_author(numbers, author_numbers(predictions), draws=draws)
    surpluses = np.array([drawn.drawn[str(bin_)] for bin_ in range(NUM_BINS)])
    found = {
        **{key: drawn.values[key] for key in means},
        **{f"{key}_interval": drawn.interval(key) for key in means},
        "brier_noise_floor": float((probabilities * (1 - probabilities)).sum(axis=1).mean()),
        **_error_of(surpluses, surplus.mean(axis=0)),
        "classwise_ece": classwise,
    }
    if predictions.task.priority_class is not None:
        found["priority"] = priority_calibration(predictions, draws=draws)
    return found


def _error_of(drawn: np.ndarray, surplus: np.ndarray) -> dict[str, Any]:
    """Calibration error from the surplus of each bin, in draws `(bins, draws)` and as it is.

    The error is a sum of absolute values and lies above the true one by chance alone, so that draws
    do not say how sure it is. They say how far from what it is the surplus may be: no error can be
    further from the true one than that (the triangle inequality).
    """
    error = float(np.abs(surplus).sum())
    distances = np.abs(drawn - surplus[:, None]).sum(axis=0)
    furthest = float(np.quantile(distances, CONFIDENCE))
    return {
        "ece": error,
        "ece_interval": (max(error - furthest, 0.0), min(error + furthest, 1.0)),
        "ece_noise_floor": float(distances.mean()),
    }


def priority_calibration(predictions: Predictions, *, draws: int = DRAWS) -> dict[str, Any]:
    """The same for the probability of the priority class alone.

    Returns:
        `brier`; `slope`, 1 if well calibrated, below 1 if too sure; `intercept`, 0 if well
        calibrated, above 0 if there are more priority posts than was said; both with intervals that
        know of authors, None where classes do not overlap; and the `reliability_curve`.

    Source: Van Calster et al., Calibration: the Achilles heel of predictive analytics, BMC Medicine
    2019.
    """
    scores, is_priority = predictions.priority_scores, predictions.is_priority
    return {
        "brier": float(((scores - is_priority) ** 2).mean()),
        **_slope_and_intercept(predictions),
        "reliability_curve": reliability_curve(predictions, draws=draws),
    }


def reliability_curve(predictions: Predictions, *, draws: int = DRAWS) -> list[dict[str, Any]]:
    """What was said of the priority class and what was so, a point for each bin of equally many
    posts."""
    scores = predictions.priority_scores
    bins = equal_mass_bins(scores)
    measured = measure_shares(
        {
            str(number): ShareOfPosts(predictions.is_priority, bins == number)
            for number in np.unique(bins)
        },
        predictions,
        draws=draws,
    )
    return [
        {
            "predicted": float(scores[bins == int(number)].mean()),
            "observed": share.value,
            "interval": share.interval,
            "n": share.n,
        }
        for number, share in measured.items()
    ]


def _slope_and_intercept(predictions: Predictions) -> dict[str, Any]:
    import statsmodels.api as sm

    scores, is_priority = predictions.priority_scores, predictions.is_priority
    unknown: dict[str, Any] = dict.fromkeys(
        ("slope", "slope_interval", "intercept", "intercept_interval")
    )
    if is_priority.all() or not is_priority.any():
        return unknown
    if scores[is_priority].min() > scores[~is_priority].max() or np.ptp(scores) == 0:
        return unknown
    inner = np.clip(scores, SMALLEST, 1 - SMALLEST)
    log_odds = np.log(inner / (1 - inner))
    one = np.ones(len(scores))
    clusters = {"cov_type": "cluster", "cov_kwds": {"groups": author_numbers(predictions)}}
    family = sm.families.Binomial()
    with warnings.catch_warnings():
        # A fit at the edge of what can be fitted shows in an interval that is not finite.
        warnings.simplefilter("ignore")
        sloped: Any = sm.GLM(is_priority * 1.0, np.column_stack([one, log_odds]), family=family)
        sloped = sloped.fit(**clusters)
        shifted: Any = sm.GLM(is_priority * 1.0, one, family=family, offset=log_odds)
        shifted = shifted.fit(**clusters)
    return {
        "slope": float(sloped.params[1]),
        "slope_interval": tuple(map(float, sloped.conf_int()[1])),
        "intercept": float(shifted.params[0]),
        "intercept_interval": tuple(map(float, shifted.conf_int()[0])),
    }


def assess_calibration(
    predictions: Mapping[str, Predictions], *, bootstrap_draws: int = DRAWS
) -> dict[str, Any]:
    """Calibration of test before and after the temperature that val asks for.

    Args:
        predictions: val and test, both checked. Posts that the model did not answer are left out.
        bootstrap_draws: draws of authors behind the intervals.
    """
    temperature = fit_temperature(predictions["val"])
    test = predictions["test"].answered()
    rescaled = rescale(test.probabilities, temperature=temperature)
    return {
        "temperature": temperature,
        "before": calibration_numbers(test, draws=bootstrap_draws),
        "after": calibration_numbers(replace(test, probabilities=rescaled), draws=bootstrap_draws),
    }
