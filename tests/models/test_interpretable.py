import torch
from test_contract import TASK, TINY, VOCABULARY

from mental_health_classifier.configuration.build import build_network


def test_the_variant_keeps_every_weight_that_the_network_has_without_it(compose_config) -> None:
    weights = {}
    for variant in ("standard", "interpretable"):
        config = compose_config([*TINY, f"clinical={variant}"])
        torch.manual_seed(0)
        network = build_network(config, vocabulary_size=VOCABULARY, tasks=[TASK])
        weights[variant] = network.state_dict()
    added = weights["interpretable"].keys() - weights["standard"].keys()
    assert {name.split(".")[0] for name in added} == {"pooling"}
    for name, tensor in weights["standard"].items():
        assert torch.equal(weights["interpretable"][name], tensor), name
