"""Linear output layers, one for each task."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from mental_health_classifier.contracts import InputError, Task
from mental_health_classifier.contracts.ranges import Width


class LinearHeads(nn.Module):
    """One linear layer for each task on the shared vector.

    They are made in the order of the tasks, the main one first, so that its weights are those of a
    network that has no other.
    """

    def __init__(self, *, tasks: Sequence[Task], width: Width) -> None:
        super().__init__()
        for task in tasks:
            if hasattr(nn.ModuleDict, task.name):
                raise InputError(
                    f"A task cannot be called {task.name}, which the network uses itself. Rename "
                    "it in tasks."
                )
        self.by_task = nn.ModuleDict(
            {task.name: nn.Linear(width, task.num_logits) for task in tasks}
        )

    def forward(self, pooled: Tensor) -> dict[str, Tensor]:
        """Returns the logits of each task, shape `(B, C)`, from `pooled` of shape `(B, D)`."""
        return {name: head(pooled) for name, head in self.by_task.items()}
