from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from whole_batches import batch_of

from mental_health_classifier.contracts import InputError, ModelOutput, Task
from mental_health_classifier.training.distillation import Distillation

TASK = Task.categorical("condition", ("control", "suicide"), "suicide")
OF_TEACHER = np.array([[np.nan, np.nan], [0.9, 0.1], [0.2, 0.8]])
"""Of three posts of a corpus, the first of which is in a part that nobody learns from."""


def objective(
    of_teacher: np.ndarray = OF_TEACHER, tasks: Sequence[Task] = (TASK,), **options: float
) -> Distillation:
    given = {"label_share": 0.0, "temperature": 1.0, "exponent": 0.0} | options
    return Distillation(
        tasks=tasks,
        class_counts={"condition": np.array([90, 10])},
        teach=lambda teacher, sha256: of_teacher,
        teacher="run",
        teacher_sha256="0" * 64,
        **given,
    )


def loss_of(logits: list[list[float]], labels: list[int], **options: Any) -> float:
    batch = batch_of([1, 1], {"condition": torch.tensor(labels)})
    batch = replace(batch, post_indices=torch.tensor([2, 1]))
    losses = objective(**options)(ModelOutput({"condition": torch.tensor(logits)}), batch)
    assert losses["total"] == losses["condition"]
    return losses["total"].item()


def divergence(teacher: list[float], network: list[float]) -> float:
    return sum(p * math.log(p / q) for p, q in zip(teacher, network, strict=True))


def test_the_network_is_held_to_what_the_teacher_says_of_the_same_post() -> None:
    # Logits 0 and ln 3 are a quarter and three; equal logits a half each. The posts of the batch
    # are rows 2 and 1 of the corpus.
    logits = [[0.0, math.log(3)], [0.0, 0.0]]
    expected = (divergence([0.2, 0.8], [0.25, 0.75]) + divergence([0.9, 0.1], [0.5, 0.5])) / 2
    assert loss_of(logits, [0, 0]) == pytest.approx(expected, abs=1e-6)
    agreeing = [[math.log(0.2), math.log(0.8)], [math.log(0.9), math.log(0.1)]]
    assert loss_of(agreeing, [0, 1]) == pytest.approx(0, abs=1e-6)


def test_a_temperature_softens_both_and_its_square_keeps_the_gradient() -> None:
    # At temperature 2 odds become their square roots: 4 becomes 2, 9 becomes 3, and e**2 becomes e.
    logits = [[0.0, 2.0], [0.0, 0.0]]
    share = math.e / (1 + math.e)
    first = divergence([1 / 3, 2 / 3], [1 - share, share])
    second = divergence([3 / 4, 1 / 4], [0.5, 0.5])
    found = loss_of(logits, [0, 0], temperature=2.0)
    assert found == pytest.approx(4 * (first + second) / 2, abs=1e-6)


def test_labels_count_for_their_share() -> None:
    logits, labels = [[1.0, 0.0], [2.0, 0.0]], [1, 0]
    of_labels = (math.log(1 + math.e) + math.log(1 + math.exp(-2))) / 2
    of_teacher = loss_of(logits, labels)
    assert loss_of(logits, labels, label_share=1.0) == pytest.approx(of_labels, abs=1e-6)
    mixed = loss_of(logits, labels, label_share=0.25)
    assert mixed == pytest.approx(0.25 * of_labels + 0.75 * of_teacher, abs=1e-6)


def test_a_teacher_that_is_sure_gives_a_finite_loss() -> None:
    sure = np.array([[np.nan, np.nan], [1.0, 0.0], [0.0, 1.0]])
    assert math.isfinite(loss_of([[3.0, 0.0], [0.0, 3.0]], [0, 1], of_teacher=sure))


def test_another_task_is_refused() -> None:
    other = Task.categorical("topic", ("a", "b"), None)
    with pytest.raises(InputError, match=r"learns one task, and tasks declares topic"):
        objective(tasks=[TASK, other])
