"""What the loss of each task counts for in the loss that training minimises."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from mental_health_classifier.contracts import AuxiliaryTask

MAX_LOG_VARIANCE = 4.0


class FixedWeights(nn.Module):
    """The main task counts 1, every other what `tasks.NAME.weight` says."""

    def __init__(self, *, main_task: str, auxiliary_tasks: Sequence[AuxiliaryTask]) -> None:
        super().__init__()
        self._weights = {main_task: 1.0, **{task.name: task.weight for task in auxiliary_tasks}}

    def forward(self, losses: Mapping[str, Tensor], is_known: Mapping[str, Tensor]) -> Tensor:
        """Sums the losses, a scalar.

        Args:
            losses: mean of each task over the posts whose label is known, zero where there is none.
            is_known: whether the batch has a label for the task, bool, a scalar.
        """
        return torch.stack([self._weights[name] * loss for name, loss in losses.items()]).sum()


class UncertaintyWeights(nn.Module):
    """Weights that are learned: `sum of m (exp(-s) loss + s / 2)`, with an `s` for each task.

    `s` is the log of the variance that a task leaves unexplained; m is 1 where the batch has a
    label for the task, else 0, because s would otherwise fall without end. A task that is hard
    counts less, so the main task is held at weight 1 at least: its misses cost most. The sum can
    be negative.

    Source: Kendall, Gal and Cipolla, Multi-Task Learning Using Uncertainty to Weigh Losses for
        Scene Geometry and Semantics, CVPR 2018.
    """

    highest: Tensor

    def __init__(self, *, main_task: str, auxiliary_tasks: Sequence[AuxiliaryTask]) -> None:
        super().__init__()
        self._names = (main_task, *(task.name for task in auxiliary_tasks))
        self.log_variances = nn.Parameter(torch.zeros(len(self._names)))
        highest = torch.full((len(self._names),), MAX_LOG_VARIANCE)
        highest[0] = 0.0
        self.register_buffer("highest", highest, persistent=False)

    def forward(self, losses: Mapping[str, Tensor], is_known: Mapping[str, Tensor]) -> Tensor:
        """As in `FixedWeights`."""
        with torch.no_grad():
            # The parameter itself is held: a clamp in the formula would take away the gradient that
            # brings it back.
            lowest = torch.full_like(self.highest, -MAX_LOG_VARIANCE)
            self.log_variances.clamp_(lowest, self.highest)
        values = torch.stack([losses[name] for name in self._names])
        is_there = torch.stack([is_known[name] for name in self._names])
        terms = (-self.log_variances).exp() * values + self.log_variances / 2
        return terms.where(is_there, 0).sum()
