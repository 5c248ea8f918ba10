"""Objectives: the named losses of (output, batch), for one task or several, weighed and summed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Annotated

import numpy as np
import torch
from annotated_types import Interval
from torch import Tensor, nn
from torch.nn import functional

from mental_health_classifier.contracts import Batch, InputError, ModelOutput, Task
from mental_health_classifier.contracts.ranges import Share
from mental_health_classifier.contracts.task_kinds import MISSING

MAX_LOG_VARIANCE = 4.0


class ClassWeightedCrossEntropy(nn.Module):
    """Cross entropy in which a post of a rare class weighs more.

    The weight of class c is `(n / (C n_c)) ** exponent` for n training posts, n_c of them of class
    c: exponent 0 is plain cross entropy, 1 gives every class the same total weight. Imbalance is
    corrected here and nowhere else before the threshold is chosen.

    Args:
        label_smoothing: share of each label that is spread over all classes (Szegedy et al.,
            Rethinking the Inception Architecture, CVPR 2016).
    """

    class_weights: Tensor

    def __init__(
        self,
        *,
        tasks: Sequence[Task],
        class_counts: Mapping[str, np.ndarray],
        exponent: Annotated[float, Interval(ge=0, le=10)],
        label_smoothing: Share = 0.0,
    ) -> None:
        super().__init__()
        self._label_smoothing = label_smoothing
        task, *others = tasks
        if others:
            raise InputError(
                "objective: this one learns one task, and tasks declares "
                f"{', '.join(other.name for other in others)} beside it. Choose "
                "clinical=multitask, or objective=multitask."
            )
        self._task = task.name
        counts = class_counts[task.name]
        weights = (counts.sum() / (len(counts) * counts)) ** exponent
        weights = torch.tensor(weights, dtype=torch.float32)
        self.register_buffer("class_weights", weights, persistent=False)

    def forward(self, output: ModelOutput, batch: Batch) -> dict[str, Tensor]:
        """Returns the loss of the task, a scalar, under its name and as `total`."""
        loss = functional.cross_entropy(
            output.logits[self._task],
            batch.labels[self._task],
            weight=self.class_weights,
            label_smoothing=self._label_smoothing,
        )
        return {self._task: loss, "total": loss}


class MultitaskObjective(nn.Module):
    """The loss of the main task and that of each auxiliary task, weighed and summed.

    Args:
        tasks: the main one first.
        class_counts: training posts of each class of the main task, under its name.
        main: makes the objective of the main task, as it is when that is learned alone.
        weighting: makes `FixedWeights` or a like module.

    Raises:
        InputError: there is no task beside the main one.
    """

    def __init__(
        self,
        *,
        tasks: Sequence[Task],
        class_counts: Mapping[str, np.ndarray],
        main: Callable[..., nn.Module],
        weighting: Callable[..., nn.Module],
    ) -> None:
        super().__init__()
        main_task, *self._others = tasks
        self._main_task = main_task.name
        if not self._others:
            raise InputError(
                f"objective=multitask needs a task beside {self._main_task}: this corpus declares "
                "none (data.auxiliary_tasks). Say what else its columns answer: "
                "'+tasks={NAME: {column: …, kind: …}}', or leave clinical=multitask out."
            )
        self.main = main(tasks=[main_task], class_counts=class_counts)
        self.weighting = weighting(tasks=tasks)

    def forward(self, output: ModelOutput, batch: Batch) -> dict[str, Tensor]:
        """Returns the unweighted loss of each task, zero where no label is known, and `total`."""
        main = self.main(output, batch)["total"]
        losses = {self._main_task: main}
        is_known = {self._main_task: torch.ones((), dtype=torch.bool, device=main.device)}
        for task in self._others:
            labels = batch.labels[task.name]
            losses[task.name] = task.kind.loss(output.logits[task.name], labels)
            is_known[task.name] = _is_any_known(labels)
        return {**losses, "total": self.weighting(losses, is_known)}


def _is_any_known(labels: Tensor) -> Tensor:
    # Never read on the host, which would have a GPU wait at every step.
    return (~labels.isnan() if labels.is_floating_point() else labels != MISSING).any()


class FixedWeights(nn.Module):
    """The main task counts 1, every other what `tasks.NAME.weight` says."""

    def __init__(self, *, tasks: Sequence[Task]) -> None:
        super().__init__()
        self._weights = {task.name: task.weight for task in tasks}

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

    def __init__(self, *, tasks: Sequence[Task]) -> None:
        super().__init__()
        self._names = tuple(task.name for task in tasks)
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
