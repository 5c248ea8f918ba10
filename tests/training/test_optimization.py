import pytest
import torch
from torch import nn

from mental_health_classifier.training.optimization import adamw_in_stages, adamw_with_cosine


def make(network: nn.Module, total_steps: int = 100):
    return adamw_with_cosine(
        network,
        total_steps=total_steps,
        learning_rate=1.0,
        weight_decay=0.5,
        betas=[0.9, 0.98],
        warmup_fraction=0.1,
    )


def test_the_rate_rises_to_its_peak_and_falls_along_a_cosine_to_zero() -> None:
    optimizer, schedule = make(nn.Linear(2, 2))
    rates = []
    for _ in range(100):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedule.step()
    assert rates[:3] == pytest.approx([0.1, 0.2, 0.3])
    assert max(rates) == rates[9] == pytest.approx(1.0)
    assert rates[55] == pytest.approx(0.5)  # half way down: (55 - 10) / 90
    assert rates[-1] < 0.001 and rates[10:] == sorted(rates[10:], reverse=True)


def test_only_weight_matrices_decay() -> None:
    network = nn.Sequential(nn.Embedding(3, 4), nn.LayerNorm(4), nn.Linear(4, 2))
    optimizer, _ = make(network)
    for parameter in network.parameters():
        parameter.grad = torch.zeros_like(parameter)
    before = {name: p.detach().clone() for name, p in network.named_parameters()}
    optimizer.step()
    changed = [name for name, p in network.named_parameters() if not torch.equal(p, before[name])]
    assert changed == ["2.weight"]


def test_each_stage_has_a_warm_up_a_peak_and_a_cosine_of_its_own() -> None:
    stages = {
        "easy": {"epochs": 1, "learning_rate_factor": 1.0},
        "hard": {"epochs": 3, "learning_rate_factor": 0.5},
    }
    optimizer, schedule = adamw_in_stages(
        nn.Linear(2, 2),
        total_steps=80,
        learning_rate=2.0,
        weight_decay=0.0,
        betas=[0.9, 0.98],
        warmup_fraction=0.1,
        stages=stages,
    )
    rates = []
    for _ in range(80):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedule.step()
    assert rates[:2] == pytest.approx([1.0, 2.0])  # two of 20 steps to the peak of 2.0
    assert max(rates[:20]) == rates[1] and rates[19] < 0.02
    assert rates[20:26] == pytest.approx([n / 6 for n in range(1, 7)])  # six of 60, to 1.0
    assert max(rates[20:]) == rates[25] and rates[-1] < 0.002
    assert rates[53] == pytest.approx(0.5)  # half way down: (53 - 20 - 6) / 54
