import pytest
import torch

from mental_health_classifier.models.kernels import linear


@pytest.fixture(params=["as chosen for this processor", "oneDNN for everything"])
def products(request, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param.startswith("oneDNN"):
        if not torch.backends.mkldnn.is_available():
            pytest.skip("this torch has no oneDNN")
        monkeypatch.setattr(linear, "_MIN_MULTIPLICATIONS", 0)
        monkeypatch.setattr(linear, "prefers_onednn", lambda: True)


@pytest.mark.usefixtures("products")
@pytest.mark.parametrize(("inputs", "outputs"), [(5, 7), (7, 5)])
def test_a_linear_layer_is_that_of_torch(inputs: int, outputs: int) -> None:
    torch.manual_seed(0)
    ours = linear.Linear(inputs, outputs)
    theirs = torch.nn.Linear(inputs, outputs)
    theirs.load_state_dict(ours.state_dict())
    values = torch.randn(11, inputs)
    results = []
    for layer in (ours, theirs):
        hidden = values.clone().requires_grad_()
        answer = layer(hidden)
        answer.square().sum().backward()
        results.append([answer, hidden.grad, layer.weight.grad, layer.bias.grad])
    torch.testing.assert_close(*results)


@pytest.mark.usefixtures("products")
def test_weights_that_learn_no_more_get_no_gradient_and_inputs_the_same() -> None:
    torch.manual_seed(0)
    layer, values = linear.Linear(5, 7), torch.randn(11, 5)
    found = []
    for learns in (True, False):
        layer.zero_grad()
        hidden = values.clone().requires_grad_()
        layer.requires_grad_(learns)(hidden).square().sum().backward()
        found.append(hidden.grad)
    assert layer.weight.grad is None and layer.bias.grad is None
    torch.testing.assert_close(*found)
