import pytest
import torch
from torch import nn

from mental_health_classifier.training.optimization import adamw_with_cosine


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
