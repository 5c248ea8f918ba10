"""Classification metrics of one part, as functions of how often each post counts.

What is not a plain share of posts is a function of weights, how often each post counts, for many
draws at once: a number and its bootstrap interval come from the same lines, and thousands of draws
take seconds. At weight one the values are those of scikit-learn, whose functions take one draw at a
time.
"""

from __future__ import annotations

import numpy as np

from mental_health_classifier.contracts import Predictions, Task
from mental_health_classifier.evaluation.intervals import Behind
from mental_health_classifier.evaluation.ratios import mean_of_known, ratio
from mental_health_classifier.evaluation.roc import RankedPosts

WATCHED = ("accuracy", "f1_macro")
WATCHED_OF_PRIORITY = ("partial_auc", "recall_at_spec80")
"""What training measures on val after every epoch, the latter where a class has priority."""

MEANS_OVER_CLASSES = ("balanced_accuracy", "f1_macro")
"""Numbers in which every class counts as much, however few its posts."""

HEADLINE_SPECIFICITY = 0.80
STRICT_SPECIFICITY = 0.90
MAX_FALSE_POSITIVE_RATE = 0.20


def confusion_matrix(predictions: Predictions) -> np.ndarray:
    """Posts of each true class (rows) by most probable class (columns), int64, shape `(C, C)`."""
    counts = np.zeros((predictions.task.num_classes,) * 2, dtype=np.int64)
    np.add.at(counts, (predictions.labels, predictions.probabilities.argmax(axis=1)), 1)
    return counts


class PartMetrics:
    """The numbers of one part as a function of how often each post counts."""

    def __init__(self, predictions: Predictions) -> None:
        self.task = predictions.task
        one_hot = np.eye(self.task.num_classes)
        is_of_class = one_hot[predictions.labels]
        is_predicted = one_hot[predictions.probabilities.argmax(axis=1)]
        self._counted = np.hstack([is_of_class * is_predicted, is_of_class, is_predicted])
        self._ranked_posts = None
        if self.task.priority_class is not None and predictions.has_probabilities:
            self._ranked_posts = RankedPosts(predictions.priority_scores, predictions.is_priority)

    def __call__(self, weights: np.ndarray) -> dict[str, np.ndarray]:
        """For weights of shape `(draws, n)` every number, one value a draw, shape `(draws,)`.

        NaN where a draw leaves a number undefined.
        """
        hits, support, predicted = np.split(weights @ self._counted, 3, axis=1)
        numbers = _numbers_of_classes(hits, support, predicted, task=self.task)
        if self._ranked_posts is not None:
            curve = self._ranked_posts.curve(weights)
            auprc = curve.average_precision()
            priority = support[:, self.task.priority_index]
            numbers |= {
                "recall_at_spec80": curve.recall_at(specificity=HEADLINE_SPECIFICITY),
                "recall_at_spec90": curve.recall_at(specificity=STRICT_SPECIFICITY),
                "partial_auc": curve.partial_area(MAX_FALSE_POSITIVE_RATE),
                "auprc": auprc,
                # What ranking at random reaches is the share of priority posts in the same draw.
                "auprc_above_chance": auprc - ratio(priority, support.sum(axis=1)),
            }
        return numbers


def posts_behind(predictions: Predictions) -> dict[str, Behind]:
    """Which posts each number of `PartMetrics` is about, of those that are not about all."""
    task, labels = predictions.task, predictions.labels
    predicted, everything = predictions.probabilities.argmax(axis=1), np.ones(len(labels), bool)
    behind = {"accuracy": Behind(everything, "share")}
    for index, name in enumerate(task.class_names):
        behind[f"recall/{name}"] = Behind(labels == index, "share")
        behind[f"precision/{name}"] = Behind(predicted == index, "share")
        either = (labels == index) | (predicted == index)
        behind[f"f1/{name}"] = Behind(either, "like a share")
    if task.priority_class is not None:
        for name in ("prevalence", "alert_rate"):
            behind[name] = Behind(everything, "share")
        # Recall decides what these are, and so the people who wrote priority posts.
        for name in ("recall_at_spec80", "recall_at_spec90", "auprc", "partial_auc"):
            behind[name] = Behind(predictions.is_priority, "like a share")
        behind["auprc_above_chance"] = Behind(predictions.is_priority, "other")
        behind["f2"] = behind[f"f1/{task.priority_class}"]
    return behind


def _numbers_of_classes(
    hits: np.ndarray, support: np.ndarray, predicted: np.ndarray, *, task: Task
) -> dict[str, np.ndarray]:
    """From posts that each class was rightly given, has, and was given, all `(draws, C)`."""
    f1 = ratio(2 * hits, support + predicted)
    numbers = {
        "accuracy": ratio(hits.sum(axis=1), support.sum(axis=1)),
        # A class without posts has no recall, and if it was not predicted either no F1: it is left
        # out of the mean.
        "balanced_accuracy": mean_of_known(ratio(hits, support)),
        "f1_macro": mean_of_known(f1),
    }
    recall, precision = ratio(hits, support), ratio(hits, predicted)
    for name in task.display_order:
        index = task.class_names.index(name)
        numbers[f"precision/{name}"] = precision[:, index]
        numbers[f"recall/{name}"] = recall[:, index]
        numbers[f"f1/{name}"] = f1[:, index]
    if task.priority_index is not None:
        priority = np.s_[:, task.priority_index]
        total = support.sum(axis=1)
        numbers["prevalence"] = ratio(support[priority], total)
        numbers["alert_rate"] = ratio(predicted[priority], total)
        # F-beta with beta 2: recall counts for more than precision.
        numbers["f2"] = ratio(5 * hits[priority], 4 * support[priority] + predicted[priority])
    return numbers
