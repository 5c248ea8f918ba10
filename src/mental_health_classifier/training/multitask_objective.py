"""The main task and others at once, each learned from the posts whose label for it is known."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import torch
from torch import Tensor, nn

from mental_health_classifier.contracts import AuxiliaryTask, Batch, InputError, ModelOutput, Task
from mental_health_classifier.contracts.task_kinds import MISSING


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
        tasks: Sequence[Task | AuxiliaryTask],
        class_counts: Mapping[str, np.ndarray],
        main: Callable[..., nn.Module],
        weighting: Callable[..., nn.Module],
    ) -> None:
        super().__init__()
        self._main_task = tasks[0].name
        self._auxiliary_tasks = [task for task in tasks if isinstance(task, AuxiliaryTask)]
        if not self._auxiliary_tasks:
            raise InputError(
                f"objective=multitask needs a task beside {self._main_task}: this corpus declares "
                "none (data.auxiliary_tasks). Say what else its columns answer: "
                "'+tasks={NAME: {column: …, kind: …}}', or leave clinical=multitask out."
            )
        self.main = main(tasks=tasks[:1], class_counts=class_counts)
        self.weighting = weighting(main_task=self._main_task, auxiliary_tasks=self._auxiliary_tasks)

    def forward(self, output: ModelOutput, batch: Batch) -> dict[str, Tensor]:
        """Returns the unweighted loss of each task, zero where no label is known, and `total`."""
        main = self.main(output, batch)["total"]
        losses = {self._main_task: main}
        is_known = {self._main_task: torch.ones((), dtype=torch.bool, device=main.device)}
        for task in self._auxiliary_tasks:
            labels = batch.labels[task.name]
            losses[task.name] = task.kind.loss(output.logits[task.name], labels)
            is_known[task.name] = _is_any_known(labels)
        return {**losses, "total": self.weighting(losses, is_known)}


def _is_any_known(labels: Tensor) -> Tensor:
    # Never read on the host, which would have a GPU wait at every step.
    return (~labels.isnan() if labels.is_floating_point() else labels != MISSING).any()
