"""A network as an ONNX graph: token ids of posts of equal length in, class probabilities out.

Posts of equal length need no padding and no mask, here as in training, so that the graph says of a
post what the network says of it.
"""

from __future__ import annotations

import logging
import math
import tempfile
import warnings
from importlib.util import find_spec
from pathlib import Path

import torch
from torch import Tensor, nn

from mental_health_classifier.contracts import Batch, InputError, LengthGroup
from mental_health_classifier.prediction.exported_model import INPUT, missing_extra

OPSET = 18
"""Version of the operators that a graph is written in; onnxruntime reads it since 1.14."""

_POSTS, _TOKENS = 2, 3
"""Of the batch that is followed through the network; any other numbers do as well afterwards."""
_LOW_IDS = 40
"""Every vocabulary has so many tokens."""
_TOLERANCE = 1e-3


class PostsOfEqualLength(nn.Module):
    """What a network says of one task for posts of equal length."""

    def __init__(self, network: nn.Module, *, task_name: str) -> None:
        super().__init__()
        self.network = network
        self.task_name = task_name

    def forward(self, token_ids: Tensor) -> Tensor:
        """(posts, length) -> probabilities (posts, C)"""
        posts, length = token_ids.shape
        batch = Batch(
            token_ids=token_ids.flatten(),
            offsets=torch.arange(posts + 1) * length,
            positions=torch.arange(length).repeat(posts),
            labels={},
            post_indices=torch.arange(posts),
            length_groups=[LengthGroup(0, posts, length)],
        )
        return self.network(batch).logits[self.task_name].softmax(-1)


def onnx_graph(network: nn.Module, *, task_name: str, max_tokens: int) -> bytes:
    """The network as an ONNX model in one piece, its weights within.

    Raises:
        InputError: the extra is not installed, or a part of the network has no form in ONNX.
    """
    if not all(map(find_spec, ("onnx", "onnxruntime", "onnxscript"))):
        raise missing_extra()
    network.read_equal_lengths()  # pyright: ignore[reportCallIssue]
    module = PostsOfEqualLength(network.eval(), task_name=task_name).eval()
    sizes = {
        0: torch.export.Dim("posts", min=1, max=2**16),
        1: torch.export.Dim("length", min=1, max=max_tokens),
    }
    loggers = [logging.getLogger(name) for name in ("torch.onnx", "onnxscript", "onnx_ir")]
    levels = [each.level for each in loggers]
    try:
        for each in loggers:
            each.setLevel(logging.ERROR)  # torchvision and the like, which nobody asked for
        with torch.inference_mode(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            program = torch.onnx.export(
                module,
                (torch.zeros(_POSTS, min(_TOKENS, max_tokens), dtype=torch.int64),),
                dynamo=True,
                verbose=False,
                input_names=[INPUT],
                output_names=["probabilities"],
                dynamic_shapes=(sizes,),
                opset_version=OPSET,
            )
    except Exception as error:  # torch tells it in a page of its own for each part
        raise _no_form(type(error).__name__) from None
    finally:
        for each, level in zip(loggers, levels, strict=True):
            each.setLevel(level)
    assert program is not None
    model = program.model_proto
    for node in model.graph.node:
        # Where in whose source it came from: of no use to others, and none of their business.
        node.ClearField("metadata_props")
        node.ClearField("doc_string")
    for each in (*model.graph.value_info, *model.graph.input, *model.graph.output):
        each.ClearField("metadata_props")
        each.ClearField("doc_string")
    model.graph.ClearField("metadata_props")
    model.ClearField("metadata_props")
    graph = model.SerializeToString()
    _refuse_other_answers(graph, module, max_tokens=max_tokens)
    return graph


def _refuse_other_answers(graph: bytes, module: nn.Module, *, max_tokens: int) -> None:
    """Raises InputError where a graph does not say what the network says, for posts of other
    numbers and lengths than those it was made with: some parts are followed for those alone."""
    import onnxruntime

    try:
        session = onnxruntime.InferenceSession(graph, providers=["CPUExecutionProvider"])
        for shape in ((1, 1), (_POSTS + 1, min(5, max_tokens)), (1, max_tokens)):
            ids = (torch.arange(math.prod(shape)) % _LOW_IDS).view(shape)
            with torch.inference_mode():
                expected = module(ids)
            (found,) = session.run(None, {INPUT: ids.numpy()})
            if not torch.allclose(torch.from_numpy(found), expected, atol=_TOLERANCE):
                raise _no_form("other answers")
    except InputError:
        raise
    except Exception as error:  # onnxruntime has a kind for each reason, without a common parent
        raise _no_form(type(error).__name__) from None


def _no_form(reason: str) -> InputError:
    return InputError(
        f"This network has no form in ONNX ({reason}): one of its parts, such as sparse attention, "
        "does what a graph cannot. mhc predict runs it as it is."
    )


def quantised(graph: bytes) -> bytes:
    """The same graph with matrices of 8 bits, a scale for each column, and activations quantised as
    they come.

    Seven of the eight bits are used, so that no processor overflows and all say the same.

    Raises:
        InputError: the extra is not installed.
    """
    try:
        from onnxruntime.quantization import QuantType, quantize_dynamic
        from onnxruntime.quantization.shape_inference import quant_pre_process
    except ImportError:
        raise missing_extra() from None
    with tempfile.TemporaryDirectory() as folder:
        plain, prepared, small = (Path(folder, name) for name in ("a.onnx", "b.onnx", "c.onnx"))
        plain.write_bytes(graph)
        quant_pre_process(plain, prepared, skip_symbolic_shape=True)
        quantize_dynamic(
            prepared,
            small,
            op_types_to_quantize=["MatMul", "Gemm"],
            per_channel=True,
            reduce_range=True,
            weight_type=QuantType.QInt8,
        )
        return small.read_bytes()
