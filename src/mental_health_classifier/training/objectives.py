"""What training minimises: pure functions of (output, batch), returning named losses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated

import numpy as np
import torch
from annotated_types import Interval
from torch import Tensor, nn
from torch.nn import functional

from mental_health_classifier.contracts import AuxiliaryTask, Batch, InputError, ModelOutput, Task


class ClassWeightedCrossEntropy(nn.Module):
    """Cross entropy in which a post of a rare class weighs more.

    The weight of class c is `(n / (C n_c)) ** exponent` for n training posts, n_c of them of class
    c: exponent 0 is plain cross entropy, 1 gives every class the same total weight. Imbalance is
    corrected here and nowhere else before the threshold is chosen.
    """

    def __init__(
        self,
        *,
        tasks: Sequence[Task | AuxiliaryTask],
        class_counts: Mapping[str, np.ndarray],
        exponent: Annotated[float, Interval(ge=0, le=10)],
    ) -> None:
        super().__init__()
        others = [task.name for task in tasks if task.name not in class_counts]
        if others:
            raise InputError(
                f"objective=cross_entropy learns one task, tasks declares {', '.join(others)} "
                "beside it. Choose clinical=multitask, or objective=multitask."
            )
        self._tasks = tuple(task.name for task in tasks)
        for task in tasks:
            counts = class_counts[task.name]
            weights = (counts.sum() / (len(counts) * counts)) ** exponent
            self.register_buffer(
                f"weights_{task.name}", torch.tensor(weights, dtype=torch.float32), persistent=False
            )

    def forward(self, output: ModelOutput, batch: Batch) -> dict[str, Tensor]:
        """Returns the loss of each task and their sum, `total`, each a scalar."""
        losses = {
            task: functional.cross_entropy(
                output.logits[task], batch.labels[task], weight=self.get_buffer(f"weights_{task}")
            )
            for task in self._tasks
        }
        return {**losses, "total": torch.stack(list(losses.values())).sum()}
