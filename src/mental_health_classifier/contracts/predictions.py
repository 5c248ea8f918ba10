"""Predictions: what a model said about the posts of one part."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from mental_health_classifier.contracts.errors import InputError
from mental_health_classifier.contracts.shapes import require_shape
from mental_health_classifier.contracts.tasks import Task

if TYPE_CHECKING:
    import numpy as np


DECIMALS = 6
"""Of probabilities, in files and where they decide."""
MODEL_ANSWER, GIVEN, NONE = "model_answer", "given", "none"
"""The group that tells posts without an answer of a model apart, where there are any, and its
values. These posts go to a person and are given to the priority class."""


@dataclass(frozen=True, slots=True)
class Answers:
    """What a model said about one part in answer to a task: one row a post, no text."""

    part: str
    task: Task
    post_ids: Sequence[str]
    """Keyed hashes, unique within the corpus, length n."""
    authors: Sequence[str] | None
    """Keyed hashes of the posts' authors, length n. None: the corpus does not name them."""
    labels: np.ndarray
    """As the task's kind says, length n: of the main task class indices, int64."""

    def __len__(self) -> int:
        return len(self.labels)

    def _check_rows(self) -> None:
        """Raises ValueError where there is not one row a post."""
        require_shape("post_ids", self.post_ids, (len(self),))
        if self.authors is not None:
            require_shape("authors", self.authors, (len(self),))


@dataclass(frozen=True, slots=True)
class Predictions(Answers):
    """Answers to the main task, of which every metric, table and certificate is a function."""

    probabilities: np.ndarray
    """Rows sum to one up to rounding to 6 decimals, float64, shape `(n, C)`. A post's logits depend
    on its neighbours by rounding errors; these decimals keep them out of every comparison."""
    groups: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """By name of what posts are told apart by (gender, source, severity): for each post its value,
    empty where it is not known, length n."""
    has_probabilities: bool = True
    """False: somebody else's model gave classes and nothing else. Its class has 1, the others 0:
    no post can be ranked by that, and no threshold chosen."""

    def __post_init__(self) -> None:
        """Checks shapes, and that probabilities are some.

        Raises:
            InputError: probabilities are not finite, not between 0 and 1, or do not sum to one.
            ValueError: lengths do not fit each other, or a label is none of the classes.
        """
        self._check_rows()
        require_shape("probabilities", self.probabilities, (len(self), self.task.num_classes))
        for name, values in self.groups.items():
            require_shape(f"groups.{name}", values, (len(self),))
        if len(self) and not 0 <= self.labels.min() <= self.labels.max() < self.task.num_classes:
            raise ValueError(f"labels: places below {self.task.num_classes} were expected.")
        # Single precision sums to one to 6 decimals or so; a network that diverged is far off.
        num_bad = int((~are_distributions(self.probabilities, tolerance=1e-3)).sum())
        if num_bad:
            raise InputError(
                f"{num_bad} of {len(self)} rows of probabilities for {self.part} are not finite or "
                "do not sum to one: training has diverged. Lower model.learning_rate, or clip "
                "gradients with trainer.gradient_clip_val. Where they are scores, give their "
                "softmax."
            )

    def answered(self) -> Predictions:
        """Those posts that the model gave an answer to."""
        import numpy as np

        if MODEL_ANSWER not in self.groups:
            return self
        (kept,) = np.nonzero(np.array(self.groups[MODEL_ANSWER], dtype=object) != NONE)

        def chosen(values: Sequence[str]) -> list[str]:
            return [values[place] for place in kept.tolist()]

        return replace(
            self,
            post_ids=chosen(self.post_ids),
            authors=None if self.authors is None else chosen(self.authors),
            labels=self.labels[kept],
            probabilities=self.probabilities[kept],
            groups={name: chosen(values) for name, values in self.groups.items()},
        )

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
class AuxiliaryPredictions(Answers):
    """Answers to an auxiliary task; some labels may be missing."""

    outputs: np.ndarray
    """As the task's kind says, rounded to 6 decimals, float64, shape `(n, outputs)`."""

    def __post_init__(self) -> None:
        """Checks shapes, and that outputs are numbers.

        Raises:
            InputError: outputs are not finite.
            ValueError: lengths do not fit each other.
        """
        import numpy as np

        self._check_rows()
        require_shape("outputs", self.outputs, (len(self), len(self.task.kind.output_names)))
        num_bad = int((~np.isfinite(self.outputs)).any(axis=1).sum())
        if num_bad:
            raise InputError(
                f"{num_bad} of {len(self)} answers to task {self.task.name} for {self.part} are "
                "not finite: training has diverged. Lower model.learning_rate."
            )


def are_distributions(probabilities: np.ndarray, *, tolerance: float | np.ndarray) -> np.ndarray:
    """Whether each row of `(n, C)` holds probabilities that sum to one up to a tolerance, which may
    be one for each, bool, shape `(n,)`."""
    import numpy as np

    # Comparisons with what is not a number are false, which is what they should be here.
    with np.errstate(invalid="ignore"):
        off = np.abs(probabilities.sum(axis=1) - 1)
        return (probabilities >= 0).all(axis=1) & (off < tolerance)
