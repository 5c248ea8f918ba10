"""The vector of a post becomes an answer to each task."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from mental_health_classifier.contracts import Task


class LinearHeads(nn.Module):
    """One linear layer for each task on the shared vector."""

    def __init__(self, *, tasks: Sequence[Task], width: int) -> None:
        super().__init__()
        self.by_task = nn.ModuleDict(
            {task.name: nn.Linear(width, task.num_classes) for task in tasks}
        )

    def forward(self, pooled: Tensor) -> dict[str, Tensor]:
        """Returns logits of shape `(B, C)` for each task from `pooled` of shape `(B, D)`."""
        return {name: head(pooled) for name, head in self.by_task.items()}
