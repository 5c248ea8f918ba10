"""ROC and precision-recall numbers of posts ranked by the priority class."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mental_health_classifier.evaluation.ratios import ratio


class RankedPosts:
    """Posts ordered by score, highest first; equal scores are alerted together or not at all.

    Args:
        scores: probability of the priority class, shape `(n,)`.
        is_priority: whether each post belongs to it, bool, shape `(n,)`.
    """

    def __init__(self, scores: np.ndarray, is_priority: np.ndarray) -> None:
        if np.isnan(scores).any():
            raise ValueError(
                "Expected probabilities, got NaN: posts without a score have no order."
            )
        order = np.argsort(-scores, kind="stable")
        is_last_of_equals = np.append(np.diff(scores[order]) != 0, True)
        self.thresholds = scores[order][is_last_of_equals]
        """Distinct scores, descending, shape `(T,)`. Alerted is who reaches one."""
        self._priority_posts = order[is_priority[order]]
        self._other_posts = order[~is_priority[order]]
        self._priority_reached = np.cumsum(is_priority[order])[is_last_of_equals]
        self._others_reached = np.cumsum(~is_priority[order])[is_last_of_equals]

    def curve(self, weights: np.ndarray) -> RocCurve:
        """Alerts at every threshold for posts counted by `weights`, shape `(draws, n)`."""
        return RocCurve(
            true_alerts=_sums_of_first(weights[:, self._priority_posts], self._priority_reached),
            false_alerts=_sums_of_first(weights[:, self._other_posts], self._others_reached),
        )


def _sums_of_first(weights: np.ndarray, counts: np.ndarray) -> np.ndarray:
    sums = np.zeros((len(weights), weights.shape[1] + 1))
    np.cumsum(weights, axis=1, out=sums[:, 1:])
    return sums[:, counts]


@dataclass(frozen=True, slots=True)
class RocCurve:
    """What is alerted at each of T thresholds, from the strictest to the one that alerts all posts.

    Many draws of posts at once; the numbers have one value a draw, shape `(draws,)`. Alerting
    nothing is always possible and not among the T. Numbers are NaN where a draw has no priority
    posts or no others; average precision needs only the first.
    """

    true_alerts: np.ndarray
    """Priority posts alerted, shape `(draws, T)`."""
    false_alerts: np.ndarray
    """Other posts alerted, shape `(draws, T)`."""

    def num_thresholds_at(self, *, specificity: float) -> np.ndarray:
        """How many thresholds leave at least this share of other posts without an alert."""
        others = self.false_alerts[:, -1:]
        # In this order: (15 - 3) / 15 is the same number as 0.8, and 1 - 3 / 15 is not.
        return (ratio(others - self.false_alerts, others) >= specificity).sum(axis=1)

    def recall_at(self, *, specificity: float) -> np.ndarray:
        """Largest share of priority posts that can be alerted at this specificity or above.

        A model that gives every post the same score must alert none to get there: 0, not 1.
        """
        num_thresholds = self.num_thresholds_at(specificity=specificity)
        rows = np.arange(len(num_thresholds))
        alerted = np.where(num_thresholds > 0, self.true_alerts[rows, num_thresholds - 1], 0)
        recall = ratio(alerted, self.true_alerts[:, -1])
        return np.where(self.false_alerts[:, -1] > 0, recall, np.nan)

    def partial_area(self, max_false_positive_rate: float) -> np.ndarray:
        """Area under the ROC up to a false positive rate, standardised: 0.5 chance, 1 perfect.

        Source: McClish, Medical Decision Making 1989; scikit-learn's `roc_auc_score(max_fpr=...)`.
        """
        others = self.false_alerts[:, -1:]
        # What lies beyond the border in every draw adds nothing, and is most of the curve.
        is_within = (self.false_alerts < max_false_positive_rate * others).any(axis=0)
        first = np.s_[:, : int(is_within.sum()) + 1]
        false_positive_rate = ratio(self.false_alerts[first], others)
        recall = ratio(self.true_alerts[first], self.true_alerts[:, -1:])
        run = np.diff(false_positive_rate, axis=1, prepend=0)
        rise = np.diff(recall, axis=1, prepend=0)
        # The segment that crosses the border is cut there; of those beyond it nothing is left.
        kept = np.clip(max_false_positive_rate - (false_positive_rate - run), 0, run)
        share = np.divide(kept, run, out=np.zeros_like(run), where=run > 0)
        area = (kept * (recall - rise + rise * share / 2)).sum(axis=1)
        chance = max_false_positive_rate**2 / 2
        return (1 + (area - chance) / (max_false_positive_rate - chance)) / 2

    def average_precision(self) -> np.ndarray:
        """Mean precision over the priority posts, each at the threshold that first finds it.

        Source: scikit-learn's `average_precision_score`; no interpolation, which would flatter.
        """
        found = np.diff(self.true_alerts, axis=1, prepend=0)
        # Most thresholds find no priority post in any draw, and need no division.
        is_finding = found.any(axis=0)
        true_alerts = self.true_alerts[:, is_finding]
        precision = ratio(true_alerts, true_alerts + self.false_alerts[:, is_finding])
        # Above its highest score a draw has no alert, hence no precision, and finds nothing.
        found = found[:, is_finding]
        added = np.zeros(self.true_alerts.shape)
        added[:, is_finding] = np.where(found > 0, precision * found, 0)
        return ratio(added.sum(axis=1), self.true_alerts[:, -1])
