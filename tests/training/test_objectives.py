import numpy as np
import pytest
import torch
from whole_batches import batch_of

from mental_health_classifier.contracts import ModelOutput, Task
from mental_health_classifier.training.objectives import ClassWeightedCrossEntropy

TASK = Task("condition", ("control", "suicide"), "suicide")


def loss_of(logits: list[list[float]], labels: list[int], *, exponent: float) -> float:
    objective = ClassWeightedCrossEntropy(
        tasks=[TASK], class_counts={"condition": np.array([90, 10])}, exponent=exponent
    )
    batch = batch_of([1] * len(labels), {"condition": torch.tensor(labels)})
    losses = objective(ModelOutput({"condition": torch.tensor(logits)}), batch)
    assert losses["total"] == losses["condition"]
    return losses["total"].item()


def test_weights_are_inverse_shares_to_the_exponent() -> None:
    # Weights (100 / (2 * 90)) ** .5 = .745356 and (100 / (2 * 10)) ** .5 = 2.236068; the losses of
    # the two posts are ln(1 + e^-2) = .126928 and ln(1 + e) = 1.313262; the mean is weighted.
    expected = (0.745356 * 0.126928 + 2.236068 * 1.313262) / (0.745356 + 2.236068)
    loss = loss_of([[2.0, 0.0], [1.0, 0.0]], [0, 1], exponent=0.5)
    assert loss == pytest.approx(expected, abs=1e-5)


def test_exponent_zero_is_plain_cross_entropy() -> None:
    loss = loss_of([[2.0, 0.0], [1.0, 0.0]], [0, 1], exponent=0.0)
    assert loss == pytest.approx((0.126928 + 1.313262) / 2, abs=1e-5)
