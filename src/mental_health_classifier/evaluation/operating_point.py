"""The threshold that would be used, chosen on val and frozen, and what it does on other posts."""

from __future__ import annotations

import numpy as np

from mental_health_classifier.evaluation.intervals import Share
from mental_health_classifier.evaluation.roc import RankedPosts


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
    num_alerts, num_true_alerts = int(is_alerted.sum()), int((is_alerted & is_priority).sum())
    num_not_alarmed = int((~is_alerted & ~is_priority).sum())
    return {
        "recall": Share(num_true_alerts, int(is_priority.sum())),
        "specificity": Share(num_not_alarmed, int((~is_priority).sum())),
        "precision": Share(num_true_alerts, num_alerts),
        "alert_rate": Share(num_alerts, len(scores)),
    }
