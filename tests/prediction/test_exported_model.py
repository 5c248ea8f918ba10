"""An ONNX model from anywhere is data: what is not one of ours is refused in one sentence."""

from __future__ import annotations

import builtins
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper
from tiny_encoders import make_tokenizer

from mental_health_classifier.contracts import InputError, Task
from mental_health_classifier.prediction.exported_model import exported_model

TASK = Task.categorical("condition", ("control", "suicide"), "suicide")
CONFIGURATION = {
    "exported": {"from": "abc", "is_int8": False},
    "model": {"max_tokens": 4},
    "data": {"truncate": "head"},
    "num_threads": 1,
}
WORDS = make_tokenizer().to_str().encode()


def length_as_probability(*, opset: int = 18, name: str = "token_ids") -> onnx.ModelProto:
    """A model that gives a post of n tokens the probabilities 1/n and 1 - 1/n."""
    nodes = [
        helper.make_node("Equal", [name, name], ["is_token"]),
        helper.make_node("Cast", ["is_token"], ["ones"], to=TensorProto.FLOAT),
        helper.make_node("ReduceSum", ["ones", "axes"], ["n"], keepdims=1),
        helper.make_node("Reciprocal", ["n"], ["first"]),
        helper.make_node("Sub", ["one", "first"], ["second"]),
        helper.make_node("Concat", ["first", "second"], ["probabilities"], axis=1),
    ]
    graph = helper.make_graph(
        nodes,
        "posts",
        [helper.make_tensor_value_info(name, TensorProto.INT64, ["posts", "length"])],
        [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["posts", 2])],
        [
            helper.make_tensor("axes", TensorProto.INT64, [1], [1]),
            helper.make_tensor("one", TensorProto.FLOAT, [1], [1.0]),
        ],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=9)


def load(graph: bytes, **changes: object):
    return exported_model(graph, WORDS, {**CONFIGURATION, **changes}, task=TASK, folder=Path("run"))


@pytest.mark.parametrize("is_int8", [False, True])
def test_posts_of_any_length_come_back_in_their_order(is_int8: bool) -> None:
    predict = load(
        length_as_probability().SerializeToString(), exported={"is_int8": is_int8, "from": "abc"}
    )
    # Two special tokens stand around the words of a post, and the third word is cut off.
    found = predict(["i feel", "sad", "help me sleep now", "alone"])
    np.testing.assert_allclose(found[:, 0], [1 / 4, 1 / 3, 1 / 4, 1 / 3], atol=1e-6)
    np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-12)


def test_what_is_no_model_or_of_another_time_is_refused() -> None:
    for graph in (b"", b"no model", length_as_probability(opset=9999).SerializeToString()):
        with pytest.raises(InputError, match="cannot be run by onnxruntime") as error:
            load(graph)
        assert "\n" not in str(error.value) and "run/checkpoints/model.onnx" in str(error.value)
    strange = helper.make_node("Shell", ["token_ids"], ["probabilities"], domain="evil")
    model = length_as_probability()
    model.graph.node.append(strange)
    with pytest.raises(InputError, match="uses operators that this version does not know"):
        load(model.SerializeToString())
    with pytest.raises(InputError, match="is no model of posts"):
        load(length_as_probability(name="image").SerializeToString())


def test_no_other_file_is_read_for_a_model(tmp_path: Path) -> None:
    model = length_as_probability()
    weights = model.graph.initializer[1]
    weights.ClearField("float_data")
    weights.data_location = TensorProto.EXTERNAL
    weights.external_data.add(key="location", value="../../etc/passwd")
    with pytest.raises(InputError, match="in other files, which are not followed"):
        load(model.SerializeToString())


def test_a_record_that_does_not_say_how_posts_are_read_is_refused() -> None:
    with pytest.raises(InputError, match="does not say how posts are read"):
        load(length_as_probability().SerializeToString(), data={})


def test_a_missing_extra_is_one_sentence(monkeypatch) -> None:
    real = builtins.__import__

    def without(name: str, *arguments: object, **keywords: object):
        if name.partition(".")[0] == "onnxruntime":
            raise ImportError(name)
        return real(name, *arguments, **keywords)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(InputError, match=r"pip install 'mental-health-classifier\[onnx\]'"):
        load(b"")
