from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from whole_batches import batch_of

from mental_health_classifier.configuration.build import build, build_network
from mental_health_classifier.contracts import (
    InputError,
    ModelOutput,
    Task,
)
from mental_health_classifier.contracts.task_kinds import MISSING, MultiLabel, Ordinal, Regression
from mental_health_classifier.training.objectives import (
    MAX_LOG_VARIANCE,
    ClassWeightedCrossEntropy,
    FixedWeights,
    UncertaintyWeights,
)

TASK = Task.categorical("condition", ("control", "suicide"), "suicide")


def loss_of(
    logits: list[list[float]], labels: list[int], *, exponent: float, **options: float
) -> float:
    objective = ClassWeightedCrossEntropy(
        tasks=[TASK], class_counts={"condition": np.array([90, 10])}, exponent=exponent, **options
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


def test_smoothing_spreads_a_share_of_each_label_over_the_classes() -> None:
    # Logits 2 and 0: minus log of the shares, .126928 and 2.126928; a tenth of the label is spread
    # over both classes, so .95 and .05 of them.
    loss = loss_of([[2.0, 0.0]], [0], exponent=0.0, label_smoothing=0.1)
    assert loss == pytest.approx(0.95 * 0.126928 + 0.05 * 2.126928, abs=1e-5)


def test_exponent_zero_is_plain_cross_entropy() -> None:
    loss = loss_of([[2.0, 0.0], [1.0, 0.0]], [0, 1], exponent=0.0)
    assert loss == pytest.approx((0.126928 + 1.313262) / 2, abs=1e-5)


MAIN = Task.categorical("condition", ("control", "suicide"), "suicide")
AUXILIARY = [
    Task("severity", Ordinal(("0", "1", "2")), weight=0.5),
    Task("urgency", Regression(10.0, 2.0), weight=0.3),
    Task("emotions", MultiLabel(("fear", "joy")), weight=0.3),
]
TASKS = [MAIN, *AUXILIARY]
COUNTS = {"condition": np.array([3, 1])}
LABELS = {
    "condition": torch.tensor([0, 1, 0]),
    "severity": torch.tensor([MISSING, 2, 0]),
    "urgency": torch.tensor([8.0, math.nan, 11.0]),
    "emotions": torch.tensor([[1.0, 0.0], [math.nan, math.nan], [1.0, 1.0]]),
}
NOTHING = {
    "severity": torch.tensor([MISSING] * 3),
    "urgency": torch.full((3,), math.nan),
    "emotions": torch.full((3, 2), math.nan),
}


def logits_of(seed: int = 1) -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return {task.name: torch.randn(3, task.num_logits, generator=generator) for task in TASKS}


@pytest.fixture(params=["multitask", "multitask_uncertainty"])
def objective(request, compose_config) -> nn.Module:
    config = compose_config(["clinical=multitask", f"objective={request.param}"])
    return build(config.objective, tasks=TASKS, class_counts=COUNTS)


def test_the_loss_of_the_main_task_is_that_of_learning_it_alone(objective, compose_config) -> None:
    alone = build(compose_config([]).objective, tasks=[MAIN], class_counts=COUNTS)
    output = ModelOutput(logits_of())
    losses = objective(output, batch_of([1] * 3, LABELS))
    assert losses["condition"] == alone(output, batch_of([1] * 3, LABELS))["total"]
    assert set(losses) == {"condition", "severity", "urgency", "emotions", "total"}


def test_a_missing_label_moves_no_logit_of_its_task(objective) -> None:
    logits = {name: values.requires_grad_() for name, values in logits_of().items()}
    objective(ModelOutput(logits), batch_of([1] * 3, LABELS))["total"].backward()
    for name, row in (("severity", 0), ("urgency", 1), ("emotions", 1)):
        gradient = logits[name].grad
        assert gradient is not None and gradient.any() and not gradient[row].any()


def test_junk_where_labels_are_missing_changes_nothing(objective) -> None:
    junk = logits_of()
    for name, row in (("severity", 0), ("urgency", 1), ("emotions", 1)):
        junk[name][row] = -1e5
    expected = objective(ModelOutput(logits_of()), batch_of([1] * 3, LABELS))
    assert objective(ModelOutput(junk), batch_of([1] * 3, LABELS)) == expected


def test_a_batch_without_further_labels_costs_what_the_main_task_costs(objective) -> None:
    logits = {name: values.requires_grad_() for name, values in logits_of().items()}
    losses = objective(ModelOutput(logits), batch_of([1] * 3, {**LABELS, **NOTHING}))
    assert losses["total"] == losses["condition"]
    losses["total"].backward()
    for parameter in objective.parameters():
        assert parameter.grad[1:].eq(0).all()


def test_fixed_weights_are_those_of_the_tasks() -> None:
    losses = {"condition": torch.tensor(1.0), "severity": torch.tensor(4.0)}
    is_known = dict.fromkeys(losses, torch.tensor(True))
    weighting = FixedWeights(tasks=[MAIN, *AUXILIARY])
    assert weighting(losses, is_known).item() == pytest.approx(1.0 + 0.5 * 4.0)


def settled(loss: float, *, main_loss: float = 0.4, steps: int = 3000) -> list[float]:
    """Where the logs of variance end when the losses never change."""
    weighting = UncertaintyWeights(tasks=[MAIN, *AUXILIARY[:1]])
    optimizer = torch.optim.Adam(weighting.parameters(), lr=0.01)
    losses = {"condition": torch.tensor(main_loss), "severity": torch.tensor(loss)}
    is_known = dict.fromkeys(losses, torch.tensor(True))
    for _ in range(steps):
        optimizer.zero_grad()
        weighting(losses, is_known).backward()
        optimizer.step()
    weighting(losses, is_known)
    return weighting.log_variances.tolist()


def test_a_learned_weight_settles_where_theory_says() -> None:
    main, severity = settled(0.7, main_loss=0.4)
    assert severity == pytest.approx(0.3365, abs=1e-3)  # ln(2 * 0.7)
    assert main == pytest.approx(math.log(0.8), abs=1e-3)


def test_the_main_task_never_counts_less_than_one() -> None:
    assert settled(0.7, main_loss=3.0)[0] == 0.0


@pytest.mark.parametrize(("loss", "end"), [(1e-6, -MAX_LOG_VARIANCE), (1e6, MAX_LOG_VARIANCE)])
def test_learned_weights_stay_within_bounds(loss: float, end: float) -> None:
    assert settled(loss, steps=5000)[1] == end


def test_a_weight_that_was_held_comes_back() -> None:
    weighting = UncertaintyWeights(tasks=[MAIN])
    optimizer = torch.optim.SGD(weighting.parameters(), lr=0.1)
    for loss in [3.0] * 50 + [0.1] * 50:
        optimizer.zero_grad()
        weighting({"condition": torch.tensor(loss)}, {"condition": torch.tensor(True)}).backward()
        optimizer.step()
    assert weighting.log_variances.item() < -0.5


def test_learned_weights_do_not_decay(compose_config) -> None:
    config = compose_config(["clinical=multitask", "objective=multitask_uncertainty"])
    objective = build(config.objective, tasks=TASKS, class_counts=COUNTS)
    learned = nn.ModuleList([nn.Linear(2, 2), objective])
    optimizer, _ = build(config.optimizer, network=learned, total_steps=5)
    (group,) = [
        group
        for group in optimizer.param_groups
        if any(each is objective.weighting.log_variances for each in group["params"])
    ]
    assert group["weight_decay"] == 0


def test_further_heads_leave_all_other_weights_as_they_are(compose_config) -> None:
    config = compose_config(["model=baseline_micro"])
    networks = []
    for tasks in ([MAIN], TASKS):
        torch.manual_seed(3)
        networks.append(build_network(config, vocabulary_size=50, tasks=tasks))
    alone, together = (network.state_dict() for network in networks)
    assert set(together) - set(alone) == {
        f"heads.by_task.{task.name}.{each}" for task in AUXILIARY for each in ("weight", "bias")
    }
    assert all(torch.equal(together[name], values) for name, values in alone.items())


def test_nothing_to_learn_beside_the_main_task_is_refused(compose_config) -> None:
    config = compose_config(["clinical=multitask"])
    with pytest.raises(InputError, match=r"data\.auxiliary_tasks.*\+tasks="):
        build(config.objective, tasks=[MAIN], class_counts=COUNTS)


def test_tasks_that_the_objective_would_not_learn_are_refused(compose_config) -> None:
    with pytest.raises(InputError, match=r"severity, urgency, emotions.*clinical=multitask"):
        build(compose_config([]).objective, tasks=TASKS, class_counts=COUNTS)


def test_a_task_called_as_the_network_itself_is_refused(compose_config) -> None:
    taken = Task("values", Regression(0.0, 1.0), weight=1.0)
    with pytest.raises(InputError, match="cannot be called values"):
        build_network(
            compose_config(["model=baseline_micro"]), vocabulary_size=9, tasks=[MAIN, taken]
        )
