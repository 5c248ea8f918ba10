import pytest
import torch

from mental_health_classifier.contracts import InputError
from mental_health_classifier.models.kernels.dropout import Dropout


def test_each_number_is_left_out_with_just_the_share_asked_for_and_the_mean_stays() -> None:
    torch.manual_seed(0)
    dropout = Dropout(0.1)  # 25.6 of 256 levels
    dropped = torch.stack([dropout(torch.ones(4000)) for _ in range(250)])
    shares = (dropped == 0).double().mean(1)
    assert shares.mean().item() == pytest.approx(0.1, abs=0.001)  # standard error .0003
    assert shares.std().item() < 0.007  # of 4000 independent numbers alone .0047
    assert dropped.double().mean().item() == pytest.approx(1, abs=0.001)
    assert dropped.unique().tolist() == pytest.approx([0, 1 / 0.9])


@pytest.mark.parametrize("share", [1e-4, 0.999 * 255 / 256])
def test_rare_losses_and_rare_survivors(share: float) -> None:
    torch.manual_seed(0)
    dropped = torch.stack([Dropout(share)(torch.ones(100)) for _ in range(20_000)]) == 0
    # One level in 256 either way, so whole calls fall on either side: standard error below .0003.
    assert dropped.double().mean().item() == pytest.approx(share, abs=0.001)


@pytest.mark.parametrize("share", [-0.1, 1.0, 0.997, float("nan")])
def test_a_share_that_is_none_is_refused(share: float) -> None:
    with pytest.raises(InputError, match=r"less than 1, not .*Set model.dropout"):
        Dropout(share)


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


def test_adding_to_a_residual_drops_the_same_as_alone_and_so_do_gradients() -> None:
    dropout = Dropout(0.3)
    results = []
    for add in (dropout.add, lambda residual, values: residual + dropout(values)):
        torch.manual_seed(1)
        residual, values = (torch.randn(7, 5, requires_grad=True) for _ in range(2))
        total = add(residual, values)
        results.append((total, *torch.autograd.grad(total.pow(3).sum(), [residual, values])))
    torch.testing.assert_close(*results)


def test_nothing_is_left_out_while_evaluating_or_at_share_zero() -> None:
    values = torch.randn(3, 2)
    assert Dropout(0.3).eval()(values) is values
    assert Dropout(0.0)(values) is values
