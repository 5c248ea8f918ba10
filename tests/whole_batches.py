"""Batches for tests that look at a few of their fields."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from torch import Tensor

from mental_health_classifier.contracts import Batch
from mental_health_classifier.data.batching import make_batch
from mental_health_classifier.data.tokens.token_cache import TokenTable


def batch_of(lengths: Sequence[int], labels: Mapping[str, Tensor] | None = None) -> Batch:
    """Posts of the lengths given in ascending order, all of token 0.

    Args:
        labels: of the posts, for each task.
    """
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    given = {task: values.numpy() for task, values in (labels or {}).items()}
    tokens = TokenTable(np.zeros(offsets[-1], np.uint16), offsets)
    return make_batch(tokens, rows=np.arange(len(lengths)), labels=given)
