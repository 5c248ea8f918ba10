"""What a model said about the posts of one part."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mental_health_classifier.contracts.tasks import AuxiliaryTask, Task

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True, slots=True)
class Predictions:
    """What a model said about one part: one row a post, no text.

    Every metric, table and certificate is a function of these.
    """

    part: str
    task: Task
    post_ids: Sequence[str]
    """Keyed hashes, unique within the corpus, length n."""
    authors: Sequence[str] | None
    """Keyed hashes of the posts' authors, length n. None: the corpus does not name them."""
    labels: np.ndarray
    """Class indices, int64, shape `(n,)`."""
    probabilities: np.ndarray
    """Rows sum to one up to rounding to 6 decimals, float64, shape `(n, C)`. A post's logits depend
    on its neighbours by rounding errors; these decimals keep them out of every comparison."""
    groups: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """By name of what posts are told apart by (gender, source, severity): for each post its value,
    empty where it is not known, length n."""

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def priority_scores(self) -> np.ndarray:
        """Probability of the priority class, shape `(n,)`."""
        assert self.task.priority_index is not None
        return self.probabilities[:, self.task.priority_index]

    @property
    def is_priority(self) -> np.ndarray:
        """Whether each post belongs to the priority class, bool, shape `(n,)`."""
        return self.labels == self.task.priority_index


@dataclass(frozen=True, slots=True)
class AuxiliaryPredictions:
    """What a model said about one part in answer to an auxiliary task: one row a post, no text."""

    part: str
    task: AuxiliaryTask
    post_ids: Sequence[str]
    authors: Sequence[str] | None
    """As in `Predictions`."""
    labels: np.ndarray
    """As the task's kind says, some of them missing, length n."""
    outputs: np.ndarray
    """As the task's kind says, rounded to 6 decimals, float64, shape `(n, outputs)`."""

    def __len__(self) -> int:
        return len(self.labels)
