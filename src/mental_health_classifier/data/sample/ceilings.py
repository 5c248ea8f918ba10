"""Ceilings of the sample posts: the exact posterior behind every post.

Legend of shapes: n posts, S slots (of the longest post), K classes, V cues. `cues[i, j]` is what
post i says in its slot j, or -1 where it has no such slot.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

NO_CUE = -1


@dataclass(frozen=True, kw_only=True)
class SampleOracle:
    """The reader who knows how the posts were made, and only cannot know the label."""

    class_shares: np.ndarray
    """Probability of each true class, shape `(K,)`."""
    affirmed: np.ndarray
    """Probability that a class says a cue, given that it affirms one, shape `(K, V)`."""
    denied: np.ndarray
    """The same for denied cues, shape `(K, V)`."""
    confusion: np.ndarray
    """Probability of each label (column) for each true class (row), shape `(K, K)`."""

    def sequence_posterior(self, cues: np.ndarray, is_denied: np.ndarray) -> np.ndarray:
        """Probability of each label for a reader of the whole text, shape `(n, K)`.

        Args:
            cues: cue in each slot, shape `(n, S)`.
            is_denied: whether the slot denies its cue, shape `(n, S)`.
        """
        likelihood = np.where(is_denied[..., None], self.denied.T[cues], self.affirmed.T[cues])
        likelihood = np.where((cues == NO_CUE)[..., None], 1.0, likelihood)
        return self._posterior(likelihood.prod(axis=1))

    def bag_of_words_posterior(self, cues: np.ndarray, num_denied: np.ndarray) -> np.ndarray:
        """Probability of each label for a reader blind to the order of words, shape `(n, K)`.

        Such a reader knows the cues and how many of them were denied, and must consider every way
        to place the negators. Their sum is the coefficient of z^k in the product over slots of
        (affirmed + z denied), the elementary symmetric polynomial. As each placement of k negators
        is as likely as the others, whatever the class, nothing else enters.

        Args:
            cues: cue in each slot, in any order, shape `(n, S)`.
            num_denied: number of negators in each post, shape `(n,)`.
        """
        num_posts, num_slots = cues.shape
        is_absent = (cues == NO_CUE)[..., None]
        affirmed = np.where(is_absent, 1.0, self.affirmed.T[cues])
        denied = np.where(is_absent, 0.0, self.denied.T[cues])
        coefficients = np.zeros((num_slots + 1, num_posts, len(self.class_shares)))
        coefficients[0] = 1.0
        for slot in range(num_slots):
            with_denied = coefficients[:-1] * denied[:, slot]
            coefficients *= affirmed[:, slot]
            coefficients[1:] += with_denied
        return self._posterior(coefficients[num_denied, np.arange(num_posts)])

    def _posterior(self, likelihood: np.ndarray) -> np.ndarray:
        joint = self.class_shares * likelihood
        return joint / joint.sum(axis=1, keepdims=True) @ self.confusion


def cue_probabilities(spoken_for: np.ndarray, num_classes: int, *, strength: float) -> np.ndarray:
    """How often each class says each cue, shape `(K, V)`.

    Args:
        spoken_for: index of the class that each cue speaks for, shape `(V,)`.
        strength: log of how many times likelier a cue that speaks for the class is than another.
    """
    weights = np.exp(strength * (spoken_for == np.arange(num_classes)[:, None]))
    return weights / weights.sum(axis=1, keepdims=True)


def label_confusion(
    class_shares: np.ndarray, confusions: Sequence[tuple[int, int, float]], *, noise: float
) -> np.ndarray:
    """Probability of each label for each true class, shape `(K, K)`.

    As many posts move from one class to another as back, so labels keep the shares of the classes.

    Args:
        class_shares: probability of each true class, shape `(K,)`.
        confusions: pairs of class indices with the weight of each pair.
        noise: share of all posts whose label is not their true class.
    """
    moved = np.zeros((len(class_shares), len(class_shares)))
    for one, other, weight in confusions:
        moved[one, other] = moved[other, one] = weight
    moved *= noise / moved.sum()
    return np.diag(1.0 - moved.sum(axis=1) / class_shares) + moved / class_shares[:, None]


def specificity_at_recall(
    scores: np.ndarray, is_positive: np.ndarray, *, recall: float
) -> float | None:
    """Share of the other posts left alone at the highest threshold that finds enough positive ones.

    None where either kind of post is missing. A post at the threshold is found.
    """
    if is_positive.all() or not is_positive.any():
        return None
    positives = np.sort(scores[is_positive])
    num_missed = int(np.floor((1.0 - recall) * len(positives) + 1e-9))
    return float(np.mean(scores[~is_positive] < positives[num_missed]))
