"""Operating point: a temperature and a threshold that are chosen on val and frozen for all other
posts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from mental_health_classifier.contracts import Predictions
from mental_health_classifier.contracts.predictions import DECIMALS
from mental_health_classifier.evaluation.calibration import calibrated, fit_temperature, rescale
from mental_health_classifier.evaluation.intervals import CONFIDENCE, Interval
from mental_health_classifier.evaluation.roc import RankedPosts
from mental_health_classifier.evaluation.shares import Share, ShareOfPosts

DEPLOYED_PREVALENCES = (0.001, 0.01, 0.05)
"""Shares of priority posts where a model may come to be used. A corpus that was put together to
learn from holds many more, and makes precision look better than it will be."""

CONFIDENCE_OF_BOTH = 1 - (1 - CONFIDENCE) / 2
"""Of two intervals that have to hold at once (Bonferroni)."""


@dataclass(frozen=True, slots=True)
class OperatingPoint:
    """From which probability of the priority class on a post is alerted."""

    threshold: float | None
    """None: no threshold will do, or no class has priority."""
    temperature: float | None = None
    """At which probabilities decide. None: as the model gives them, in records of before."""

    @classmethod
    def chosen_on(cls, val: Predictions, *, specificity: float) -> OperatingPoint:
        """See `threshold_for_specificity`; bare classes alert as they are."""
        if not val.has_probabilities:
            return cls(1.0)
        temperature = fit_temperature(val)
        scores = calibrated(val, temperature).priority_scores
        threshold = threshold_for_specificity(scores, val.is_priority, specificity=specificity)
        return cls(None) if threshold is None else cls(threshold, temperature)

    @classmethod
    def without_val(cls, predictions: Mapping[str, Predictions]) -> OperatingPoint | None:
        """What stands for one where nobody predicted val: of bare classes those, else nothing.
        None: val is there, and it is chosen on that."""
        if "val" in predictions:
            return None
        return cls(None if predictions["test"].has_probabilities else 1.0)

    @classmethod
    def recorded_in(cls, metrics: Mapping[str, Any]) -> OperatingPoint:
        """The one that numbers of val are recorded with, or those of test where nothing was said
        of val."""
        part = "val" if "val/operating_point/threshold" in metrics else "test"
        found = [metrics.get(f"{part}/operating_point/{key}") for key in cls.__slots__]
        threshold, temperature = (each if isinstance(each, int | float) else None for each in found)
        # No run ends with another temperature, and nothing can be divided by 0.
        is_damaged = temperature is not None and not temperature > 0
        return cls(None) if is_damaged else cls(threshold, temperature)

    def deciding(self, predictions: Predictions) -> Predictions:
        """The same posts with the probabilities that decide."""
        return calibrated(predictions, self.temperature)

    def alerts(self, predictions: Predictions) -> np.ndarray:
        """Whether each post is alerted, shape `(n,)`; none without a threshold."""
        assert predictions.task.priority_index is not None
        return self.alerts_at(
            predictions.probabilities, priority_index=predictions.task.priority_index
        )

    def alerts_at(self, probabilities: np.ndarray, *, priority_index: int) -> np.ndarray:
        """The same of class probabilities as the model gives them, shape `(n, C)`."""
        if self.threshold is None:
            return np.zeros(len(probabilities), dtype=bool)
        if self.temperature is not None:
            probabilities = rescale(probabilities, temperature=self.temperature).round(DECIMALS)
        return probabilities[:, priority_index] >= self.threshold


def recall_at_specificity(
    scores: np.ndarray, is_priority: np.ndarray, *, specificity: float
) -> float | None:
    """Largest share of true cases that can be alerted at this specificity, off the ROC of the part.

    Args:
        scores: probability of the priority class, shape `(n,)`; NaN is refused.
        is_priority: whether each post belongs to it, bool, shape `(n,)`.
        specificity: required share of other posts without an alert, in (0, 1].

    Returns:
        Recall in [0, 1]; None without priority posts or without others.
    """
    curve = RankedPosts(scores, is_priority).curve(np.ones((1, len(scores))))
    recall = float(curve.recall_at(specificity=specificity)[0])
    return None if np.isnan(recall) else recall


def threshold_for_specificity(
    scores: np.ndarray, is_priority: np.ndarray, *, specificity: float
) -> float | None:
    """Lowest threshold that leaves the required share of other posts without an alert.

    It has the greatest recall. Where higher thresholds find as many of these posts, it still spends
    the whole allowance of false alarms, because it misses fewer of the posts to come.

    Args:
        scores, is_priority: as for `recall_at_specificity`. Use validation data: a threshold chosen
            on test is optimistic.
        specificity: required share of other posts without an alert, in (0, 1].

    Returns:
        A post is alerted when its score is at least this. None where no threshold will do: every
        alert would break the limit (a model that gives every post the same score), or one of the
        two kinds of posts is missing.
    """
    if is_priority.all() or not is_priority.any():
        return None
    ranked_posts = RankedPosts(scores, is_priority)
    curve = ranked_posts.curve(np.ones((1, len(scores))))
    num_thresholds = int(curve.num_thresholds_at(specificity=specificity)[0])
    return float(ranked_posts.thresholds[num_thresholds - 1]) if num_thresholds else None


def shares_at_threshold(
    threshold: float | None, *, scores: np.ndarray, is_priority: np.ndarray
) -> dict[str, Share]:
    """What alerting from one threshold on does to posts, as four shares with their counts.

    Args:
        threshold: chosen on other posts. None: there is no usable one, and nothing can be counted.
    """
    if threshold is None:
        return dict.fromkeys(("recall", "specificity", "precision", "alert_rate"), Share(0, 0))
    is_alerted = scores >= threshold
    return {
        "recall": Share.among(is_alerted, is_priority),
        "specificity": Share.among(~is_alerted, ~is_priority),
        "precision": Share.among(is_priority, is_alerted),
        "alert_rate": Share(int(is_alerted.sum()), len(scores)),
    }


def alert_shares(is_alerted: np.ndarray, *, is_priority: np.ndarray) -> dict[str, ShareOfPosts]:
    """The posts behind the four shares of `shares_at_threshold`."""
    return {
        "recall": ShareOfPosts(is_alerted, is_priority),
        "specificity": ShareOfPosts(~is_alerted, ~is_priority),
        "precision": ShareOfPosts(is_priority, is_alerted),
        "alert_rate": ShareOfPosts(is_alerted, np.ones(len(is_alerted), dtype=bool)),
    }


def precision_at_prevalence(recall: float, specificity: float, *, prevalence: float) -> float:
    """Share of alerts that would be true ones where priority posts are rarer than in the corpus.

    Bayes' rule; NaN where nothing would be alerted. Source: Belsher et al., JAMA Psychiatry 2019,
    who show how small it stays for suicide.
    """
    true_alerts = recall * prevalence
    alerts = true_alerts + (1 - specificity) * (1 - prevalence)
    return true_alerts / alerts if alerts else float("nan")


def precisions_at_prevalences(
    recall: float | None,
    specificity: float | None,
    *,
    recalls: Interval | None,
    specificities: Interval | None,
) -> tuple[dict[str, float], dict[str, Interval]]:
    """Precision at each of DEPLOYED_PREVALENCES by the name of its metric, and the intervals.

    Recall and specificity come from different posts, and precision rises with both. Its interval is
    therefore spanned by the ends of theirs.

    Args:
        recalls, specificities: intervals at CONFIDENCE_OF_BOTH.
    """
    values, intervals = {}, {}
    if recall is None or specificity is None:
        return values, intervals
    assert recalls is not None and specificities is not None
    for prevalence in DEPLOYED_PREVALENCES:
        key = f"precision_at_prevalence/{prevalence:g}"
        value = precision_at_prevalence(recall, specificity, prevalence=prevalence)
        if np.isnan(value):
            continue
        low, high = (
            precision_at_prevalence(*ends, prevalence=prevalence)
            for ends in zip(recalls, specificities, strict=True)
        )
        values[key], intervals[key] = value, (low, high)
    return values, intervals
