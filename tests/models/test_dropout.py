import pytest
import torch

from mental_health_classifier.models.dropout import Dropout


def test_the_share_left_out_is_the_one_asked_for_and_the_mean_stays() -> None:
    torch.manual_seed(0)
    dropped = Dropout(0.1)(torch.ones(1000, 1000))
    share = (dropped == 0).double().mean().item()
    assert share == pytest.approx(0.1, abs=0.001)  # standard error .0003
    assert dropped.double().mean().item() == pytest.approx(1, abs=0.001)
    assert dropped.unique().tolist() == pytest.approx([0, 1 / 0.9], abs=1e-4)


def test_rows_and_columns_are_left_out_independently() -> None:
    torch.manual_seed(0)
    is_dropped = (Dropout(0.5)(torch.ones(4096, 64)) == 0).double()
    correlations = torch.corrcoef(is_dropped.T) - torch.eye(64)
    assert correlations.abs().max() < 0.08  # five standard errors of 1 / sqrt(4096)
    halves = is_dropped.flatten()[1:] * is_dropped.flatten()[:-1]
    assert halves.mean().item() == pytest.approx(0.25, abs=0.005)


def test_it_is_a_function_of_the_seed_of_torch() -> None:
    drawn = []
    for seed in (1, 1, 2):
        torch.manual_seed(seed)
        drawn.append(Dropout(0.3)(torch.ones(7, 5)))
    assert torch.equal(drawn[0], drawn[1]) and not torch.equal(drawn[0], drawn[2])
    assert not torch.equal(Dropout(0.3)(torch.ones(7, 5)), Dropout(0.3)(torch.ones(7, 5)))


def test_adding_to_a_residual_drops_the_same_as_alone() -> None:
    values, residual = torch.randn(7, 5), torch.randn(7, 5)
    dropout = Dropout(0.3)
    torch.manual_seed(1)
    together = dropout.add(residual, values)
    torch.manual_seed(1)
    torch.testing.assert_close(together, residual + dropout(values))


def test_nothing_is_left_out_while_evaluating_or_at_share_zero() -> None:
    values = torch.randn(3, 2)
    assert Dropout(0.3).eval()(values) is values
    assert Dropout(0.0)(values) is values
