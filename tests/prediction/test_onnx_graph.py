"""Whatever the network, its graph says of a post what the network says of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from tiny_encoders import VOCABULARY, write_encoder

from mental_health_classifier.configuration.build import build_network
from mental_health_classifier.configuration.pretrained import with_encoder
from mental_health_classifier.contracts import InputError, Task
from mental_health_classifier.prediction.onnx_graph import (
    PostsOfEqualLength,
    onnx_graph,
    quantised,
)

TASK = Task.categorical("condition", ("control", "suicide", "anxiety"), "suicide")
TINY = [
    "model=baseline_micro",
    *("model.num_layers=2", "model.width=32", "model.feedforward_width=64", "model.max_tokens=16"),
]


def network_of(compose_config, *overrides: str) -> torch.nn.Module:
    config = with_encoder(compose_config(overrides))
    torch.manual_seed(0)
    network = build_network(config, vocabulary_size=VOCABULARY, tasks=[TASK], annotators={}).eval()
    for parameter in network.parameters():
        # Far from how networks begin, so that a part that is left out shows.
        torch.nn.init.normal_(parameter, std=0.3)
    return network


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["network", "bert"])
def test_the_graph_says_what_the_network_says(compose_config, tmp_path: Path, kind: str) -> None:
    import onnxruntime

    overrides = TINY
    if kind != "network":
        folder = write_encoder(tmp_path / kind, kind)
        overrides = ["model=pretrained", f"model.encoder={folder}", "model.max_tokens=16"]
    network = network_of(compose_config, *overrides)
    graph = onnx_graph(network, task_name=TASK.name, max_tokens=16)
    assert b"location" not in graph and str(Path(__file__).parents[2]).encode() not in graph
    session = onnxruntime.InferenceSession(graph)
    module = PostsOfEqualLength(network, task_name=TASK.name).eval()
    small = onnxruntime.InferenceSession(quantised(graph))
    random = torch.Generator().manual_seed(1)
    for shape in ((1, 1), (1, 7), (5, 16)):
        ids = torch.randint(5, VOCABULARY, shape, generator=random)
        with torch.inference_mode():
            expected = module(ids).numpy()
        (found,) = session.run(None, {"token_ids": ids.numpy()})
        assert found.shape == (shape[0], 3)
        np.testing.assert_allclose(found, expected, atol=2e-5)
        (rough,) = small.run(None, {"token_ids": ids.numpy()})
        assert 0 < np.abs(rough - expected).max() < 0.5


def test_a_part_without_a_form_in_onnx_is_told_in_one_sentence(monkeypatch, compose_config) -> None:
    def fail(*_: object, **__: object) -> None:
        raise torch.onnx.OnnxExporterError("a page\nof reasons")

    monkeypatch.setattr(torch.onnx, "export", fail)
    with pytest.raises(InputError, match=r"no form in ONNX \(OnnxExporterError\)") as error:
        onnx_graph(network_of(compose_config, *TINY), task_name=TASK.name, max_tokens=16)
    assert "\n" not in str(error.value)


def test_a_graph_that_says_something_else_is_refused(monkeypatch, compose_config) -> None:
    import onnx

    graph = onnx.parser.parse_model(
        """<ir_version: 8, opset_import: ["" : 18]>
        posts (int64[posts, length] token_ids) => (float[posts, length] probabilities)
        { probabilities = Cast <to = 1> (token_ids) }"""
    )

    class Program:
        model_proto = graph

    monkeypatch.setattr(torch.onnx, "export", lambda *_, **__: Program)
    with pytest.raises(InputError, match="has no form in ONNX"):
        onnx_graph(network_of(compose_config, *TINY), task_name=TASK.name, max_tokens=16)
