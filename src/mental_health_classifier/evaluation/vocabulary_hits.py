"""Posts with and without an expression of the clinical vocabulary."""

from __future__ import annotations

from dataclasses import replace
from itertools import compress

import numpy as np

from mental_health_classifier.contracts import Predictions

VOCABULARY_HIT = "has_vocabulary_hit"
"""The group of posts with an expression of the clinical vocabulary; its values are true, false."""


def vocabulary_hits(predictions: Predictions) -> np.ndarray | None:
    """Which posts have an expression of the vocabulary, bool, shape `(n,)`. None: not recorded."""
    values = predictions.groups.get(VOCABULARY_HIT)
    return None if values is None else np.array(values) == "true"


def only(predictions: Predictions, is_kept: np.ndarray) -> Predictions:
    """Some of the posts, and nothing of groups.

    Args:
        is_kept: bool, shape `(n,)`.
    """
    authors = predictions.authors
    return replace(
        predictions,
        post_ids=list(compress(predictions.post_ids, is_kept)),
        authors=None if authors is None else list(compress(authors, is_kept)),
        labels=predictions.labels[is_kept],
        probabilities=predictions.probabilities[is_kept],
        groups={},
    )
