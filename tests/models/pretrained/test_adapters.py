"""Low-rank adapters, against what they are by definition."""

from __future__ import annotations

import pytest
import torch
from test_pretrained_network import FAMILIES, make_network, make_posts, word_width_of
from tiny_encoders import write_encoder
from torch import nn

from mental_health_classifier.models.pretrained.adapters import LowRankAdapters

LORA = LowRankAdapters(rank=3, alpha=6, dropout=0.0)


def adapted(family: str = "bert", **changes):
    return make_network(family, word_width=word_width_of(family), adapters=LORA, **changes).eval()


def perturb(network: nn.Module) -> None:
    """As if the adapters had learned something."""
    torch.manual_seed(2)
    for name, each in network.named_parameters():
        if ".lora_B." in name:
            nn.init.normal_(each, std=0.2)


@pytest.mark.parametrize("family", FAMILIES)
def test_an_encoder_with_adapters_begins_as_it_is_and_they_alone_learn(family, tmp_path) -> None:
    write_encoder(tmp_path / family, family)
    plain = make_network(family, word_width=word_width_of(family)).eval()
    network = adapted(family)
    for each in (plain, network):
        each.take_over(tmp_path / family)
    network.heads.load_state_dict(plain.heads.state_dict())
    posts = make_posts()
    with torch.no_grad():
        ours, theirs = (each(posts).logits["condition"] for each in (network, plain))
    torch.testing.assert_close(ours, theirs, atol=1e-5, rtol=1e-5)
    learning = [name for name, each in network.named_parameters() if each.requires_grad]
    assert learning and all(".lora_" in name or name.startswith("heads.") for name in learning)
    network(posts).logits["condition"].sum().backward()
    assert any(each.grad is not None for n, each in network.named_parameters() if ".lora_B." in n)


def test_a_layer_is_its_matrix_and_the_scaled_product_beside_it(tmp_path) -> None:
    network = adapted()
    perturb(network)
    layer = network.encoder.body.encoder.layer[0].attention.self.query
    (a,), (b,) = ([each.weight for each in part.values()] for part in (layer.lora_A, layer.lora_B))
    values = torch.randn(7, 16)
    expected = values @ (layer.base_layer.weight + 2.0 * b @ a).T + layer.base_layer.bias
    torch.testing.assert_close(layer(values), expected, atol=1e-6, rtol=1e-5)


def test_merged_it_says_the_same() -> None:
    network, posts = adapted(), make_posts()
    perturb(network)
    with torch.no_grad():
        before = network(posts).logits["condition"]
        for _ in range(2):
            network.merge_adapters()
            after = network(posts).logits["condition"]
            torch.testing.assert_close(after, before, atol=1e-5, rtol=1e-5)


def test_what_is_stored_is_what_was_learned_and_the_rest_comes_from_the_encoder(tmp_path) -> None:
    write_encoder(tmp_path / "bert", "bert")
    first, second = (nn.ModuleDict({"network": adapted()}) for _ in range(2))
    network = first["network"]
    network.take_over(tmp_path / "bert")
    perturb(network)
    stored = first.state_dict()
    assert all(".lora_" in name or ".heads." in name for name in stored)
    again = second["network"]
    again.take_over(tmp_path / "bert")
    second.load_state_dict(stored)
    posts = make_posts()
    with torch.no_grad():
        for one, other in zip(
            network(posts).logits.values(), again(posts).logits.values(), strict=True
        ):
            assert torch.equal(one, other)
    del stored[next(name for name in stored if ".lora_A." in name)]
    with pytest.raises(RuntimeError, match="lora_A"):
        second.load_state_dict(stored)
