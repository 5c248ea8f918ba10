"""Losses and outputs of every kind of task, against the library, formulas and each other."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
import torch
from coral_pytorch.dataset import corn_label_from_logits
from coral_pytorch.losses import corn_loss
from torch import Tensor
from torch.nn import functional

from mental_health_classifier.contracts.task_kinds import (
    MISSING,
    Binary,
    Categorical,
    MultiLabel,
    Ordinal,
    Regression,
    TaskKind,
    are_known,
    describe_kind,
    read_kind,
)

LEVELS = Ordinal(("0", "1", "2", "3", "4"))
KINDS: list[tuple[TaskKind, list]] = [
    (Categorical(("a", "b", "c")), [0, 2, MISSING, 1]),
    (Binary(("no", "yes")), [0, 1, MISSING, 1]),
    (LEVELS, [0, 4, MISSING, 2]),
    (Regression(40.0, 8.0), [30.0, 55.5, math.nan, 41.0]),
    (MultiLabel(("fear", "joy")), [[1.0, 0.0], [0.0, 0.0], [math.nan] * 2, [1.0, 1.0]]),
]
each_kind = pytest.mark.parametrize(
    ("kind", "labels"), KINDS, ids=[type(kind).__name__ for kind, _ in KINDS]
)


def logits_of(kind: TaskKind, num_posts: int = 4) -> Tensor:
    generator = torch.Generator().manual_seed(1)
    return torch.randn(num_posts, kind.num_logits, generator=generator)


@each_kind
def test_a_missing_label_costs_nothing_and_moves_nothing(kind: TaskKind, labels: list) -> None:
    logits = logits_of(kind).requires_grad_()
    loss = kind.loss(logits, torch.tensor(labels))
    loss.backward()
    assert logits.grad is not None
    assert (logits.grad[2] == 0).all() and all(logits.grad[row].any() for row in (0, 1, 3))
    junk = logits.detach().clone()
    junk[2] = 1e6
    assert kind.loss(junk, torch.tensor(labels)) == loss
    known = [0, 1, 3]
    alone = kind.loss(logits[known], torch.tensor([labels[row] for row in known]))
    torch.testing.assert_close(alone, loss)


@each_kind
def test_a_batch_without_labels_has_no_loss_and_no_gradient(kind: TaskKind, labels: list) -> None:
    logits = logits_of(kind).requires_grad_()
    loss = kind.loss(logits, torch.tensor([labels[2]] * 4))
    loss.backward()
    assert loss == 0 and logits.grad is not None and (logits.grad == 0).all()


@each_kind
def test_labels_survive_as_cells_and_kinds_as_json(kind: TaskKind, labels: list) -> None:
    for label in labels:
        assert np.array_equal(kind.encode(kind.decode(label)), label, equal_nan=True)
    assert not are_known(np.array([kind.encode("")])).any()
    assert read_kind(json.loads(json.dumps(describe_kind(kind)))) == kind
    assert are_known(np.array(labels)).tolist() == [True, True, False, True]
    assert kind.outputs(logits_of(kind)).shape == (4, len(kind.output_names))


def test_the_loss_of_levels_is_that_of_the_library_and_ignores_missing_ones() -> None:
    generator = torch.Generator().manual_seed(3)
    for _ in range(20):
        logits = torch.randn(9, 4, generator=generator)
        levels = torch.randint(0, 5, (9,), generator=generator)
        ours = LEVELS.loss(logits, levels)
        torch.testing.assert_close(ours, corn_loss(logits, levels, num_classes=5))
        more = torch.cat([logits, torch.randn(3, 4, generator=generator)])
        missing = torch.cat([levels, torch.tensor([MISSING] * 3)])
        torch.testing.assert_close(LEVELS.loss(more, missing), ours)


def test_the_loss_of_levels_by_hand() -> None:
    # Levels 1 and 0 of three. Post 1 reaches level 1: logit 0 is asked for both posts (yes, no),
    # logit 1 for post 1 alone (no): (ln(1 + e^-2) + ln(1 + e^1) + ln(1 + e^.5)) / 3.
    loss = Ordinal(("a", "b", "c")).loss(
        torch.tensor([[2.0, 0.5], [1.0, 9.0]]), torch.tensor([1, 0])
    )
    assert loss.item() == pytest.approx((0.126928 + 1.313262 + 0.974077) / 3, abs=1e-5)


def test_levels_are_read_off_as_the_library_does() -> None:
    logits = torch.tensor([[14.152, -6.1942, 0.4771, 0.9685], [65.667, 0.303, 11.5, -4.524]])
    assert corn_label_from_logits(logits).tolist() == [1, 3]
    probabilities = LEVELS.outputs(logits.double())
    torch.testing.assert_close(probabilities.sum(1), torch.ones(2, dtype=torch.float64))
    beyond = 1 - probabilities.cumsum(1)[:, :-1]
    assert (beyond > 0.5).sum(1).tolist() == [1, 3]


def test_the_loss_of_a_number_is_one_for_a_model_that_knows_the_mean() -> None:
    kind = Regression.fit(["1", "2", "6"], np.array([1, 2, 1]), None)
    assert (kind.mean, kind.spread) == (2.75, pytest.approx(math.sqrt(3.6875)))
    numbers = torch.tensor([1.0, 2.0, 2.0, 6.0])
    assert kind.loss(torch.zeros(4, 1), numbers).item() == pytest.approx(1)
    answer = kind.outputs(torch.tensor([[(6 - kind.mean) / kind.spread]]))
    assert answer.item() == pytest.approx(6)


def test_losses_of_yes_and_no_and_of_several_labels_are_binary_cross_entropies() -> None:
    expected = (math.log(1 + math.exp(-2)) + math.log(1 + math.exp(1))) / 2
    logits = torch.tensor([[2.0], [1.0]])
    assert Binary(("no", "yes")).loss(logits, torch.tensor([1, 0])).item() == pytest.approx(
        expected
    )
    several = MultiLabel(("a", "b")).loss(logits.T, torch.tensor([[1.0, 0.0]]))
    assert several.item() == pytest.approx(expected)
    three = torch.tensor([[1.0, 2.0, 3.0]])
    ours = Categorical(("a", "b", "c")).loss(three, torch.tensor([1]))
    torch.testing.assert_close(ours, functional.cross_entropy(three, torch.tensor([1])))


@pytest.mark.parametrize(
    ("kind", "cells", "expected"),
    [
        (Categorical, ["b", "a"], ("a", "b")),
        (Binary, ["yes", "no"], ("no", "yes")),
        (Ordinal, ["10", "2", "3"], ("2", "3", "10")),
        (MultiLabel, ["joy; fear", "none", "anger|joy"], ("anger", "fear", "joy")),
    ],
)
def test_answers_are_found_where_none_are_named(kind, cells: list, expected: tuple) -> None:
    fitted = kind.fit(cells, np.ones(len(cells), int), None)
    assert fitted.names == expected


@pytest.mark.parametrize(
    ("kind", "cells", "message"),
    [
        (Binary, ["a", "b", "c"], "two classes"),
        (Ordinal, ["low", "high"], "whole numbers"),
        (Regression, ["1", "inf"], "numbers were expected"),
        (Regression, ["1", "high"], "numbers were expected"),
    ],
)
def test_cells_of_another_kind_are_refused(kind, cells: list, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        kind.fit(cells, np.ones(len(cells), int), None)
