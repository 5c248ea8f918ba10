"""Distillation: a network learns what another model says of posts, beside their labels."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Annotated

import numpy as np
import torch
from annotated_types import Interval
from torch import Tensor, nn
from torch.nn import functional

from mental_health_classifier.contracts import Batch, ModelOutput, Task
from mental_health_classifier.contracts.ranges import Share
from mental_health_classifier.training.objectives import ClassWeightedCrossEntropy

_LOWEST = 1e-6
"""Of a teacher's probabilities, which come rounded to 6 decimals."""


class Distillation(nn.Module):
    """Cross entropy with the labels, and with what a teacher says of the same posts.

    `label_share * loss of labels + (1 - label_share) * T**2 * KL(teacher || network)`, in which the
    probabilities of both are softened: their logarithms are divided by the temperature T. The
    factor keeps the gradients of both losses alike whatever T is.

    Args:
        tasks: the one that is learned, and no others.
        class_counts: see `ClassWeightedCrossEntropy`.
        teach: (teacher, teacher_sha256) -> class probabilities of all posts of the corpus that are
            trained or validated on, float64, shape `(n, C)`; other rows are NaN.
        teacher: folder or id of the run whose model teaches.
        teacher_sha256: of its weights; null: filled in.
        exponent: of the class weights in the loss of labels.

    Source: Hinton, Vinyals and Dean, Distilling the Knowledge in a Neural Network, 2015.
    """

    of_teacher: Tensor

    def __init__(
        self,
        *,
        tasks: Sequence[Task],
        class_counts: Mapping[str, np.ndarray],
        teach: Callable[[str, str], np.ndarray],
        teacher: str | None,
        teacher_sha256: str | None,
        label_share: Share,
        temperature: Annotated[float, Interval(ge=1, le=100)],
        exponent: Annotated[float, Interval(ge=0, le=10)],
    ) -> None:
        super().__init__()
        assert teacher is not None and teacher_sha256 is not None
        self._task = tasks[0].name
        self._labels = ClassWeightedCrossEntropy(
            tasks=tasks, class_counts=class_counts, exponent=exponent
        )
        self._label_share = label_share
        self._temperature = temperature
        probabilities = torch.from_numpy(teach(teacher, teacher_sha256))
        softened = (probabilities.clamp_min(_LOWEST).log() / temperature).log_softmax(-1)
        self.register_buffer("of_teacher", softened.float(), persistent=False)

    def forward(self, output: ModelOutput, batch: Batch) -> dict[str, Tensor]:
        """Returns the loss of the task, a scalar, under its name and as `total`."""
        of_network = (output.logits[self._task] / self._temperature).log_softmax(-1)
        from_teacher = functional.kl_div(
            of_network,
            self.of_teacher[batch.post_indices],
            reduction="batchmean",
            log_target=True,
        )
        of_labels = self._labels(output, batch)["total"]
        loss = of_labels.lerp(self._temperature**2 * from_teacher, 1 - self._label_share)
        return {self._task: loss, "total": loss}
